"""Which texts a session puts on the screen, and the words that each of them may name."""

from study.config.study import StudyConfig
from study.vocabulary import Phase

_ALWAYS = (
    "break", "call_experimenter", "finished", "leave", "leave_unsaved", "pause", "reminder",
    "technical_failure", "warning",
)  # fmt: skip
_COUNTS = frozenset({"n_done", "n_total"})
# What only one text knows; all of them know the counts and the study's own words.
_WORDS = {
    "call_experimenter": frozenset({"problem"}),
    "feedback": frozenset({"expert_rating", "rating", "reasoning"}),
    "headphones_listen": frozenset({"number", "n_sounds"}),
    "headphones_which_antiphase": frozenset({"trial", "n_trials"}),
    "headphones_which_huggins": frozenset({"trial", "n_trials"}),
    "level": frozenset({"scale"}),
}
ON_PAPER = ("consent", "script", "sheet")
PLAIN = ("moment",)  # stands before anything is known that a word could be filled with


def of_session(config: StudyConfig, phase: Phase) -> tuple[str, ...]:
    """Return the texts that a session of a phase may show.

    Examples
    --------
    >>> "feedback" in of_session(StudyConfig(), Phase.TRAINING)
    True
    """
    feedback = ("feedback",) if phase is Phase.TRAINING else ()
    return (*_ALWAYS, welcome(phase), *feedback, *_level(config))


def of_headphone_check(config: StudyConfig) -> tuple[str, ...]:
    """Return the texts that the study's headphone check may show; none where it has no check."""
    stimulus = config.headphones.check
    if stimulus == "off":
        return ()
    variants = (stimulus, f"which_{stimulus}", "listen", "passed", "failed")
    return (*_ALWAYS, *(f"headphones_{variant}" for variant in variants), *_level(config))


def of_study(config: StudyConfig) -> tuple[str, ...]:
    """Return the texts that any session or headphone check of a study may show, sorted."""
    sessions = {name for phase in Phase for name in of_session(config, phase)}
    return tuple(sorted(sessions | set(of_headphone_check(config))))


def welcome(phase: Phase) -> str:
    """Return the name of the first text of a session."""
    return "welcome" if phase is Phase.ANNOTATION else f"welcome_{phase}"


def words_of(name: str) -> frozenset[str]:
    """Return the words that a text knows beside those that every text knows."""
    return frozenset() if name in ON_PAPER else _COUNTS | _WORDS.get(name, frozenset())


def _level(config: StudyConfig) -> tuple[str, ...]:
    return ("level",) if config.headphones.set_level else ()
