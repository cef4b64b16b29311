"""A question as a picture of the screen, so that a test or a page can look at it as people do."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw, ImageFont

from annotator.recognition.question import Question
from annotator.task.layout import Rectangle

Pixels = npt.NDArray[np.uint8]
_TILE, _EDGE = 0.16, 0.45  # of the way from the ground's colour to the letters'
_PADDING = 0.35  # of the letters, beside the words of a tile
_SMALLEST_PX = 9


def picture_of(
    question: Question,
    places: Sequence[Rectangle],
    size_px: tuple[int, int],
    *,
    font: Path,
    letters_px: int,
    colours: tuple[str, str],
) -> Pixels:
    """Return the screen of a question.

    Returns a picture, shape (height_px, width_px, 3), its top row first.

    Parameters
    ----------
    places : sequence of Rectangle
        From `annotator.recognition.question.tiles`.
    font : Path
        A file of the font of the screens.
    letters_px : int
        Height of the letters; words that do not fit their tile are set in smaller ones.
    colours : tuple of str
        Of the ground and of the letters.
    """
    ground, ink = (ImageColor.getrgb(colour)[:3] for colour in colours)
    image = Image.new("RGB", size_px, ground)
    draw = ImageDraw.Draw(image)
    height = size_px[1]
    top = min(height - place.top for place in places)
    _centred(draw, question.text, (size_px[0] / 2, top / 2), size_px[0] * 0.94, font,
             round(1.1 * letters_px), ink)  # fmt: skip
    size = _common_size(question, places[0], font, letters_px)
    for place, sign, option in zip(
        places, question.entry.signs, question.entry.options, strict=True
    ):
        box = (place.left, height - place.top, place.right - 1, height - place.bottom - 1)
        draw.rounded_rectangle(
            box, radius=size // 3, fill=_mix(ground, ink, _TILE), outline=_mix(ground, ink, _EDGE)
        )
        words = option if sign == option else f"{sign}  {option}"
        face = ImageFont.truetype(str(font), size)
        middle = height - (place.bottom + place.top) / 2
        if sign == option:
            draw.text(((place.left + place.right) / 2, middle), words, ink, face, anchor="mm")
        else:
            draw.text((place.left + _PADDING * letters_px, middle), words, ink, face, anchor="lm")
    return np.ascontiguousarray(np.asarray(image, np.uint8))


def typed_picture(
    typed: str,
    width_px: int,
    height_px: int,
    *,
    font: Path,
    letters_px: int,
    colours: tuple[str, str],
) -> Pixels:
    """Return the line at the foot of a question: the digits that are typed so far."""
    ground, ink = (ImageColor.getrgb(colour)[:3] for colour in colours)
    size = (width_px, height_px)
    image = Image.new("RGB", size, ground)
    if typed:
        face = ImageFont.truetype(str(font), letters_px)
        at = (width_px / 2, size[1] / 2)
        ImageDraw.Draw(image).text(at, f"{typed}_", ink, face, anchor="mm")
    return np.ascontiguousarray(np.asarray(image, np.uint8))


def cross_picture(side_px: int, colours: tuple[str, str]) -> Pixels:
    """Return the cross that is looked at before a clip."""
    ground, ink = (ImageColor.getrgb(colour)[:3] for colour in colours)
    pixels = np.full((side_px, side_px, 3), ground, np.uint8)
    half, thick = side_px // 2, max(1, side_px // 12)
    pixels[half - thick : half + thick, :] = ink
    pixels[:, half - thick : half + thick] = ink
    return pixels


def _common_size(question: Question, place: Rectangle, font: Path, letters_px: int) -> int:
    """Return the size of letters in which the words of all tiles fit."""
    room_x, room_y = place.width - 2 * _PADDING * letters_px, 0.8 * place.height
    entry = question.entry
    words = [
        option if sign == option else f"{sign}  {option}"
        for sign, option in zip(entry.signs, entry.options, strict=True)
    ]
    size = letters_px
    while size > _SMALLEST_PX:
        face = ImageFont.truetype(str(font), size)
        if size <= room_y and max(face.getlength(each) for each in words) <= room_x:
            break
        size -= 1
    return size


def _centred(
    draw: ImageDraw.ImageDraw,
    text: str,
    at: tuple[float, float],
    room_px: float,
    font: Path,
    letters_px: int,
    ink: tuple[int, ...],
) -> None:
    size = letters_px
    while size > _SMALLEST_PX and ImageFont.truetype(str(font), size).getlength(text) > room_px:
        size -= 1
    draw.text(at, text, ink, ImageFont.truetype(str(font), size), anchor="mm")


def _mix(ground: tuple[int, ...], ink: tuple[int, ...], share: float) -> tuple[int, ...]:
    return tuple(round(g + share * (i - g)) for g, i in zip(ground, ink, strict=True))
