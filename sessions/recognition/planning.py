"""Plan a recognition experiment: take its stimuli in, and give each participant a row."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sessions.laptops.away import require_whole
from sessions.recognition.manifest import read_stimuli
from sessions.recognition.square import MIN_PEOPLE_PER_ROW, Item, rows_for, spread, square
from sessions.streams import Stream
from study.errors import ConfigError, StudyError
from study.store import Db
from study.store.desk import Desk
from study.store.people import participants
from study.store.recognition import slots, stimuli
from study.store.recognition.slots import Slot
from study.store.recognition.stimuli import NewStimulus
from study.tools.seeding import generator
from study.tools.wording import counted
from study.vocabulary import ParticipantKind

Stimuli = Mapping[int, NewStimulus]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan came to.

    Parameters
    ----------
    n_new_stimuli, n_stimuli : int
        Taken in now, and all.
    n_set_aside : int
        Stimuli that nobody meets, because practice uses one of their clips.
    people : dict of str to int
        How many trials each new participant has, practice included.
    per_row : dict of int to int
        How many people each row of the square has by now.
    """

    n_new_stimuli: int
    n_stimuli: int
    n_set_aside: int
    people: dict[str, int]
    per_row: dict[int, int]


def plan_recognition(desk: Desk, ids: Sequence[str] | None = None) -> Planned:
    """Give participants without a row one, the first time taking the stimuli in.

    The plan follows from the study's seed and the stimuli, and who has a row keeps it.

    Parameters
    ----------
    ids : sequence of str or None
        Who is to be planned for; None for all who are enrolled and not closed.

    Raises
    ------
    StudyError
        If the stimuli cannot be read or are others than were taken in, there are too few people
        for two in each row, or nobody is new.
    """
    db = desk.db
    require_whole(db)
    n_new = _take_in(desk)
    known = stimuli.listed(db)
    recognition, seed = desk.study.config.recognition, desk.study.config.seed
    practice = practice_of(known, recognition.practice, generator(seed, Stream.PRACTICE))
    items = items_of(known, practice)
    rows = square(items, generator(seed, Stream.SQUARE))
    present = slots.rows_of_people(db)
    _require_same_square(db, rows)
    given = _rows_of(desk, ids, present, len(rows))
    for person, row in given.items():
        order = spread(rows[row], generator(seed, Stream.ORDER, person))
        keys = [*practice, *(int(str(item.key)) for item in order)]
        slots.add_many(
            db,
            [Slot(person, key, row, i, i < len(practice)) for i, key in enumerate(keys)],
            dict(known),
        )
    people = {person: len(practice) + len(rows[row]) for person, row in given.items()}
    desk.log("plan_recognition", "recognition", {"people": given, "n_stimuli": len(known)})
    db.flush()
    per_row = dict(sorted(Counter([*present.values(), *given.values()]).items()))
    n_aside = len(known) - len(items) - len(practice)
    return Planned(n_new, len(known), n_aside, people, per_row)


def practice_of(known: Stimuli, n: int, rng: np.random.Generator) -> list[int]:
    """Return the stimuli that everybody practises with: other classes and conditions in turn.

    Returns stimuli with a right answer and sources of their own.
    """
    order = [int(i) for i in rng.permutation(sorted(known))]
    chosen: list[int] = []
    while len(chosen) < n:
        met = {source for i in chosen for source in known[i].sources}
        free = [i for i in order if known[i].label and not known[i].sources & met]
        if not free:
            raise ConfigError(
                f"recognition.practice is {n}, and there are clips for {len(chosen)} practice "
                "trials. Lower it in study.toml"
            )
        said = Counter(known[i].label for i in chosen)
        how = Counter(known[i].condition for i in chosen)
        chosen.append(min(free, key=lambda i: said[known[i].label] + how[known[i].condition]))
    return chosen


def items_of(known: Stimuli, practice: Sequence[int]) -> list[Item]:
    """Return what the square is made of: all stimuli that share no clip with the practice."""
    met = {source for i in practice for source in known[i].sources}
    return [
        Item(i, s.condition, s.picture_label or s.sound_label, s.sources)
        for i, s in known.items()
        if not s.sources & met
    ]


def _take_in(desk: Desk) -> int:
    """Take the stimuli in, once."""
    found = read_stimuli(desk.study)
    known = {s.filename: s for s in stimuli.listed(desk.db).values()}
    if known and known != {s.filename: s for s in found}:
        changed = sorted(name for name, s in known.items() if s not in found)
        raise StudyError(
            "the stimuli are not those that were planned with"
            + (f" ({changed[0]} is another one or gone)" if changed else " (there are more)")
            + ". Put the folder back as it was, or make another study"
        )
    if known:
        return 0
    stimuli.add_many(desk.db, found, desk.at)
    return len(found)


def _require_same_square(db: Db, rows: Sequence[Sequence[Item]]) -> None:
    for row, ids in slots.items_of_rows(db).items():
        if row >= len(rows) or ids != {item.key for item in rows[row]}:
            raise ConfigError(
                "seed, practice or stimuli were changed since the recognition experiment was "
                "planned. Put study.toml back as it was"
            )


def _rows_of(
    desk: Desk, ids: Sequence[str] | None, present: Mapping[str, int], n_rows: int
) -> dict[str, int]:
    enrolled = {p.id: p for p in participants.listed(desk.db)}
    for person in ids or ():
        participants.get(desk.db, person)
    wanted = sorted(enrolled) if ids is None else list(dict.fromkeys(ids))
    able = [p for p in wanted if _is_able(desk, p, strictly=ids is not None)]
    new = [p for p in able if p not in present]
    if not new:
        raise StudyError(
            "everybody who is enrolled has a place in the recognition experiment. Nothing was "
            "changed"
            if present
            else "nobody is enrolled who could take part. Run: python -m sessions enrol P01"
        )
    given = rows_for(n_rows, new, present)
    if given is None:
        n_needed = MIN_PEOPLE_PER_ROW * n_rows
        raise StudyError(
            f"the stimuli make a square of {counted(n_rows, 'row')}, and {MIN_PEOPLE_PER_ROW} "
            "people are "
            f"needed in each, because only they share clips: {n_needed} people, and there are "
            f"{len(present) + len(new)}. Enrol more, or make fewer conditions"
        )
    return given


def _is_able(desk: Desk, person: str, *, strictly: bool) -> bool:
    found = participants.get(desk.db, person)
    may = found.closed_at is None and found.kind is not ParticipantKind.EXPERT
    if strictly and not may:
        raise StudyError(
            f"participant {person} is closed or the expert, and takes no part in the recognition "
            "experiment. Leave them out"
        )
    return may
