"""All sessions in a table: when and where, what was rated, and what it earned."""

import pandas as pd

from sessions.pay.receipt import AT_THE_DESK
from sessions.pay.statement import is_settled_here, statement
from study.config.study import Study
from study.counting import grade_of
from study.errors import StudyError
from study.store import Db
from study.store.ratings import evidence, flags
from study.store.ratings.counted import judged
from study.store.recognition import counted as recognition
from study.vocabulary import Phase

COLUMNS = {  # what each means
    "session_id": "identity of the session",
    "participant_id": "who sat at the stage",
    "phase": "training, screening, annotation, ground_truth or recognition",
    "attempt": "which time the exercise was done, from 1",
    "stage": "window, or simulated",
    "simulated_profile": "which simulated person answered; empty for people",
    "started_at": "when it began, UTC",
    "ended_at": "when it ended, UTC; empty while it runs",
    "end_reason": "why it ended",
    "host": "name of the machine",
    "rig_grade": "grade of the machine's timing when it began",
    "n_trials": "trials, with those that could not be shown or were left",
    "n_failed": "trials that could not be shown",
    "n_ratings": "ratings or answers given",
    "n_counted": "of these, those that enter tables",
    "n_slips": "trials flagged as slips by the participant",
    "n_mis_keys": "trials flagged by the experimenter: another key was meant",
    "n_disturbed": "trials flagged by the experimenter: the participant was disturbed",
    "worked_s": "seconds of work; pauses are left out",
    "hours_pence": "what the time earned, in the smallest unit of the currency",
    "bonus_pence": "what the ratings earned, in the same unit",
    "currency": "its code (ISO 4217)",
    "payment_state": "paid, owed or open",
}
_FLAGS = {"slip": "n_slips", "mis_key": "n_mis_keys", "trial_disturbed": "n_disturbed"}


def session_table(db: Db, study: Study) -> pd.DataFrame:
    """Return all sessions in the order in which they began.

    Returns columns `COLUMNS`, one row per session. Raises StudyError on a laptop, which does not
    know what has been paid.
    """
    if not is_settled_here(db):
        raise StudyError(AT_THE_DESK)
    sessions = evidence.sessions(db)
    table = sessions.assign(rig_grade=sessions["rig"].map(grade_of))
    for counts in (_trials(db, sessions["session_id"].tolist()), _ratings(db, study), _flags(db)):
        table = table.merge(counts, on="session_id", how="left")
    names = ["n_trials", "n_failed", "n_ratings", "n_counted", *_FLAGS.values()]
    table[names] = table[names].fillna(0).astype("int64")
    recognised = recognition.by_session(db, study).reindex(table["session_id"], fill_value=0)
    table["n_ratings"] += recognised["n_answers"].to_numpy()
    table["n_counted"] += recognised["n_counted"].to_numpy()
    table = table.assign(currency=study.config.currency)
    return table.merge(_earned(db, study), on="session_id", how="left")[list(COLUMNS)]


def _trials(db: Db, session_ids: list[str]) -> pd.DataFrame:
    trials = evidence.trials(db, session_ids)
    trials = trials.assign(n_failed=trials["outcome"].eq("failed"))
    found = trials.groupby("session_id")["n_failed"].agg(n_trials="size", n_failed="sum")
    return found.reset_index()


def _flags(db: Db) -> pd.DataFrame:
    found = flags.frame(db)
    table = pd.crosstab(found["session_id"], found["kind"]).reindex(columns=list(_FLAGS))
    return table.fillna(0).rename(columns=_FLAGS).rename_axis(columns=None).reset_index()


def _ratings(db: Db, study: Study) -> pd.DataFrame:
    found = [judged(db, study, phase)[["session_id", "reason"]] for phase in Phase]
    ratings = pd.concat([each for each in found if len(each)] or found)
    ratings = ratings.assign(n_counted=ratings["reason"].eq(""))
    return (
        ratings.groupby("session_id")["n_counted"]
        .agg(n_ratings="size", n_counted="sum")
        .reset_index()
    )


def _earned(db: Db, study: Study) -> pd.DataFrame:
    people = sorted(set(evidence.sessions(db)["participant_id"]))
    rows = [
        (
            line.session_id,
            line.worked.total_seconds(),
            line.hours_pence,
            line.bonus_pence,
            line.state,
        )
        for person in people
        for line in statement(db, person, study.config.protocol).lines
        if line.session_id
    ]
    names = ["session_id", "worked_s", "hours_pence", "bonus_pence", "payment_state"]
    return pd.DataFrame(rows, columns=names)
