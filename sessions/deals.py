"""Who rates on a laptop without a network at present."""

from study.errors import NotClearedError, StudyError
from study.store import Db, audit

DEAL, DEALT, RETURNED = "deal", "dealt", "return"


def dealt_out(db: Db) -> dict[str, str]:
    """Return whose clips are on a laptop.

    Parameters
    ----------
    db : Session
        An open transaction.

    Returns
    -------
    dict of str to str
        The deal by participant; empty once the laptops are back.
    """
    out: dict[str, str] = {}
    events = audit.frame(db)
    for event in events[events["action"].isin([DEAL, RETURNED])].to_dict("records"):
        detail = event["detail"]
        for participant_id in detail["participants"]:
            if event["action"] == DEAL:
                out[participant_id] = f"{detail['file']} (deal {detail['deal_id']})"
            else:
                out.pop(participant_id, None)
    return out


def require_here(db: Db, participant_id: str) -> None:
    """Raise if a participant's clips are on a laptop.

    Parameters
    ----------
    db : Session
        An open transaction.
    participant_id : str
        Who.

    Raises
    ------
    NotClearedError
        If they rate there, and not here.
    """
    where = dealt_out(db).get(participant_id)
    if where is not None:
        raise NotClearedError(
            f"the clips of participant {participant_id} are on a laptop: {where}. Rate there, or "
            "bring them back first: python -m sessions merge FILE --final"
        )


def require_all_here(db: Db, participant_ids: list[str]) -> None:
    """Raise if one of several participants' clips are on a laptop.

    Parameters
    ----------
    db : Session
        An open transaction.
    participant_ids : list of str
        Whose clips are about to be moved.

    Raises
    ------
    StudyError
        If somebody rates elsewhere, and a change here could not be seen there.
    """
    out = dealt_out(db)
    away = [participant_id for participant_id in participant_ids if participant_id in out]
    if away:
        raise StudyError(
            f"the clips of {', '.join(away)} are on a laptop ({out[away[0]]}) and cannot be moved "
            "from here. Bring them back first: python -m sessions merge FILE --final"
        )
