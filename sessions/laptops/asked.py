"""Check the slots that a laptop has added to its plan: only an open clip gets one."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sessions.laptops.away import IS_PART
from sessions.plan.further_ratings import WHOLE
from study.config.study import Study
from study.deciding.questions import is_unanswered
from study.store import Db, audit
from study.store.laptops import parts
from study.vocabulary import Phase

Row = dict[str, Any]


def unlikely(laptop: Db, study: Study, people: list[str], added: Sequence[Row]) -> Iterator[str]:
    """Yield what the study's rating rule cannot have added to the plan of a laptop.

    Yields what was found; nothing where all is well.

    Parameters
    ----------
    laptop : Session
        On a copy of the laptop's file.
    added : sequence of dict
        The slots that it has and was not given.
    """
    if not added:
        return
    protocol = study.config.protocol
    whole = set(audit.own(laptop, IS_PART)[0].get(WHOLE, []))
    slots = _slots(laptop)
    given = _ratings(laptop)
    for row in added:
        clip, who = row["candidate_id"], row["participant_id"]
        before = [slot["participant_id"] for slot in slots[clip] if slot["slot"] < row["slot"]]
        tally = np.zeros((1, 3), dtype=np.int64)
        for person in before:
            tally[0, given.get((clip, person), 1) - 1] += 1
        all_rated = all((clip, person) in given for person in before)
        if who not in people:
            yield f"a slot was given to {who}, who has no part of it"
        elif protocol.rating_rule != "until_decided" or clip not in whole:
            yield f"a slot of clip {clip} was added, for which only the desk can ask"
        elif not row["further"] or row["replaced"]:
            yield f"a slot of clip {clip} was added that no rating rule asks for"
        elif not all_rated or not is_unanswered(tally, protocol)[0]:
            yield f"a slot of clip {clip} was added, which was not open"


def _slots(laptop: Db) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in parts.rows_of(laptop, "assignment"):
        found.setdefault(row["candidate_id"], []).append(row)
    return found


def _ratings(laptop: Db) -> dict[tuple[int, str], int]:
    return {
        (row["candidate_id"], row["participant_id"]): row["rating"]
        for row in parts.rows_of(laptop, "rating")
        if row["phase"] == Phase.ANNOTATION.value
    }
