"""Words of a language that texts name: keys, questions about people, and cells of tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from study.config.keys import Keys
from study.errors import ConfigError
from study.reading.text import read_toml

FILE_NAME = "words.toml"
_TABLES = ("keys", "demographics", "statement")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language.

    Parameters
    ----------
    keys : mapping of str to str
        What a key is called there, by its English name; others are called the same.
    demographics : mapping of str to str
        What is stored of a person, by the question's name in `study.toml`; a question of the
        study's own that is not here stands as it is.
    statement : mapping of str to str
        What stands in the tables of a statement of pay: phases, states and days.
    """

    keys: Mapping[str, str] = field(default_factory=dict)
    demographics: Mapping[str, str] = field(default_factory=dict)
    statement: Mapping[str, str] = field(default_factory=dict)

    def named(self, keys: Keys) -> dict[str, str]:
        """Return ``key_<action>`` and what the key is called."""
        return {name: self.keys.get(key, key) for name, key in keys.named().items()}

    def listed(self, questions: Iterable[str]) -> str:
        """Return what is stored of a person, with commas between."""
        return ", ".join(self.demographics.get(question, question) for question in questions)


def read_words(folders: Iterable[Path]) -> Words:
    """Return the words of folders with texts.

    Parameters
    ----------
    folders : iterable of Path
        Folders that may have a `words.toml`; of a word that stands in several, the first counts.

    Returns
    -------
    Words
        Empty where no folder has such a file.

    Raises
    ------
    ConfigError
        If a file is not TOML, or says something else.
    """
    words: dict[str, dict[str, str]] = {table: {} for table in _TABLES}
    for path in (folder / FILE_NAME for folder in folders):
        if path.exists():
            found = _read(path)
            words = {table: found.get(table, {}) | words[table] for table in _TABLES}
    return Words(**words)


def _read(path: Path) -> dict[str, dict[str, str]]:
    content = read_toml(path)
    for table, entries in content.items():
        if table not in _TABLES or not isinstance(entries, dict):
            raise ConfigError(
                f"{path} has {table!r}; it may have the tables [keys], [demographics] and "
                "[statement]. Correct it"
            )
        for name, word in entries.items():
            if not isinstance(word, str) or not word.strip() or not word.isprintable():
                raise ConfigError(
                    f"{path}: {name} in [{table}] is {word!r}, expected a word. Correct it"
                )
    return content
