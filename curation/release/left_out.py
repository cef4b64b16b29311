"""What is left out of a release, and why, in numbers."""

from collections.abc import Iterator

import pandas as pd

from curation.release.small_groups import SMALLEST_GROUP
from curation.release.tables import Column, Schema
from curation.release.trial_table.table import Trials
from curation.tally import Tally
from study.config.study import Study
from study.counting import IN_WORDS, Reason
from study.store import Db, audit
from study.vocabulary import Phase

RELEASED = "release"  # in the audit log
LEFT_OUT = Schema(
    "One row per reason for which something was left out of the release",
    (
        Column("what", "what", "what was left out",
               values=("ratings", "answers", "trials", "participants", "clips")),
        Column("phase", "phase", "phase of the ratings, answers or trials; all where of none"),
        Column("reason", "reason", "why"),
        Column("n", "n", "how many; empty where fewer than three", "count", optional=True),
        Column("means", "means", "the reason in words"),
    ),
    is_one_row_per_clip=False,
    key=("what", "phase", "reason"),
)  # fmt: skip
Line = tuple[str, str, str, int, str]
_OUTCOMES = {
    "failed": "trials whose clip could not be shown, or was disturbed twice",
    "left": "trials that ended because somebody left",
}
_GONE = {
    "withdraw": "participants who withdrew since the release before",
    "erase": "participants who were erased since the release before",
}


def left_out(
    db: Db, study: Study, trials: Trials, tally: Tally | None, n_sample: int | None
) -> pd.DataFrame:
    """Return the rows of `left_out.csv`; a number under three is empty.

    `tally`: of the clips that were rated; None where none was. `n_sample`: how many of them stand
    for all.
    """
    rows = [*_of_trials(trials), *_of_people(db, study)]
    if tally is not None:
        is_part = study.config.protocol.may_ask_fewer
        rows += _of_clips(tally, n_sample if is_part else None)
    table = pd.DataFrame(rows, columns=["what", "phase", "reason", "n", "means"])
    table["n"] = table["n"].astype("Int64")
    return table.assign(n=table["n"].where(table["n"] >= SMALLEST_GROUP))


def _of_trials(trials: Trials) -> Iterator[Line]:
    for phase, counted in trials.counted.items():
        for reason, n in counted.left_out.items():
            yield _what(phase), phase, reason, n, f"{_what(phase)} {IN_WORDS[Reason(reason)]}"
    for phase, n in trials.too_few.items():
        means = f"{_what(phase)} of a phase in which fewer than three people gave any"
        yield _what(phase), phase, "few_people", n, means
    if trials.n_practice:
        of = str(Phase.RECOGNITION)
        yield _what(of), of, "practice", trials.n_practice, "answers of practice trials"
    for (phase, outcome), n in trials.unrated.items():
        yield "trials", phase, outcome, n, _OUTCOMES[outcome]


def _what(phase: str) -> str:
    return "answers" if phase == Phase.RECOGNITION else "ratings"


def _of_people(db: Db, study: Study) -> Iterator[Line]:
    for action, means in _GONE.items():
        if n := _since_last_release(db, study, action):
            yield "participants", "all", action, n, means


def _of_clips(tally: Tally, n_sample: int | None) -> Iterator[Line]:
    phase = str(Phase.ANNOTATION)
    if tally.n_left_out:
        means = "clips with fewer ratings than asked for, which are not in video_ratings.csv"
        yield "clips", phase, "too_few_ratings", tally.n_left_out, means
    if n_sample is not None:
        means = (
            "agreement and Figure 2 are estimates from so many clips, drawn at random before the "
            "study, that got all ratings; the others were rated until they were decided"
        )
        yield "clips", phase, "estimate", n_sample, means


def _since_last_release(db: Db, study: Study, action: str) -> int:
    # A release of the same version is this release made again.
    n = 0
    for event in audit.own(db, RELEASED, action):
        if event["action"] == action:
            n += 1
        elif event.get("version") != study.config.release.version:
            n = 0
    return n
