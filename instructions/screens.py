"""Which texts a session puts on the screen, and the words that each of them may name."""

from study.config.study import StudyConfig
from study.vocabulary import Phase

_ALWAYS = (
    "begin", "begin_experimenter", "break", "break_waiting", "call_experimenter", "counter",
    "earned", "finished", "leave", "leave_unsaved", "note_rest", "note_sessions", "pause",
    "reminder", "session_over", "technical_failure", "warning",
)  # fmt: skip
_OF_EXERCISE = {
    Phase.TRAINING: ("feedback",),
    Phase.SCREENING: ("screening_finished", "screening_not_passed", "screening_passed"),
}
_COUNTS = frozenset({"n_done", "n_total"})
_PROGRESS = frozenset({"n_session", "lasted", "progress"})
_OVER = frozenset({"n_session", "lasted", "earned"})
_BEGIN = frozenset({"participant", "begin"})
_PROBLEM = frozenset({"code", "problem"})
_ROUND = frozenset({"trial", "n_trials"})
_VERDICT = frozenset({"participant", "n_right", "n_clips", "n_needed"})
_WHICH = _ROUND | {"round"}
# What only one text knows; all of them know the counts and the study's own words.
_WORDS = {
    "begin": frozenset({"participant"}),
    "break": _PROGRESS,
    "break_waiting": _PROGRESS | {"n_seconds"},
    "call_experimenter": _PROBLEM,
    "choose": frozenset({"participant"}),
    "feedback_right": frozenset({"label"}),
    "feedback_wrong": frozenset({"label", "answer"}),
    "counter": frozenset({"bonus_total"}),
    "earned": frozenset({"bonus_session", "bonus_total"}),
    "feedback": frozenset({"expert_rating", "rating", "reasoning", "label"}),
    "finished": _OVER,
    "headphones_example_answer": frozenset({"target", "rating"}),
    "headphones_listen": frozenset({"number", "n_sounds"}),
    "headphones_round": _ROUND,
    "headphones_which_antiphase": _WHICH,
    "headphones_which_huggins": _WHICH,
    "level": frozenset({"scale"}),
    "note_rest": frozenset({"participant", "lasted", "planned"}),
    "note_sessions": frozenset({"participant", "n_sessions", "n_planned"}),
    "question_confidence": frozenset({"n_levels"}),
    "refused": _PROBLEM,
    "reminder_slip": frozenset({"key_slip"}),  # where there is no such key nobody reads it
    "sheet": frozenset({"headphones"}),
    "statement": frozenset(
        {
            "participant",
            "rates",
            "gap_min",
            "talk_min",
            "smallest",
            "time_zones",
            "sessions",
            "time",
            "pay",
            "bonus_total",
            "total",
            "receipts",
            "signature",
        }
    ),
    "statement_sign": frozenset({"amount"}),
    "screening_not_passed": _VERDICT,
    "screening_passed": _VERDICT,
    "session_over": _OVER,
    "start_annotation": _BEGIN,
    "start_ground_truth": _BEGIN,
    "start_recognition": _BEGIN,
    "start_headphone_check": _BEGIN,
    "start_screening": _BEGIN,
    "start_training": _BEGIN,
    "welcome_recognition": frozenset({"how"}),
    "who": frozenset({"typed"}),
    "who_suggested": frozenset({"typed", "participant"}),
    "who_unknown": frozenset({"typed"}),
}
ON_PAPER = ("consent", "script", "sheet")
OF_STATEMENT = ("statement", "statement_open", "statement_sign")  # of pay
PLAIN = ("any_key", "moment")  # stand where nothing is known that a word could be filled with
OF_RECEPTION = ("choose", "refused", "who", "who_suggested", "who_unknown")


def of_session(config: StudyConfig, phase: Phase) -> tuple[str, ...]:
    """Return the texts that a session of a phase may show.

    Examples
    --------
    >>> "feedback" in of_session(StudyConfig(), Phase.TRAINING)
    True
    """
    exercise = _OF_EXERCISE.get(phase, ())
    own = (welcome(phase), f"start_{phase}", *exercise, *_recognition(config, phase))
    return (*_ALWAYS, *own, *_level(config), *notices(config))


def of_headphone_check(config: StudyConfig) -> tuple[str, ...]:
    """Return the texts that the study's headphone check may show; none where it has no check."""
    stimulus = config.headphones.check
    if stimulus == "off":
        return ()
    variants = (
        stimulus, f"example_{stimulus}", "example_answer", "example_round", f"which_{stimulus}",
        "round", "listen", "passed", "failed",
    )  # fmt: skip
    own = (f"headphones_{variant}" for variant in variants)
    return (*_ALWAYS, "start_headphone_check", *own, *_level(config))


def of_reception(config: StudyConfig) -> tuple[str, ...]:
    """Return the texts that ask who is there, what comes next, and why it cannot begin."""
    return (*_ALWAYS, *OF_RECEPTION, *notices(config))


def of_study(config: StudyConfig) -> tuple[str, ...]:
    """Return the texts that any session or headphone check of a study may show, sorted."""
    sessions = {name for phase in phases(config) for name in of_session(config, phase)}
    others = {*of_headphone_check(config), *of_reception(config)}
    return tuple(sorted(sessions | others))


def phases(config: StudyConfig) -> tuple[Phase, ...]:
    """Return the phases that a study's texts are for: recognition where it has stimuli."""
    has_stimuli = config.recognition.stimuli is not None
    return tuple(phase for phase in Phase if has_stimuli or phase is not Phase.RECOGNITION)


def notices(config: StudyConfig) -> tuple[str, ...]:
    """Return what acknowledges the keys that flag something, where the study has them."""
    disturbed = ("disturbed_noted",) if config.keys.disturbed else ()
    slip = ("reminder_slip", "slip_noted", "slip_refused") if config.keys.slip else ()
    return (*disturbed, *slip)


def welcome(phase: Phase) -> str:
    """Return the name of the first text of a session."""
    return "welcome" if phase is Phase.ANNOTATION else f"welcome_{phase}"


def of_sheet(config: StudyConfig) -> tuple[str, ...]:
    """Return the parts of the sheet that only some studies need: level and check of headphones."""
    level = ("sheet_level",) if config.headphones.set_level else ()
    check = config.headphones.check
    return level if check == "off" else (*level, f"sheet_check_{check}")


def words_of(name: str) -> frozenset[str]:
    """Return the words that a text knows beside those that every text knows."""
    own = _WORDS.get(name, frozenset())
    is_on_paper = name in (*ON_PAPER, *OF_STATEMENT) or name.startswith("sheet_")
    return own if is_on_paper else _COUNTS | own


def _recognition(config: StudyConfig, phase: Phase) -> tuple[str, ...]:
    if phase is not Phase.RECOGNITION:
        return ()
    practice = ("feedback_right", "feedback_wrong", "practice_over")
    questions = (f"question_{which}" for which in ("both", "picture", "sound", "confidence"))
    return (f"how_{config.recognition.answer}", *practice, *questions)


def _level(config: StudyConfig) -> tuple[str, ...]:
    return ("level",) if config.headphones.set_level else ()
