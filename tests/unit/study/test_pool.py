import multiprocessing
import os
import signal
import sys
import time
from functools import partial

import pytest

from study.errors import StudyError
from study.processes.pool import AT_ONCE, batches_of, each


def test_no_item_is_blamed_where_processes_cannot_start():
    found = each(abs, [-1, -2], start=sys.exit, on_crash=str, n_processes=1, advice="Look again")
    with pytest.raises(StudyError, match=r"die before they have an item .* Look again"):
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


def _die_over_seven(item):
    if item == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def _sleep_or_fail(item):
    if item == 0:
        time.sleep(600)
    raise StudyError("this one failed")


@pytest.mark.parametrize("n_processes", [AT_ONCE, 1])
def test_an_item_that_hangs_is_told_and_the_others_are_done(n_processes):
    found = each(
        _hang_over_three,
        [1, 2, 3, 4, 5, 6],
        on_crash=lambda item: f"killed by {item}",
        on_timeout=lambda item: f"hung over {item}",
        n_processes=n_processes,
        limit_s=2.0,
        in_order=True,
    )
    assert list(found) == [1, 2, "hung over 3", 4, 5, 6]


def test_memory_without_an_end_is_refused_to_a_worker():
    found = each(
        _fill_memory_over_three,
        [1, 3],
        on_crash=str,
        n_processes=AT_ONCE,
        limit_s=60,
        in_order=True,
    )
    assert list(found) == [1, "refused"]


def test_an_item_that_ends_its_process_costs_no_other_item():
    found = partial(each, _die_over_seven, range(11), on_crash=lambda item: -item, n_processes=2)
    assert list(found(in_order=True)) == [0, 1, 2, 3, 4, 5, 6, -7, 8, 9, 10]
    assert sorted(found()) == [-7, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10]


def test_a_killed_process_ends_a_run_that_has_no_answer_for_it():
    with pytest.raises(StudyError, match=r"ended from outside.* Run the command again"):
        list(each(_die_over_seven, [7, 8], n_processes=1))


def test_an_error_ends_items_without_a_limit_at_once():
    with pytest.raises(StudyError, match="this one failed"):
        list(each(_sleep_or_fail, [0, 1], n_processes=2))
    assert multiprocessing.active_children() == []


def test_every_process_keeps_to_one_thread_and_the_run_forgets_it(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
    assert list(each(os.getenv, names, n_processes=1, in_order=True)) == ["1", "1"]
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_items_are_taken_as_they_are_needed():
    taken = []
    found = each(abs, (taken.append(i) or i for i in range(1000)), n_processes=1, in_order=True)
    batches = batches_of(found, 10)
    assert next(batches) == list(range(10))
    assert len(taken) < 30


def _sign_in(folder):
    (folder / str(os.getpid())).touch()


@pytest.mark.parametrize(("n_items", "n_started"), [(0, 0), (1, 1), (5, 2)])
def test_no_process_starts_without_an_item(tmp_path, n_items, n_started):
    start = partial(_sign_in, tmp_path)
    assert len(list(each(abs, range(n_items), n_processes=2, start=start))) == n_items
    assert len(list(tmp_path.iterdir())) == n_started
