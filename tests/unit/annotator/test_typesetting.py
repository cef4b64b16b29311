"""Texts as pictures: inside their places on every screen, bold where they say so."""

import numpy as np
import pytest

from annotator.task.layout import Rectangle, task_layout
from annotator.task.typesetting import (
    Ink,
    _lines,
    set_bonus,
    set_label,
    set_page,
    set_reminder,
)
from instructions.fonts import find_font, lacking
from study.config.screen import Screen
from study.errors import ConfigError

SIZES = [(1366, 768), (1920, 1080), (3840, 2160), (800, 600), (768, 1366)]
INK = Ink(find_font("DejaVu Sans"), "white", "black")
LONG = "a very long label that names what is to be seen and heard in this clip, and more of it " * 2
PAGE = "# A heading\n\n" + "Some words that say what to do. " * 12 + "\n\nPress **enter** to begin."


def layout_of(width_px, height_px):
    return task_layout(Screen(scale="auto"), width_px, height_px)


def lit(pieces):
    """Return how many pixels are bright."""
    return sum(int((piece.pixels.max(axis=2) > 128).sum()) for piece in pieces)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("label", ["barking", LONG, "unbroken" * 20])
def test_a_label_stays_inside_the_margins_and_above_the_clip(size, label):
    layout = layout_of(*size)
    found = set_label(label, layout, INK)
    (piece,) = found.pieces
    assert found.fits
    assert piece.place.left >= layout.inner.left
    assert piece.place.right <= layout.inner.right
    assert piece.place.top <= layout.height_px
    assert not piece.place.overlaps(layout.clip_box)


@pytest.mark.parametrize("size", SIZES)
def test_a_page_is_clear_of_the_bonus_and_of_the_edges(size):
    layout = layout_of(*size)
    found = set_page(PAGE, layout, INK, "small print " * 20)
    places = [piece.place for piece in found.pieces]
    assert found.fits
    assert not any(place.overlaps(layout.bonus) for place in places)
    assert all(place.left >= layout.inner.left and place.right <= layout.inner.right
               for place in places)  # fmt: skip
    assert all(place.top <= layout.label.top for place in places)
    assert not any(a.overlaps(b) for i, a in enumerate(places) for b in places[:i])


def test_letters_shrink_only_as_far_as_they_must_and_a_text_that_never_fits_says_so():
    layout = layout_of(800, 600)
    assert set_page("# Short\n\nText", layout, INK).shrunk == 1.0
    long = set_page("# Long\n\n" + PAGE * 12, layout, INK)
    assert long.shrunk < 1.0
    endless = set_page("words " * 5000, layout, INK)
    assert not endless.fits


def test_bold_is_bold():
    layout = layout_of(1920, 1080)
    plain, bold = (
        set_page(text, layout, INK).pieces for text in ("Press enter", "**Press enter**")
    )
    assert lit(bold) > 1.2 * lit(plain)
    (mixed,) = set_page("Press **enter**", layout, INK).pieces
    half = mixed.pixels.shape[1] // 2
    assert lit(plain) < lit([mixed]) < lit(bold)
    assert np.array_equal(mixed.pixels[:, :half // 2], plain[0].pixels[:, :half // 2])  # fmt: skip


def test_a_choice_of_keys_stays_together_on_its_line():
    narrow = task_layout(Screen(), 520, 900)
    text = (
        "**1** = unclean   **2** = moderately clean   **3** = very clean   **space** = play again"
    )
    (piece,) = set_reminder(text, narrow, INK).pieces
    dark = ~(piece.pixels.max(axis=2) > 60).any(axis=1)
    assert (np.diff(np.flatnonzero(~dark)) > 1).sum() >= 1  # more than one line
    assert piece.place.right <= narrow.inner.right


def test_no_line_begins_with_a_sign_or_within_an_amount():
    font = find_font("DejaVu Sans")
    text = "Vous gagnez **1\xa0200,00\xa0€**\xa0; appuyez sur **Échap**. Fin\xa0!"
    for width_px in range(200, 700, 20):
        lines = ["".join(word.text for word in line) for line in _lines(text, 20, width_px, font)]
        assert " ".join(lines) == text.replace("**", "")
        assert not any(line.startswith((".", ";", "\xa0", "!", "200", "€")) for line in lines)


def test_the_bonus_ends_at_the_right_margin():
    layout = layout_of(1366, 768)
    (piece,) = set_bonus("bonus £12.20", layout, INK).pieces
    assert piece.place.right == layout.bonus.right
    assert set_bonus("", layout, INK).pieces == ()


def test_a_picture_is_as_large_as_its_place():
    for piece in set_page(PAGE, layout_of(1920, 1080), INK).pieces:
        assert piece.pixels.shape == (piece.place.height, piece.place.width, 3)
        assert isinstance(piece.place, Rectangle)


def test_text_without_blanks_wraps_as_chinese_and_japanese_do():
    layout = layout_of(800, 600)
    found = set_page("一二三四五六七八九十" * 30, layout, INK)
    assert found.fits
    assert max(piece.place.width for piece in found.pieces) <= layout.inner.width


def test_a_font_that_is_not_installed_is_refused_and_missing_characters_are_found():
    with pytest.raises(ConfigError, match=r"'No such font' of screen.font is not installed"):
        find_font("No such font")
    assert lacking(find_font("DejaVu Sans"), ["ein Hund ß é", "犬 ↑ 犬"]) == "犬"
    assert lacking(find_font("DejaVu Sans"), ["\n\t \u200d\ufe0f"]) == ""
