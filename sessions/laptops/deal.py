"""Give a laptop without a network its part of a study."""

import shutil
import tempfile
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from sessions.laptops.away import GIVEN, IS_PART, require_all_here
from sessions.plan.further_ratings import WHOLE
from sessions.running.open_sessions import require_none_open
from study.errors import StoreError
from study.store import create_store, transaction
from study.store.addresses import sqlite_url
from study.store.desk import Desk
from study.store.laptops import parts, seals
from study.store.people import participants
from study.store.plan import assignments, ground_truths
from study.store.ratings.counted import ground_truths_that_count
from study.store.recognition import slots
from study.tools.files import refuse_existing
from study.vocabulary import ParticipantKind


@dataclass(frozen=True, slots=True)
class Part:
    """What a laptop was given."""

    part_id: str
    n_clips: int


def deal_part(desk: Desk, people: list[str], path: Path) -> Part:
    """Give a laptop the part of the store that its participants need.

    From now on they rate there and nowhere else, and their clips are not moved, so that what
    comes back cannot contradict what is here.

    Raises StoreError if the file is there already, or one of them is rating.
    """
    db = desk.db
    refuse_existing(path, overwrite=False)
    for participant_id in people:
        participants.get(db, participant_id)
    participants.lock(db, people)
    require_all_here(db, people)
    require_none_open(db, people, "dealing")
    part_id = uuid.uuid4().hex[:12]
    detail = {"deal_id": part_id, "participants": people, "file": path.name}
    with tempfile.TemporaryDirectory(dir=_folder_of(path)) as folder:
        file = Path(folder) / "part.sqlite"
        engine = create_store(sqlite_url(file.resolve()))
        with transaction(engine) as laptop:
            parts.copy_part(db, laptop, people)
            ground_truths.forget_first(laptop, _worthless(desk, people))
            replace(desk, db=laptop).log(IS_PART, "laptop", {**detail, **_whole(desk, people)})
            laptop.flush()
            seal = seals.seal(laptop)
        engine.dispose()
        shutil.move(file, path)
    # The seal stays here: who changes the file cannot change it as well.
    desk.log(GIVEN, "laptop", {**detail, "seal": seal})
    db.flush()
    counts = assignments.counts(db)
    n_rated = sum(counts[p].n_left for p in people if p in counts)
    return Part(part_id, n_rated + sum(slots.count(db, p).n_left for p in people))


def _worthless(desk: Desk, people: list[str]) -> frozenset[int]:
    """Return whose ground truths the laptop must not pay for; an expert needs to know them all."""
    kinds = {participants.get(desk.db, person).kind for person in people}
    if ParticipantKind.EXPERT in kinds:
        return frozenset()
    lost = ground_truths_that_count(desk.db, desk.study).left_out
    return frozenset(map(int, lost["candidate_id"]))


def _whole(desk: Desk, people: list[str]) -> dict[str, list[int]]:
    """Return the clips of which all raters go along, and which nobody can be asked for here."""
    if desk.study.config.protocol.rating_rule != "until_decided":
        return {}
    plan = assignments.frame(desk.db)
    clips = plan.assign(here=plan["participant_id"].isin(people)).groupby("candidate_id")
    found = clips["here"].all() & ~clips["done"].all()
    return {WHOLE: [int(clip) for clip in found.index[found]]}


def _folder_of(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            return path.parent
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written: {error.strerror}. Give access or name another place"
        ) from error
