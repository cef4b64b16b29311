"""Where the tiles of a question stand. Pure geometry."""

import math

from annotator.recognition.question import CLICK
from annotator.task.layout import Rectangle

MOST_COLUMNS = 4
_GAP_SHARE = 0.25  # between tiles, of their height
_HIGHEST_SHARE = 2.6  # height of a tile, in letters
HEAD_SHARE = 3.0  # height of the question, in letters
FOOT_SHARE = 2.0  # height of what is typed


def columns_of(n_options: int) -> int:
    """Return how many columns the tiles have.

    Examples
    --------
    >>> [columns_of(n) for n in (2, 4, 9, 16, 40)]
    [2, 2, 3, 4, 4]
    """
    return min(MOST_COLUMNS, math.ceil(math.sqrt(n_options)))


def tiles(
    n_options: int, width_px: int, height_px: int, *, margin_px: int, letters_px: int
) -> list[Rectangle]:
    """Return where the tiles stand, option by option, row by row from the top.

    Parameters
    ----------
    margin_px : int
        Distance from the screen's edges.
    letters_px : int
        Height of the letters; above the tiles is room for the question, below for what is typed.
    """
    n_columns = columns_of(n_options)
    n_rows = math.ceil(n_options / n_columns)
    left, bottom = margin_px, margin_px + round(FOOT_SHARE * letters_px)
    room_x = width_px - 2 * margin_px
    room_y = height_px - margin_px - round(HEAD_SHARE * letters_px) - bottom
    pitch = min(room_y / n_rows, (1 + _GAP_SHARE) * _HIGHEST_SHARE * letters_px)
    gap = round(_GAP_SHARE / (1 + _GAP_SHARE) * pitch)
    width = (room_x - gap * (n_columns - 1)) // n_columns
    height = max(1, math.floor(pitch) - gap)
    # Tiles that need less than the room stand in its middle.
    top = bottom + round((room_y + n_rows * pitch) / 2)
    return [
        Rectangle(
            left + (i % n_columns) * (width + gap),
            top - round((i // n_columns) * pitch) - height,
            width,
            height,
        )
        for i in range(n_options)
    ]


def clicked(places: list[Rectangle], x_px: float, y_px: float) -> str | None:
    """Return the tile at a place, as the key that it is; None where there is none."""
    for option, place in enumerate(places):
        if place.left <= x_px < place.right and place.bottom <= y_px < place.top:
            return f"{CLICK}{option}"
    return None
