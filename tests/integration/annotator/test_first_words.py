"""From the start to the first page: words at once, and no black in between."""

import sqlite3
import time
from contextlib import closing

import pytest

from tests.worlds.machine import fair_timing
from tests.worlds.rating_studies import finished, ratable_study, started
from tests.worlds.screens import HEIGHT_PX, WIDTH_PX, Rectangle

WHOLE = Rectangle(0, 0, WIDTH_PX, HEIGHT_PX)
CORNER = Rectangle(0, 0, 1, 1)
BACKGROUND = (16, 32, 48)
# Where the words are: small, and in the middle, where the text of a page is.
WORDS = Rectangle(WIDTH_PX // 2 - 100, HEIGHT_PX // 2 - 35, 200, 30)
LARGEST_BLACK_SHARE = 0.02  # of all looks: while one window takes the other's place


def looks(view, process, until):
    """Look until something is seen; return each time the corner, and whether words stood."""
    found = []
    give_up_s = time.monotonic() + 60
    while not until() and process.poll() is None and time.monotonic() < give_up_s:
        found.append((tuple(view.pixels(CORNER)[0, 0].tolist()), view.is_lit(WORDS)))
    return found


@pytest.mark.timing
def test_words_stand_until_the_first_page_without_a_flicker(station, view, tmp_path):
    settings = {"screen.background": '"#102030"'}
    study, _ = ratable_study(tmp_path, kinds=("short",), settings=settings)
    process = started(study, station)
    try:
        seen = looks(view, process, view.is_page)
        view.wait_for(view.is_page)
    finally:
        process.terminate()
        code, _, err = finished(process)
    assert (code, err) == (0, "")
    first = seen.index((BACKGROUND, True))
    standing = seen[first:]
    odd = [look for look in standing if look != (BACKGROUND, True)]
    with fair_timing():
        assert len(standing) > 100
        assert len(odd) <= LARGEST_BLACK_SHARE * len(standing)


@pytest.mark.timing
@pytest.mark.parametrize("own", [None, "# Un moment"], ids=["shipped", "own"])
def test_words_are_there_long_before_the_task_could_be(station, view, tmp_path, own):
    study, _ = ratable_study(tmp_path, kinds=("short",), settings={"texts": '"own"'})
    (study.folder / "own").mkdir()
    if own is not None:
        (study.folder / "own" / "moment.md").write_text(own, encoding="utf-8")
    begin_s = time.monotonic()
    process = started(study, station)
    try:
        view.wait_for(lambda: view.is_lit(WHOLE))
        words_s = time.monotonic() - begin_s
        view.wait_for(view.is_page)
        page_s = time.monotonic() - begin_s
    finally:
        process.terminate()
        finished(process)
    with fair_timing():
        assert words_s < page_s / 2


def test_a_refused_session_takes_the_words_away_and_is_one_line(station, view, tmp_path):
    study, engine = ratable_study(tmp_path, kinds=("short",))
    engine.dispose()
    # Nobody is refused before the store can be read: not before the words were seen.
    with closing(sqlite3.connect(engine.url.database)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        process = started(study, station, "--participant", "P99")
        view.wait_for(lambda: view.is_lit(WORDS))
    code, out, err = finished(process)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("error: ")
    view.wait_for(lambda: not view.is_lit(WHOLE))


def test_words_go_with_a_program_that_is_killed(station, view, tmp_path):
    study, _ = ratable_study(tmp_path, kinds=("short",))
    process = started(study, station)
    view.wait_for(lambda: view.is_lit(WHOLE))
    process.kill()
    finished(process)
    view.wait_for(lambda: not view.is_lit(WHOLE))


def test_the_simulated_stage_opens_no_window(station, view, tmp_path):
    study, _ = ratable_study(tmp_path, kinds=("short",))
    arguments = ("--participant", "S01", "--simulate", "good", "--stage", "simulated")
    process = started(study, station, *arguments)
    seen = looks(view, process, lambda: False)
    assert finished(process)[0] == 0
    assert not any(words for _, words in seen)
