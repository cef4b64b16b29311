"""Who is rating on a laptop at present."""

from typing import Any

from study.errors import NotClearedError, StudyError
from study.store import Db, audit
from study.store.desk import Desk
from study.tools.wording import checked_reason

# Words of the audit log, which is never changed: a part was given to a laptop, a store is such a
# part, its laptop is back.
GIVEN, IS_PART, RETURNED = "deal", "dealt", "return"


def on_laptops(db: Db) -> dict[str, str]:
    """Return whose clips are on a laptop.

    Returns its file and number by participant; empty once the laptops are back.
    """
    out: dict[str, str] = {}
    for event in _moves(db):
        for participant_id in event["participants"]:
            if event["action"] == GIVEN:
                out[participant_id] = f"{event['file']} (part {event['deal_id']})"
            else:
                out.pop(participant_id, None)
    return out


def parts_given(db: Db) -> list[dict[str, Any]]:
    """Return every part of this store that a laptop was given.

    Returns ``deal_id``, ``participants``, ``file`` and ``seal``, in the order of time.
    """
    return [event for event in _moves(db) if event["action"] == GIVEN]


def _moves(db: Db) -> list[dict[str, Any]]:
    # What an older version took over from a laptop's file may say anything, and says nothing here.
    return [
        event
        for event in audit.own(db, GIVEN, RETURNED)
        if isinstance(event.get("deal_id"), str)
        and isinstance(event.get("participants"), list)
        and all(isinstance(person, str) for person in event["participants"])
        and (event["action"] == RETURNED or isinstance(event.get("file"), str))
    ]


def in_words(db: Db) -> str:
    """Return who rates on a laptop at present.

    Returns everybody with the file they rate in; empty where all are here.
    """
    out = on_laptops(db)
    return "; ".join(f"{participant_id} in {where}" for participant_id, where in out.items())


def write_off(desk: Desk, name: str, *, reason: str) -> list[str]:
    """Write off a laptop that will not come back; its people rate here again.

    Returns its people. What they rated there and nobody merged is to be rated again. Raises
    StudyError if no such laptop is out, or no reason is given.

    `name`: the name of its file, or the number of its part.
    """
    db, reason = desk.db, checked_reason(reason)
    out = on_laptops(db)
    for detail in reversed(parts_given(db)):
        people = [p for p in detail["participants"] if detail["deal_id"] in out.get(p, "")]
        if people and name in (detail["file"], detail["deal_id"]):
            written = {"deal_id": detail["deal_id"], "participants": people, "reason": reason}
            desk.log(RETURNED, "laptop", written)
            return people
    raise StudyError(
        f"no laptop is out with {name}. Those that are: {in_words(db) or 'none'}. Nothing was "
        "changed"
    )


def files_of(db: Db, participant_id: str) -> list[str]:
    """Return the laptop files of a participant, past ones included."""
    return [str(d["file"]) for d in parts_given(db) if participant_id in d["participants"]]


def require_whole(db: Db) -> None:
    """Raise if a store is a laptop's part of one.

    Raises StudyError if it is: what the experimenter changes there would not come back with the
    ratings.
    """
    if audit.own(db, IS_PART):
        raise StudyError(
            "this store is the part of a study on a laptop, where people rate and nothing else is "
            "changed, because only what they rate comes back. Run this at the desk"
        )


def require_here(db: Db, participant_id: str) -> None:
    """Raise if a participant's clips are on a laptop.

    Raises NotClearedError if they rate there, and not here.
    """
    where = on_laptops(db).get(participant_id)
    if where is not None:
        raise NotClearedError(
            f"the clips of participant {participant_id} are on a laptop: {where}. Rate there, or "
            "bring them back first: python -m sessions merge FILE --final (a lost one: "
            "write-off-laptop)"
        )


def require_all_here(db: Db, participant_ids: list[str]) -> None:
    """Raise if one of several participants' clips are on a laptop.

    Raises StudyError if somebody rates elsewhere, and a change here could not be seen there.
    """
    out = on_laptops(db)
    away = [participant_id for participant_id in participant_ids if participant_id in out]
    if away:
        raise StudyError(
            f"the clips of {', '.join(away)} are on a laptop ({out[away[0]]}) and cannot be moved "
            "from here. Bring them back first: python -m sessions merge FILE --final (a lost one: "
            "write-off-laptop)"
        )
