"""Texts as pictures: wrapped inside their place, bold where they say so, never cut off.

Window and preview show the same pictures, so that what a preview finds is what participants see.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from annotator.task.layout import Layout, Rectangle
from instructions.fonts import Face, Font

HEADING_SHARE = 1.2  # of the label's letters
SMALL_PRINT_SHARE = 0.5
LINE_SHARE = 1.3  # height of a line, in letters
GAP_SHARE = 0.7  # between two paragraphs, in letters
LABEL_ROOM = 1.6  # lines of a label, which may be two of smaller letters
SHRINK, SMALLEST_PX = 0.9, 10  # letters of texts that do not fit, step by step
_GAP = re.compile(r"\n{3,}")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_BLANK = r"[^\S\u00a0\u202f]"  # where a line may end
_PART = re.compile(rf"(?:\S|[\u00a0\u202f])+{_BLANK}*|{_BLANK}+")
_WIDE = re.compile(r" {3,}")  # what stands between two of these stays on one line
_CLOSE = re.compile(r"(?<=[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef])")  # lines may end here too
_END, _WIDE_END = re.compile(rf"{_BLANK}$|{_CLOSE.pattern}$"), re.compile(r" {3}$")

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Ink:
    """What letters look like; colours by name or as ``#rrggbb``."""

    font: Font
    colour: str
    ground: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A picture of text and its place."""

    pixels: Pixels
    place: Rectangle


@dataclass(frozen=True, slots=True)
class Set:
    """A text that was set.

    Parameters
    ----------
    shrunk : float
        Size of its letters as a share of the usual size.
    fits : bool
        False where it is cut off even with the smallest letters.
    """

    pieces: tuple[Piece, ...]
    shrunk: float = 1.0
    fits: bool = True


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    bold: bool


_Line = list[_Word]  # words with the blanks between them


def heading_and_body(markdown: str) -> tuple[str, str]:
    r"""Split a page into heading and body.

    Returns an empty heading where there is none.

    Parameters
    ----------
    markdown : str
        Text with at most one heading, in its first line.

    Examples
    --------
    >>> heading_and_body("# Pause\n\nPress **y** to leave.")
    ('Pause', 'Press **y** to leave.')
    """
    text = _GAP.sub("\n\n", markdown.strip())  # where a word that is filled in is empty
    if not text.startswith("# "):
        return "", text
    heading, _, body = text.removeprefix("# ").partition("\n")
    return heading.strip(), body.strip()


def set_page(markdown: str, layout: Layout, ink: Ink, small_print: str = "") -> Set:
    """Set a page: heading over body in the middle, small print below, all clear of the bonus."""
    heading, body = heading_and_body(markdown)
    room = layout.label.top - layout.bonus.top - layout.text_height_px
    sizes = (HEADING_SHARE * layout.text_height_px, float(layout.small_text_height_px))
    small_px = SMALL_PRINT_SHARE * layout.text_height_px
    small = _fitted([(small_print, small_px)], layout, ink, room // 2)
    texts = [(heading, sizes[0]), (body, sizes[1])]
    fitted = _fitted(texts, layout, ink, room - sum(b.shape[0] for b in small.blocks))
    (head, text), notes = fitted.blocks, small.blocks[0]
    gap = layout.text_height_px
    # The body in the middle, but not over the bonus, nor the heading over the upper edge.
    lowest = layout.bonus.top + notes.shape[0]
    highest = layout.label.top - head.shape[0] - gap - text.shape[0]
    bottom = min(max((layout.height_px - gap - text.shape[0]) // 2, lowest), highest)
    pieces = (
        _centred(text, layout, bottom),
        _centred(head, layout, bottom + text.shape[0] + gap),
        _centred(notes, layout, layout.bonus.top),
    )
    shown = tuple(piece for piece in pieces if piece.pixels.size)
    return Set(shown, min(fitted.shrunk, small.shrunk), fitted.fits and small.fits)


def set_label(label: str, layout: Layout, ink: Ink) -> Set:
    """Set the label of a clip, which may take two lines of smaller letters."""
    room = round(LABEL_ROOM * layout.label.height)
    return _in_place(label, layout.text_height_px, layout.label, ink, room)


def set_reminder(markdown: str, layout: Layout, ink: Ink) -> Set:
    """Set the key choices below the label."""
    place, size_px = layout.reminder, layout.small_text_height_px
    return _in_place(heading_and_body(markdown)[1], size_px, place, ink, place.height)


def set_bonus(text: str, layout: Layout, ink: Ink) -> Set:
    """Set the bonus counter, which ends at the right margin."""
    place, size_px = layout.bonus, layout.small_text_height_px
    return _in_place(text, size_px, place, ink, place.height, align="right")


def set_notice(markdown: str, layout: Layout, ink: Ink) -> Set:
    """Set what is acknowledged, at the foot of the screen, left of the bonus."""
    bonus, clip = layout.bonus, layout.clip_box
    place = Rectangle(clip.right, bonus.bottom, bonus.left - clip.right, bonus.height)
    return _in_place(markdown.strip(), layout.small_text_height_px, place, ink, place.height)


@dataclass(frozen=True, slots=True)
class _Fitted:
    blocks: list[Pixels]
    shrunk: float
    fits: bool


def _in_place(
    text: str, size_px: float, place: Rectangle, ink: Ink, room: int, align: str = "center"
) -> Set:
    shrunk = 1.0
    block = _block(text, size_px, place.width, ink, align)
    while _is_too_large(block, place.width, room) and shrunk * size_px > SMALLEST_PX:
        shrunk *= SHRINK
        block = _block(text, shrunk * size_px, place.width, ink, align)
    fits = not _is_too_large(block, place.width, room)
    if not block.size:
        return Set(())
    height, width = block.shape[:2]
    left = place.right - width if align == "right" else place.left + (place.width - width) // 2
    bottom = place.bottom + (place.height - height) // 2
    return Set((Piece(block, Rectangle(left, bottom, width, height)),), shrunk, fits)


def _fitted(texts: Sequence[tuple[str, float]], layout: Layout, ink: Ink, room: int) -> _Fitted:
    width, shrunk = layout.inner.width, 1.0
    while True:
        blocks = [_block(text, shrunk * size, width, ink) for text, size in texts]
        wide = any(block.shape[1] > width for block in blocks)
        fits = not wide and sum(block.shape[0] for block in blocks) <= room
        if fits or shrunk * texts[-1][1] <= SMALLEST_PX:
            return _Fitted(blocks, shrunk, fits)
        shrunk *= SHRINK


def _is_too_large(block: Pixels, width: int, height: int) -> bool:
    return bool(block.shape[1] > width or block.shape[0] > height)


def _centred(block: Pixels, layout: Layout, bottom: float) -> Piece:
    height, width = block.shape[:2]
    return Piece(block, Rectangle((layout.width_px - width) // 2, round(bottom), width, height))


def _block(text: str, size_px: float, width_px: int, ink: Ink, align: str = "center") -> Pixels:
    """Return a picture of paragraphs, no larger than they need; empty without text."""
    size = max(1, round(size_px))
    lines = [line for part in text.split("\n") for line in _lines(part, size, width_px, ink.font)]
    if not any(lines):
        return np.zeros((0, 0, 3), np.uint8)
    heights = [round((LINE_SHARE if line else GAP_SHARE) * size) for line in lines]
    widths = [round(_width(line, size, ink.font) + 0.5) for line in lines]
    image = Image.new("RGB", (max(widths), sum(heights)), ink.ground)
    draw, top = ImageDraw.Draw(image), 0
    for line, height, width in zip(lines, heights, widths, strict=True):
        x = float({"center": (image.width - width) // 2, "right": image.width - width}[align])
        for word in line:
            face = _face(word, size, ink.font)
            draw.text((x, top + height / 2), word.text, fill=ink.colour, font=face, anchor="lm")
            x += face.getlength(word.text)
        top += height
    return np.ascontiguousarray(np.asarray(image))


def _lines(paragraph: str, size: int, width_px: int, font: Font) -> Iterator[_Line]:
    """Yield the lines of a paragraph; one without words for an empty one."""
    line: _Line = []
    for words in _unbroken(paragraph, size, width_px, font):
        if line and _width([*line, *words], size, font) > width_px:
            yield _trimmed(line)
            line = []
        line = [*line, *words]
    yield _trimmed(line)


def _unbroken(paragraph: str, size: int, width_px: int, font: Font) -> Iterator[list[_Word]]:
    """Yield what stays on one line: a word with what clings to it, or a choice of keys.

    A word that is longer than a line is broken anywhere.
    """
    end = _WIDE_END if _WIDE.search(paragraph) else _END
    for group in _grouped(_words(paragraph), end):
        if _width(_trimmed(group), size, font) <= width_px:
            yield group
            continue
        for word in group:
            is_wide = _width(_trimmed([word]), size, font) > width_px
            parts = [_Word(char, word.bold) for char in word.text] if is_wide else [word]
            yield from ([part] for part in parts)


def _words(paragraph: str) -> list[_Word]:
    parts = _BOLD.split(paragraph)  # every second one is bold
    return [
        _Word(text, bold=bool(i % 2))
        for i, part in enumerate(parts)
        for close in _CLOSE.split(part)
        for text in _PART.findall(close)
    ]


def _grouped(words: Sequence[_Word], end: re.Pattern[str]) -> list[list[_Word]]:
    groups: list[list[_Word]] = [[]]
    for word in words:
        groups[-1].append(word)
        if end.search(word.text):
            groups.append([])
    return [group for group in groups if group]


def _trimmed(line: Sequence[_Word]) -> _Line:
    kept = [word for word in line if word.text]
    while kept and not kept[-1].text.rstrip():
        kept.pop()
    return [*kept[:-1], _Word(kept[-1].text.rstrip(), kept[-1].bold)] if kept else []


def _width(line: Sequence[_Word], size: int, font: Font) -> float:
    return sum(_face(word, size, font).getlength(word.text) for word in line)


def _face(word: _Word, size: int, font: Font) -> ImageFont.FreeTypeFont:
    return _loaded(font.bold if word.bold else font.regular, size)


@lru_cache(maxsize=64)
def _loaded(face: Face, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(face.path), size, index=face.index)
