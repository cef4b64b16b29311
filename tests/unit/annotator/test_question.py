import itertools
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from annotator.recognition.picture import cross_picture, picture_of, typed_picture
from annotator.recognition.question import Entry, Question
from annotator.recognition.tiles import clicked, tiles

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
SCREENS = [(1366, 768), (1920, 1080), (1280, 800), (800, 600), (3840, 2160)]
MARGIN, LETTERS = 40, 24


@pytest.mark.parametrize("n", [2, 3, 9, 10, 16, 40, 99])
@pytest.mark.parametrize("screen", SCREENS)
def test_tiles_stand_on_the_screen_and_not_on_one_another(n, screen):
    places = tiles(n, *screen, margin_px=MARGIN, letters_px=LETTERS)
    assert len(places) == n
    for place in places:
        assert MARGIN <= place.left < place.right <= screen[0] - MARGIN
        assert MARGIN <= place.bottom < place.top <= screen[1] - MARGIN
    assert not any(a.overlaps(b) for a, b in itertools.combinations(places, 2))


def test_tiles_of_sixteen_classes_are_easy_to_hit_on_a_small_laptop():
    places = tiles(16, 1366, 768, margin_px=MARGIN, letters_px=LETTERS)
    assert min(place.height for place in places) >= 48
    assert min(place.width for place in places) >= 250


def test_options_run_in_rows_from_the_top_left():
    places = tiles(16, 1366, 768, margin_px=MARGIN, letters_px=LETTERS)
    assert places[0].left < places[1].left
    assert places[0].bottom == places[3].bottom > places[4].bottom


def test_a_click_is_the_key_of_the_tile_under_it():
    places = tiles(16, 1366, 768, margin_px=MARGIN, letters_px=LETTERS)
    for option, place in enumerate(places):
        assert clicked(places, place.left, place.bottom) == f"click_{option}"
        assert clicked(places, place.right - 1, place.top - 1) == f"click_{option}"
    assert clicked(places, 0, 0) is None
    assert clicked(places, places[0].right, places[0].bottom) is None  # between two


def shot(options, screen=(1366, 768), text="Which action was it?"):
    entry = Entry(tuple(options))
    places = tiles(len(options), *screen, margin_px=MARGIN, letters_px=LETTERS)
    return places, picture_of(
        Question("question_both", text, entry), places, screen, font=FONT, letters_px=LETTERS,
        colours=("black", "white"),
    )  # fmt: skip


def inked(picture, place, screen_height):
    part = picture[screen_height - place.top : screen_height - place.bottom,
                   place.left : place.right]  # fmt: skip
    return part.max(axis=2) > 200


def test_words_stay_inside_their_tiles_however_long_they_are():
    names = [f"{i} playing+the+longest+instrument+of+all" for i in range(16)]
    places, picture = shot(names)
    for place in places:
        letters = inked(picture, place, 768)
        assert letters.any()
        assert not letters[:, -3:].any()
    outside = picture.copy()
    for place in places:
        outside[768 - place.top : 768 - place.bottom, place.left : place.right] = 0
    first_row = 768 - max(place.top for place in places)
    assert outside[first_row:].max() == 0


def test_every_tile_reads_differently():
    places, picture = shot([f"class {i:02}" for i in range(16)])
    seen = {inked(picture, place, 768).tobytes() for place in places}
    assert len(seen) == 16


def test_a_question_too_long_for_a_small_screen_is_set_smaller():
    _, picture = shot(["a", "b"], (800, 600), "Which action did you see? " * 4)
    top = picture[:150].max(axis=2) > 200
    assert top.any()
    assert not top[:, :10].any()
    assert not top[:, -10:].any()


def test_what_is_typed_is_seen_and_nothing_before():
    kwargs = {"font": FONT, "letters_px": LETTERS, "colours": ("black", "white")}
    assert typed_picture("", 400, 40, **kwargs).max() == 0
    one, other = (typed_picture(t, 400, 40, **kwargs) for t in ("1", "0"))
    assert one.max() > 200
    assert (one != other).any()


def test_the_cross_is_a_cross():
    cross = cross_picture(48, ("black", "white"))[:, :, 0] > 0
    assert cross[24].all()
    assert cross[:, 24].all()
    assert not cross[0, 0]
    assert np.array_equal(cross, cross.T)
