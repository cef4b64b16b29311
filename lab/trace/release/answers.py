"""The rows of a release that come of the recognition experiment."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from curation.release.trial_table.columns import OF_STIMULUS, schema_of
from curation.release.trial_table.views import model_vs_human, pseudonym_of, recognition_trials
from lab.trace.answers import stored_answer_link
from lab.trace.chain import Link, facts
from lab.trace.release.followed import IN_THE_LAB, Followed, rows_of
from study.vocabulary import Phase

_TRIALS, _STIMULI = "trials", "stimuli"
_VIEWS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "recognition_trials": recognition_trials,
    "model_vs_human": model_vs_human,
}
_COLUMNS = schema_of([Phase.RECOGNITION]).names
_SHORT = 12  # digits of a digest, for reading


def is_recognition(table: str, row: dict[str, Any]) -> bool:
    """Return whether a row of a release comes of the recognition experiment."""
    of_answers = table in (*_VIEWS, _STIMULI)
    return of_answers or (table == _TRIALS and row.get("phase") == Phase.RECOGNITION)


def recognised(of: Followed, table: str, row: dict[str, Any]) -> Iterator[Link]:
    """Yield the stimulus of a row and its answers, each as far as release and store go."""
    trials = _trials_of(of, table, row)
    if not trials and table != _STIMULI:
        yield Link("answer", table, faults=("trials.csv does not have it",))
        return
    stimulus = row["stimulus"] if table == _STIMULI else trials[0].get("stimulus", "")
    known = rows_of(of.release, f"{_STIMULI}.csv", stimulus=stimulus)
    yield _stimulus(stimulus, known, trials)
    for trial in trials:
        digest = str(known[0].get("sha256", "")) if known else ""
        yield _answer(of, trial, digest, _faults_of_view(table, row, trial))


def _trials_of(of: Followed, table: str, row: dict[str, Any]) -> list[dict[str, Any]]:
    phase = str(Phase.RECOGNITION)
    if table == _STIMULI:
        return rows_of(of.release, "trials.csv", phase=phase, stimulus=row["stimulus"])
    if table == "model_vs_human":
        who, position = pseudonym_of(row.get("subj", "")), row.get("trial", "")
        return rows_of(of.release, "trials.csv", phase=phase, participant=who, position=position)
    return rows_of(of.release, "trials.csv", phase=phase, row_id=row.get("row_id", ""))


def _faults_of_view(table: str, row: dict[str, Any], trial: dict[str, Any]) -> Iterator[str]:
    view = _VIEWS.get(table)
    if view is None:
        return
    if not set(_COLUMNS) <= trial.keys():
        yield "trials.csv lacks columns of recognition trials"
        return
    made = view(pd.DataFrame([trial])).to_dict("records")
    expected = {str(name): str(cell) for name, cell in made[0].items()} if made else {}
    expected["filename"] = expected.get("stimulus", "")
    differ = [name for name in row if row[name] != expected.get(name)]
    if differ:
        yield f"trials.csv has another {', '.join(differ)} for it than {table}.csv"


def _stimulus(name: str, known: list[dict[str, Any]], trials: list[dict[str, Any]]) -> Link:
    if not known:
        return Link("stimulus", name, faults=("stimuli.csv does not have it",))
    (one, *_) = known
    columns = [column.name for column in OF_STIMULUS]
    differ = [c for c in columns if any(trial.get(c) != one.get(c) for trial in trials)]
    faults = (f"trials.csv says another {', '.join(differ)} than stimuli.csv",) if differ else ()
    return Link(
        "stimulus",
        name,
        facts(
            condition=one.get("condition"),
            picture_of=one.get("source"),
            sound_of=one.get("sound_source"),
            right_answer=one.get("label"),
            sha256=str(one.get("sha256", ""))[:_SHORT],
        ),
        faults,
    )


def _answer(of: Followed, row: dict[str, Any], sha256: str, of_view: Iterator[str]) -> Link:
    names = {
        "rt_s": "response_time_s", "correct": "correct", "confidence": "confidence",
        "n_early_presses": "early_presses", "n_presentations": "presentations",
        "av_offset_s": "sound_minus_picture_s", "n_frames_dropped": "frames_dropped",
        "n_sound_gaps": "sound_gaps", "day": "day", "session": "session",
        "rig_grade": "rig_grade", "flags": "flags",
    }  # fmt: skip
    told = {new: row[old] for old, new in names.items() if old in row}
    is_right = "" if not row.get("label") else str(row.get("response") == row["label"])
    faults = [*of_view]
    if row.get("correct") != is_right:
        faults.append(f"it says correct {row.get('correct')!r}, expected {is_right!r}")
    below: tuple[Link, ...] = ()
    if of.kept is not None:
        inside = stored_answer_link(of.kept, row, sha256)
        below = () if inside is None else (inside,)
        faults += ["the store has no such answer"] * (inside is None)
    return Link(
        "answer",
        f"{row.get('response')} by {row.get('participant')}",
        facts(row_id=row.get("row_id"), **told, further=IN_THE_LAB if of.kept is None else None),
        tuple(faults),
        below,
    )
