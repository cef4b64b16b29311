"""The experimenter's remarks and flags: kept in the lab; only flags leave it, by their names."""

from dataclasses import dataclass

import pandas as pd

from study.errors import StudyError
from study.store import Db
from study.store.desk import Desk
from study.store.people import participants
from study.store.ratings import flags, notes, trials
from study.tools.local_time import local_time
from study.tools.wording import checked_remark, no_formula
from study.vocabulary import FlagKind

COLUMNS = {  # what each means
    "at": "when it was written, UTC",
    "participant_id": "whom it concerns",
    "by": "who wrote it: initials, or the participant",
    "kind": "remark, or the flag: slip, mis_key or trial_disturbed",
    "text": "what was written",
    "phase": "phase of the session; empty where it concerns none",
    "session_id": "the session; empty where it concerns none",
    "trial_number": "the trial; empty where it concerns none",
    "filename": "the clip of the trial",
    "presentation": "which playing of the clip; empty where it concerns none",
}
REMARK = "remark"  # the kind of what is no flag


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark or a flag, as it is shown.

    Parameters
    ----------
    kind : str
        ``"remark"``, or a `FlagKind`.
    """

    at: str
    by: str
    kind: str
    text: str
    filename: str


def write_note(desk: Desk, participant_id: str, text: str, *, clip: str | None = None) -> None:
    """Write a remark on somebody, or on their last rating of a clip.

    Raises ConfigError if the text is empty or could name somebody, StudyError if they have not
    rated the clip.
    """
    text = checked_remark(text)
    participants.get(desk.db, participant_id)
    trial_id, session_id = (None, None) if clip is None else _rated(desk.db, participant_id, clip)
    notes.add(
        desk.db,
        participant_id=participant_id,
        text=text,
        written_by=desk.by,
        at=desk.at,
        session_id=session_id,
        trial_id=trial_id,
    )
    # The audit log is permanent, and a remark goes with the person.
    desk.log("note", participant_id, {"clip": clip or ""})


def flag(desk: Desk, participant_id: str, clip: str, kind: FlagKind) -> None:
    """Flag somebody's last rating of a clip; rating and bonus stay as they are.

    Raises StudyError if they have not rated it, or it has this flag already.
    """
    participants.get(desk.db, participant_id)
    trial_id, _ = _rated(desk.db, participant_id, clip)
    if not flags.add(desk.db, trial_id=trial_id, kind=kind, flagged_by=desk.by, at=desk.at):
        raise StudyError(
            f"the rating of {clip} by {participant_id} is flagged {kind.value} already. Nothing "
            "was changed"
        )
    desk.log("flag", participant_id, {"clip": clip, "kind": kind.value})


def remarks(db: Db) -> pd.DataFrame:
    """Return all remarks and flags, for the lab's own use.

    Returns columns `COLUMNS` in the order of time; ``kind`` is ``"remark"`` or a `FlagKind`.
    """
    written = notes.frame(db).rename(columns={"written_at": "at", "written_by": "by"})
    flagged = flags.frame(db).rename(columns={"flagged_at": "at", "flagged_by": "by"})
    parts = [written.assign(kind=REMARK), flagged.assign(text="")]
    found = pd.concat([part for part in parts if len(part)] or parts)
    found = found.astype({"trial_number": "Int64", "presentation": "Int64"})
    return found.sort_values("at", kind="stable", ignore_index=True)[list(COLUMNS)]


def for_spreadsheets(table: pd.DataFrame) -> pd.DataFrame:
    """Return remarks of which no cell is taken for a formula."""
    return table.assign(text=table["text"].map(no_formula))


def of_participant(db: Db, participant_id: str, n_last: int = 10) -> list[Remark]:
    """Return the last remarks and flags of somebody, in the order of time."""
    found = remarks(db)
    own = found[found["participant_id"] == participant_id].tail(n_last)
    return [
        Remark(
            local_time(row["at"]), row["by"], row["kind"], row["text"],
            row["filename"] if isinstance(row["filename"], str) else "",
        )
        for row in own.to_dict("records")
    ]  # fmt: skip


def in_words(found: Remark) -> str:
    """Return a remark or a flag as a line."""
    what = f": {found.text}" if found.kind == REMARK else f" {found.kind}"
    return f"{found.at} ({found.by}){what}" + (f" [{found.filename}]" if found.filename else "")


def _rated(db: Db, participant_id: str, clip: str) -> tuple[int, str]:
    found = trials.last_rated_of(db, participant_id, clip)
    if found is None:
        raise StudyError(
            f"{participant_id} has not rated {clip}. Name a clip as its folder and file, such as "
            "barking/clip.mp4"
        )
    return found
