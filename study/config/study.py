"""A study on disk: its folder, `study.toml`, and where its store and clips are."""

import os
import re
import reprlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from study.config.desk import DeskFiles
from study.config.evidence import EvidenceRules
from study.config.headphones import Headphones
from study.config.keys import Keys
from study.config.money import CURRENCIES, Money
from study.config.protocol import Protocol
from study.config.recognition import Recognition
from study.config.release import Release
from study.config.screen import Screen
from study.errors import ConfigError
from study.reading.clip_files import clip_file
from study.reading.text import LARGEST_SETTINGS, parsed, read_text
from study.store.addresses import absolute_url
from study.tools.wording import without_password

CONFIG_NAME = "study.toml"
STUDY_VARIABLE = "AVMIT_STUDY"
_LARGEST_NUMBER = 2**31 - 1  # what an integer of every database holds
_SHOWN = 80  # characters of a wrong value
_QUESTION = re.compile(r"[a-z][a-z0-9_]{0,30}")
_PERSONAL = re.compile(r"name|mail|phone|address|birth|passport|insurance")


class StudyConfig(BaseModel):
    """What `study.toml` says; everything that it does not say is the paper's.

    Parameters
    ----------
    title : str
        The study's name, as participants read it; one line.
    mit_root : str
        Folder with ``training/<class>/<clip>.mp4`` and ``validation/...``, absolute or seen
        from the study folder.
    store : str
        URL of the store; a SQLite path without a leading slash is seen from the study folder, and
        what stands after ``sqlite:///`` is the file's name, with ``?`` and ``#`` (``%20`` is a
        space, unless a file with ``%20`` in its name is there); several machines:
        ``postgresql+psycopg://user@host/name``.
    classes : str or None
        A `classes.csv` of the study's own, seen from the study folder; None for the shipped one.
    seed : int
        Every random choice of the study follows from it.
    rehearsal : bool
        Whether simulated ratings and ungraded rigs may leave the store; stamped on every output.
        Cannot be changed later.
    language : str
        Of screens, sheets, script, consent form and statements of pay: a folder of
        `instructions/texts`.
    currency : str
        In which people are paid, by its code of ISO 4217, such as ``"EUR"``, ``"JPY"`` or
        ``"KWD"``; keys that end in ``_pence`` are in its smallest unit. Cannot be changed after the
        first payment.
    texts : str or None
        A folder of the study's own texts, seen from the study folder; each replaces the shipped
        one of its name.
    demographics : tuple of str
        What participants are asked of themselves; kept apart from their ratings. Further words
        are questions of the study's own, such as ``"handedness"``.
    placeholders : dict of str to str
        The study's own words for the texts, such as the contact or the ethics approval number.
    protocol : Protocol
        What is rated, by whom and how often.
    screen : Screen
        Colours and sizes of the task.
    keys : Keys
        The keys of the task.
    headphones : Headphones
        Level and check of the headphones.
    desk : DeskFiles
        Which group of accounts shares the study.
    evidence : EvidenceRules
        What becomes of ratings whose evidence speaks against them.
    recognition : Recognition
        The recognition experiment, if the study has one.
    release : Release
        What a release says of itself: authors, licence, day of publication.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    title: str = "Audiovisual Moments in Time"
    mit_root: str = "mit"
    store: str = "sqlite:///store.sqlite"
    classes: str | None = None
    seed: int = Field(1, ge=0, le=_LARGEST_NUMBER)
    rehearsal: bool = False
    language: str = "en"
    currency: str = "GBP"
    texts: str | None = None
    demographics: tuple[str, ...] = Field(
        ("age", "sex", "hearing_normal", "vision_normal"), strict=False
    )
    placeholders: dict[str, str] = Field(default_factory=dict)
    protocol: Protocol = Protocol()
    screen: Screen = Screen()
    keys: Keys = Keys()
    headphones: Headphones = Headphones()
    desk: DeskFiles = DeskFiles()
    evidence: EvidenceRules = EvidenceRules()
    recognition: Recognition = Recognition()
    release: Release = Release()

    @model_validator(mode="after")
    def _answers_do_nothing_else(self) -> Self:
        chosen = {self.keys.pause, self.keys.leave, self.keys.go_on}
        twice = sorted(chosen.intersection(self.recognition.keys) - {self.keys.leave})
        if twice:
            raise ValueError(f"recognition.keys has {twice[0]}, which does something else")
        return self

    @field_validator("title")
    @classmethod
    def _one_line(cls, title: str) -> str:
        if len(title.splitlines()) != 1:
            raise ValueError(f"{title!r} is not one line of text")
        return title

    @field_validator("currency")
    @classmethod
    def _is_in_use(cls, currency: str) -> str:
        if currency not in CURRENCIES:
            raise ValueError(f"{currency!r} is not the code of a currency (ISO 4217), such as EUR")
        return currency

    def screen_on(self, host: str) -> Screen:
        """Return the screen of a machine, whose width in cm may be its own.

        Examples
        --------
        >>> config = StudyConfig(desk=DeskFiles(screen_widths_cm={"cubicle-2": 59.8}))
        >>> config.screen_on("cubicle-2").width_cm, config.screen_on("cubicle-1").width_cm
        (59.8, None)
        """
        width_cm = self.desk.screen_widths_cm.get(host, self.screen.width_cm)
        return self.screen.model_copy(update={"width_cm": width_cm})

    @property
    def money(self) -> Money:
        """Amounts as the study's participants read them."""
        return Money(self.currency, self.language)

    @field_validator("demographics")
    @classmethod
    def _points_to_nobody(cls, questions: tuple[str, ...]) -> tuple[str, ...]:
        for question in questions:
            if not _QUESTION.fullmatch(question):
                raise ValueError(f"{question!r} is not a word of small letters, such as handedness")
            if _PERSONAL.search(question):
                raise ValueError(f"{question!r} would point to a person. That belongs on paper")
        return questions


def storable(config: StudyConfig) -> dict[str, Any]:
    """Return a configuration as a store keeps it: plain values, and no password."""
    return config.model_dump(mode="json") | {"store": without_password(config.store)}


@dataclass(frozen=True, slots=True)
class Study:
    """A study: its folder and its configuration."""

    folder: Path
    config: StudyConfig

    @property
    def mit_root(self) -> Path:
        """Folder with the Moments-in-Time clips."""
        return self.folder / self.config.mit_root

    @property
    def store_url(self) -> str:
        """URL of the store, with the path of a SQLite file made absolute."""
        return absolute_url(self.config.store, self.folder)

    @property
    def classes_path(self) -> Path | None:
        """The study's own list of classes, or None for the shipped one."""
        return None if self.config.classes is None else self.folder / self.config.classes

    @property
    def texts_path(self) -> Path | None:
        """The folder of the study's own texts, or None."""
        return None if self.config.texts is None else self.folder / self.config.texts

    @property
    def stimuli_path(self) -> Path | None:
        """The folder of the recognition experiment's stimuli, or None."""
        stimuli = self.config.recognition.stimuli
        return None if stimuli is None else self.folder / stimuli

    @property
    def log_folder(self) -> Path:
        """Folder of log files, beside the store."""
        return self.folder / "logs"

    def clip_path(self, video_location: str, filename: str) -> Path:
        """Return where a clip lies.

        Parameters
        ----------
        video_location : {"training", "validation"}
            The part of Moments in Time.
        filename : str
            ``<MIT class>/<clip>.mp4``.

        Returns
        -------
        Path
            As `study.reading.clip_files.clip_file` finds it; it may not be there.
        """
        return clip_file(self.mit_root, video_location, filename)


def find_study(folder: Path | None = None, store: str | None = None) -> Study:
    """Find a study and read its configuration.

    Parameters
    ----------
    folder : Path or None
        The study's folder; None for ``$AVMIT_STUDY``, else the working directory.
    store : str or None
        A store URL that overrides the one in `study.toml`.

    Raises
    ------
    ConfigError
        If there is no `study.toml`, or it says something that a study cannot have.
    """
    if folder is None:
        folder = Path(os.environ.get(STUDY_VARIABLE, "."))
    path = folder / CONFIG_NAME
    if not path.is_file():
        raise ConfigError(
            f"no {CONFIG_NAME} in {folder.resolve()}. Pass --study DIR, set {STUDY_VARIABLE}, "
            f"or make a study: python -m study init DIR"
        )
    config = read_config(path)
    if store is not None:
        config = config.model_copy(update={"store": store})
    return Study(folder, config)


def read_config(path: Path) -> StudyConfig:
    """Read and check a `study.toml`.

    Returns
    -------
    StudyConfig
        Its content, with the paper's numbers where it is silent.

    Raises
    ------
    ConfigError
        If it cannot be read, is not TOML, or has a key or a value that a study cannot have.
    """
    return parse_config(read_text(path, largest=LARGEST_SETTINGS), str(path))


def parse_config(text: str, source: str) -> StudyConfig:
    """Check the content of a `study.toml`.

    Raises
    ------
    ConfigError
        If it is not TOML, or has a key or a value that a study cannot have.
    """
    content = parsed(text, tomllib.loads, source=source, kind="TOML")
    _require_storable(content, source)
    try:
        return StudyConfig.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"{source}: {problems_of(error)}. {_advice(error)}") from error


def _advice(error: ValidationError) -> str:
    for details in error.errors():
        *section, key = details["loc"] or ("",)  # of the whole file
        if section and details["type"] == "extra_forbidden" and key in StudyConfig.model_fields:
            return f"Move {key} above the first line in brackets"  # where it was appended
    return "Correct it"


def _require_storable(content: dict[str, Any], source: str) -> None:
    # A list, because keys with dots nest deeper than functions may call one another.
    waiting: list[tuple[str, Any]] = list(content.items())
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{key}.{name}"[:80], below) for name, below in value.items()]
        elif isinstance(value, list):
            waiting += [(key, below) for below in value]
        elif isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
            raise ConfigError(
                f"{source}: {key} is {_short(value)}; whole numbers go up to {_LARGEST_NUMBER:,}, "
                "which every database holds. Correct it"
            )


def problems_of(error: ValidationError) -> str:
    """Return what is wrong with a configuration, in one line."""
    return "; ".join(_problem(details) for details in error.errors())


def _problem(details: ErrorDetails) -> str:
    key = ".".join(str(part) for part in details["loc"])
    if details["type"] == "extra_forbidden":
        return f"there is no key {key}"
    if details["type"] == "missing":
        return f"there is no {key}, which is needed"
    if details["type"] == "value_error":  # our own words
        return f"{key}: {details['ctx']['error']}"
    if details["type"] == "model_type":
        return f"{key} is {_short(details['input'])}, not a table; write [{key}] and its keys below"
    return f"{key} is {_short(details['input'])}: {details['msg'].lower()}"


def _short(value: object) -> str:
    text = reprlib.repr(value) if isinstance(value, dict | list) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
