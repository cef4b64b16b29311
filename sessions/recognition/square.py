"""The balanced square: which stimuli a participant meets, and nobody the same source twice.

A Latin square over clips, made for stimuli that may need two sources, a picture and another
clip's sound: each stimulus stands in one row, each row has a source once at most, and all
conditions are as frequent in each row as they can be.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

MIN_PEOPLE_PER_ROW = 2  # only people of one row share stimuli
_PER_CLASS, _PER_CONDITION = 1, 5  # what an uneven count costs, squared counts being added
_TAKEN = 10**9
_N_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Item:
    """A stimulus as the square sees it.

    Parameters
    ----------
    key : hashable
        Names it.
    condition : str
        How it was manipulated.
    group : str
        What is balanced within; the class of its picture.
    sources : frozenset of str
        The clips that it was made of: one, or two where the sound is another clip's.
    """

    key: Hashable
    condition: str
    group: str
    sources: frozenset[str]


def square(items: Sequence[Item], rng: np.random.Generator) -> list[list[Item]]:
    """Return the rows of a balanced square.

    Returns as few rows as there can be; with one stimulus per source and condition, and no foreign
    sounds, they are a Latin square: as many rows as conditions, each source once in each.

    Parameters
    ----------
    items : sequence of Item
        All stimuli.
    rng : numpy.random.Generator
        Which source is met in which condition by whom.

    Notes
    -----
    Stimuli of two sources are edges of a graph, rows their colours: these are coloured first. The
    others of a source then take the rows that it has left, by the assignment with the least uneven
    counts; there are enough of them, because there are as many rows as any source needs.
    """
    order = [items[i] for i in rng.permutation(len(items))]
    pairs = [item for item in order if len(item.sources) > 1]
    n_rows = max(Counter(source for item in items for source in item.sources).values(), default=0)
    while True:
        rows = _Rows(n_rows)
        if all(rows.place_pair(item) for item in pairs):
            break
        n_rows += 1
    sources = _by_source(item for item in order if len(item.sources) == 1)
    for alone in sources:
        rows.place_all(alone)
    # The first ones could not know what the others need.
    for _ in range(_N_SWEEPS):
        for alone in sources:
            rows.remove(alone)
            rows.place_all(alone)
    return [list(row.values()) for row in rows.items]


def rows_for(
    n_rows: int, newcomers: Sequence[str], present: Mapping[str, int]
) -> dict[str, int] | None:
    """Return the row of each newcomer, so that all rows have as many people as they can.

    Returns None where a row would have fewer than two people.

    Parameters
    ----------
    present : mapping of str to int
        Rows by participant who has one already.
    """
    counts = Counter(present.values())
    given = {}
    for person in newcomers:
        row = min(range(n_rows), key=lambda r: (counts[r], r))
        given[person] = row
        counts[row] += 1
    is_enough = all(counts[row] >= MIN_PEOPLE_PER_ROW for row in range(n_rows))
    return given if is_enough else None


def spread(items: Sequence[Item], rng: np.random.Generator) -> list[Item]:
    """Return the order in which somebody meets the stimuli of a row.

    Returns them shuffled, every condition being spread over the whole of it, so that fatigue and
    practice are the same for all.
    """
    by_condition: dict[str, list[Item]] = defaultdict(list)
    for i in rng.permutation(len(items)):
        by_condition[items[i].condition].append(items[i])
    # The k-th of n stands somewhere in the k-th n-th of the session.
    places = [
        ((k + rng.random()) / len(found), item)
        for found in by_condition.values()
        for k, item in enumerate(found)
    ]
    return [item for _, item in sorted(places, key=lambda place: place[0])]


class _Rows:
    def __init__(self, n_rows: int) -> None:
        self.items: list[dict[Hashable, Item]] = [{} for _ in range(n_rows)]
        self._row_of: dict[Hashable, int] = {}
        self._taken: list[set[str]] = [set() for _ in range(n_rows)]
        self._counts: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(n_rows)]

    def place_pair(self, item: Item) -> bool:
        free = [row for row in range(len(self.items)) if self._is_free(row, item)]
        if free:
            self._place(min(free, key=lambda row: (self._cost(row, item), row)), item)
        return bool(free)

    def place_all(self, items: Sequence[Item]) -> None:
        """Place the stimuli of one source, each in a row of its own."""
        cost = np.array(
            [
                [
                    self._cost(row, item) if self._is_free(row, item) else _TAKEN
                    for row in range(len(self.items))
                ]
                for item in items
            ],
            float,
        )
        for i, row in zip(*linear_sum_assignment(cost), strict=True):
            self._place(int(row), items[i])

    def remove(self, items: Sequence[Item]) -> None:
        """Take stimuli of one source out again."""
        for item in items:
            row = self._row_of.pop(item.key)
            del self.items[row][item.key]
            self._taken[row] -= item.sources
            self._counts[row].subtract([(item.condition, item.group), (item.condition,)])

    def _is_free(self, row: int, item: Item) -> bool:
        return not item.sources & self._taken[row]

    def _cost(self, row: int, item: Item) -> int:
        counts = self._counts[row]
        of_class = 2 * counts[item.condition, item.group] + 1
        of_condition = 2 * counts[(item.condition,)] + 1
        return _PER_CLASS * of_class + _PER_CONDITION * (of_condition + len(self.items[row]))

    def _place(self, row: int, item: Item) -> None:
        self.items[row][item.key] = item
        self._row_of[item.key] = row
        self._taken[row] |= item.sources
        self._counts[row].update([(item.condition, item.group), (item.condition,)])


def _by_source(items: Iterable[Item]) -> list[list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[min(item.sources)].append(item)
    return sorted(found.values(), key=lambda alone: alone[0].group)
