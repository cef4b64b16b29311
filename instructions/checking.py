"""What is wrong with the texts of a study, before anybody reads them."""

from collections.abc import Iterable, Iterator, Mapping

import instructions
from instructions import fonts, screens
from study.classes import read_classes
from study.config.study import Study
from study.errors import ConfigError
from study.tools.suggesting import suggested


def findings(study: Study) -> Iterator[str]:
    """Yield what is wrong with the texts that a study may need, one sentence each.

    Yields what was found and what to do. All texts are filled in that a session may show, and the
    sheets of paper, but for those of a rehearsal, for which nobody signs.
    """
    own, language = study.texts_path, study.config.language
    if own is not None and not own.is_dir():
        yield instructions.no_folder(own)
        return
    if own is None and language not in instructions.languages():
        yield instructions.no_language(language)
        return
    files = {path.stem: path for path in instructions.own_files(own)}
    sheets = (*screens.ON_PAPER, *screens.OF_STATEMENT, *screens.of_sheet(study.config))
    on_paper = () if study.config.rehearsal else sheets
    needed = {*screens.of_study(study.config), *on_paper, *(files.keys() & instructions.names())}
    texts, faults = _read(study, needed)
    yield from faults.values()
    values = instructions.placeholders_of(study, n_classes=1)
    shown = {"the words of study.toml": " ".join(map(str, values.values()))}
    shown |= {f"text {name}.md": found for name, found in texts.items() if name not in sheets}
    yield from _of_font(study, shown)
    for name in sorted(files.keys() - instructions.names()):
        meant = suggested(name, instructions.names())
        choice = f"did you mean {meant}.md?" if meant else ", ".join(sorted(instructions.names()))
        yield f"text {files[name]} is not used. Name it after the text that it replaces: {choice}"


def unusable(study: Study) -> set[str]:
    """Return the names of the study's own texts that cannot be shown, in its own folder."""
    own = {path.stem for path in instructions.own_files(study.texts_path)}
    _, faults = _read(study, own & instructions.names() - {*screens.ON_PAPER})
    return set(faults)


def _read(study: Study, names: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return texts by name, and by name what is wrong with those that cannot be filled in."""
    values = instructions.placeholders_of(study, n_classes=1)
    texts: dict[str, str] = {}
    faults: dict[str, str] = {}
    for name in sorted(names):
        try:
            words = () if name in screens.PLAIN else values.keys() | screens.words_of(name)
            texts[name] = instructions.template(
                name, study.config.language, words, own=study.texts_path
            )
        except ConfigError as error:
            faults[name] = str(error)
    return texts, faults


def _of_font(study: Study, shown: Mapping[str, str]) -> Iterator[str]:
    """Yield what the font of the screens lacks, in texts by where they stand."""
    try:
        labels = read_classes(study.classes_path).avmit_labels
        font = fonts.find_font(study.config.screen.font)
    except ConfigError as error:
        yield str(error)
        return
    for where, found in {**shown, "the labels of the classes": " ".join(labels)}.items():
        try:
            fonts.require_characters(font, [found], where)
        except ConfigError as error:
            yield str(error)
