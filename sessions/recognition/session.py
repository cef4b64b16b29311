"""What is left of the recognition experiment for a participant, and what an answer earns."""

from sessions.pay.bonus import answer_bonus_pence
from study.config.study import Study
from study.errors import ConfigError, NotClearedError
from study.store import Db
from study.store.recognition import slots
from study.store.recognition.slots import AnswerCount, ToCome
from study.vocabulary import Stimulus, TrialRecord


def require_planned(db: Db, participant_id: str) -> AnswerCount:
    """Return how many stimuli a participant has, and has answered.

    Raises NotClearedError if nothing was planned for them.
    """
    count = slots.count(db, participant_id)
    if not count.n_planned:
        raise NotClearedError(
            f"participant {participant_id} has no place in the recognition experiment. "
            "Run: python -m sessions plan-recognition"
        )
    return count


def stimulus_of(study: Study, to_come: ToCome) -> Stimulus:
    """Return what a trial presents; the label of the clip is not shown.

    Raises ConfigError if `study.toml` names no stimuli any more.
    """
    folder = study.stimuli_path
    if folder is None:
        raise ConfigError(
            "study.toml names no stimuli any more, and a recognition experiment was planned. "
            "Put recognition.stimuli back as it was"
        )
    clip = to_come.stimulus
    return Stimulus(0, folder / clip.filename, "", clip.sha256, to_come.stimulus_id)


def bonus_of(db: Db, study: Study, participant_id: str, record: TrialRecord) -> int:
    """Return what a trial earns, in the smallest unit of the currency."""
    stimulus_id = record.stimulus.stimulus_id
    if record.choice is None or stimulus_id is None:
        return 0
    return answer_bonus_pence(
        record.choice.answer,
        slots.label_of(db, stimulus_id),
        study.config.recognition,
        is_practice=slots.is_practice(db, participant_id, stimulus_id),
    )
