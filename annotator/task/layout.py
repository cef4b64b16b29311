"""Where things stand on the task screen: pure geometry, pixels from the bottom left."""

from dataclasses import dataclass

from study.config.screen import Screen
from study.config.sizes import sizes_on

SMALL_TEXT_SHARE = 0.6
REMINDER_ROWS = 2


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle on the screen; x goes right and y goes up from the screen's bottom left.

    Parameters
    ----------
    left, bottom, width, height : int
        Pixels.
    """

    left: int
    bottom: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column right of it."""
        return self.left + self.width

    @property
    def top(self) -> int:
        """The first row above it."""
        return self.bottom + self.height

    def overlaps(self, other: "Rectangle") -> bool:
        """Return whether the two share a pixel."""
        apart_x = self.right <= other.left or other.right <= self.left
        apart_y = self.top <= other.bottom or other.top <= self.bottom
        return not (apart_x or apart_y)


@dataclass(frozen=True, slots=True)
class Layout:
    """The task screen.

    Parameters
    ----------
    clip_box : Rectangle
        Clips stand at its bottom left corner and are scaled down to fit it.
    label, reminder, bonus : Rectangle
        The label on top, the key choices below it, the bonus counter at the bottom right.
    text_height_px, small_text_height_px : int
        Height of the label's letters, and of all other ones.
    clip_scale : float
        Pixels of the screen for each of a clip's, where the box has room for it.

    Notes
    -----
    Paper: Figure 1.
    """

    width_px: int
    height_px: int
    clip_box: Rectangle
    label: Rectangle
    reminder: Rectangle
    bonus: Rectangle
    text_height_px: int
    small_text_height_px: int
    clip_scale: float = 1.0

    @property
    def inner(self) -> Rectangle:
        """What lies inside the margins."""
        margin = self.clip_box.left
        return Rectangle(margin, margin, self.width_px - 2 * margin, self.height_px - 2 * margin)

    def clip(self, width_px: int, height_px: int, scale: float = 1.0) -> Rectangle:
        """Return where a clip stands: at the left and bottom edge that all clips have in common.

        Parameters
        ----------
        width_px, height_px : int
            Size of its frames.
        scale : float
            How many times its own size they are.
        """
        box = self.clip_box
        times = min(self.clip_scale / scale, box.width / width_px, box.height / height_px)
        times = max(1.0, times)  # what is larger than its place was scaled down when decoded
        return Rectangle(box.left, box.bottom, round(times * width_px), round(times * height_px))


def task_layout(
    screen: Screen, width_px: int, height_px: int, monitor_width_px: int | None = None
) -> Layout:
    """Lay out the task screen.

    Returns where everything stands. A window too small for the configured clip box gets a smaller
    box, never a clip under the texts.

    `monitor_width_px`: of the whole screen; None where the window fills it.
    """
    sizes = sizes_on(screen, height_px, monitor_width_px or width_px)
    margin, text = sizes.margin_px, sizes.text_height_px
    small = round(SMALL_TEXT_SHARE * text)
    inner = width_px - 2 * margin
    label = Rectangle(margin, height_px - margin - text, inner, text)
    reminder_height = 2 * REMINDER_ROWS * small
    reminder = Rectangle(margin, label.bottom - reminder_height, inner, reminder_height)
    # Five letters' heights hold "bonus" and an amount.
    bonus_width = min(inner // 3, 10 * small)
    bonus = Rectangle(width_px - margin - bonus_width, margin, bonus_width, 3 * small)
    clip_box = Rectangle(
        margin,
        margin,
        min(sizes.max_clip_width_px, inner - bonus_width),
        min(sizes.max_clip_height_px, reminder.bottom - margin),
    )
    return Layout(
        width_px=width_px,
        height_px=height_px,
        clip_box=clip_box,
        label=label,
        reminder=reminder,
        bonus=bonus,
        text_height_px=text,
        small_text_height_px=small,
        clip_scale=sizes.clip_scale,
    )
