import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import pytest

from curation.clips import batches
from study.errors import StudyError


def test_no_item_is_blamed_where_processes_cannot_start(monkeypatch):
    def new_pool(n_processes):
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, context, initializer=sys.exit)

    monkeypatch.setattr(batches, "_new_pool", new_pool)
    found = batches.in_batches(abs, [-1, -2], if_it_kills=str)
    with pytest.raises(StudyError, match="die before they have one"):
        list(found)


def _hang_over_three(item):
    if item == 3:
        time.sleep(600)
    return item


def _fill_memory_over_three(item):
    if item != 3:
        return item
    try:
        return len(bytearray(2**40))
    except MemoryError:
        return "refused"


@pytest.mark.parametrize("n_processes", [batches.AT_ONCE, 1])
def test_an_item_that_hangs_is_told_and_the_others_are_done(n_processes):
    found = batches.in_batches(
        _hang_over_three,
        [1, 2, 3, 4, 5, 6],
        if_it_kills=lambda item: f"killed by {item}",
        if_it_hangs=lambda item: f"hung over {item}",
        n_processes=n_processes,
        size=3,
        limit_s=6.0,
    )
    assert list(found) == [[1, 2, "hung over 3"], [4, 5, 6]]


def test_memory_without_an_end_is_refused_to_a_worker():
    found = batches.in_batches(
        _fill_memory_over_three, [1, 3], if_it_kills=str, n_processes=batches.AT_ONCE
    )
    assert list(found) == [[1, "refused"]]
