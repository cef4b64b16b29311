"""What the store says of the recognition experiment."""

from collections.abc import Iterator
from dataclasses import dataclass

from curation.release.trial_table.answers import counted_answers
from study.config.study import Study
from study.store import store_snapshot
from study.store.recognition import stimuli
from study.tools.wording import counted


@dataclass(frozen=True, slots=True)
class Recognised:
    """What people recognised so far.

    Parameters
    ----------
    n_answers, n_people, n_stimuli : int
        Answers that count, who gave them, and to how many stimuli.
    n_practice, n_left_out : int
        Answers of practice trials, and others that do not count.
    conditions, classes : tuple of str
        Of the stimuli that were answered; what could be answered.
    """

    n_answers: int
    n_people: int
    n_stimuli: int
    n_practice: int
    n_left_out: int
    conditions: tuple[str, ...]
    classes: tuple[str, ...]


def recognised(study: Study) -> Recognised | None:
    """Return what people recognised; None where no answer counts."""
    with store_snapshot(study.store_url) as db:
        found = counted_answers(db, study)
        known = stimuli.listed(db)
    rows = found.counted.ratings
    if rows.empty:
        return None
    return Recognised(
        len(rows),
        int(rows["participant_id"].nunique()),
        int(rows["stimulus_id"].nunique()),
        found.n_practice,
        found.counted.n_left_out,
        tuple(sorted(map(str, rows["condition"].unique()))),
        stimuli.classes_of(study.config.recognition, known.values()),
    )


def sentences(study: Study, found: Recognised | None) -> Iterator[str]:
    """Yield what a methods section says of the experiment."""
    if found is None:
        return
    rate = study.config.money(study.config.protocol.hourly_rate_pence)
    yield (
        f"{counted(found.n_people, 'participant')} saw or heard "
        f"{counted(found.n_stimuli, 'clip')} under {counted(len(found.conditions), 'condition')} "
        f"({', '.join(found.conditions)}), said of each which action it was, out of "
        f"{counted(len(found.classes), 'class', 'classes')}, and "
        f"{'was' if found.n_people == 1 else 'were'} paid {rate} per hour; nobody met a source "
        "clip twice."
    )
    bonus = study.config.recognition.bonus_pence
    if bonus:
        yield f"Each right answer earned {study.config.money(bonus)}."
    if found.n_practice:
        yield f"{counted(found.n_practice, 'practice trial')} did not count."
    yield f"{counted(found.n_answers, 'answer')} entered the analysis."
    if found.n_left_out:
        yield (
            f"{counted(found.n_left_out, 'answer')} did not count, because the record of the trial "
            "spoke against them."
        )
