"""The texts on the screen."""

import re
from typing import Any

import instructions
from annotator.layout import Layout, Rectangle
from study.screen import Screen

HEADING_SHARE = 1.2  # of the label's letters
LINE_GAP = 1.6


def heading_and_body(markdown: str) -> tuple[str, str]:
    r"""Split a page of text, and take its emphasis marks away.

    Parameters
    ----------
    markdown : str
        Text with at most one heading, in its first line.

    Returns
    -------
    heading, body : str
        The heading is empty where there is none.

    Examples
    --------
    >>> heading_and_body("# Pause\n\nPress **y** to leave.")
    ('Pause', 'Press y to leave.')
    """
    plain = re.sub(r"\*\*(.+?)\*\*", r"\1", markdown.strip())
    if not plain.startswith("# "):
        return "", plain
    heading, _, body = plain.removeprefix("# ").partition("\n")
    return heading.strip(), body.strip()


class Drawing:
    """Draw texts where the layout says.

    Parameters
    ----------
    win : psychopy.visual.Window
        Where to.
    layout : Layout
        Where on it.
    screen : Screen
        Colours.
    """

    def __init__(self, win: Any, layout: Layout, screen: Screen) -> None:  # noqa: ANN401
        from psychopy import visual

        self._win, self._layout = win, layout
        self._visual, self._colour = visual, screen.foreground
        small, large = layout.small_text_height_px, layout.text_height_px
        self._label_height_px = large
        self._labels: dict[str, Any] = {}
        self._label: Any = None
        self._reminder = self._text(layout.reminder, small, "center")
        self._bonus = self._text(layout.bonus, small, "right")
        width, height = layout.width_px, layout.height_px
        margin = layout.clip_box.left
        inner = Rectangle(margin, margin, width - 2 * margin, height - 2 * margin)
        heading = round(HEADING_SHARE * large)
        self._page = (self._text(inner, heading, "center"), self._text(inner, small, "center"))
        self._warning = (self._text(inner, heading, "center"), self._text(inner, small, "center"))
        self._warning_ground = visual.Rect(
            win,
            width=width,
            height=height,
            fillColor=screen.warning_background,
            lineColor=None,
            autoLog=False,
        )

    def set_label(self, label: str) -> None:
        """Set the label of the clip."""
        # A text that changes keeps a little memory each time: one text for each label.
        if label not in self._labels:
            self._labels[label] = self._text(self._layout.label, self._label_height_px, "center")
            self._labels[label].text = label
        self._label = self._labels[label]

    def set_reminder(self, markdown: str) -> None:
        """Set the key choices."""
        self._reminder.text = heading_and_body(markdown)[1]

    def set_bonus(self, total_pence: int | None) -> None:
        """Set the bonus counter; None takes it away."""
        text = "" if total_pence is None else f"bonus {instructions.pence(total_pence)}"
        if text != self._bonus.text:
            self._bonus.text = text

    def set_page(self, markdown: str) -> None:
        """Set the text of a page."""
        self._set(self._page, markdown)

    def set_warning(self, markdown: str) -> None:
        """Set the text of the warning, beforehand: laying a text out takes longer than a flip."""
        self._set(self._warning, markdown)

    def draw_label(self) -> None:
        """Draw the label, if there is one yet."""
        if self._label is not None:
            self._label.draw()

    def draw_reminder(self) -> None:
        """Draw the key choices."""
        self._reminder.draw()

    def draw_bonus(self) -> None:
        """Draw the bonus counter."""
        self._bonus.draw()

    def draw_page(self) -> None:
        """Draw a page."""
        for text in self._page:
            text.draw()

    def draw_warning(self) -> None:
        """Fill the screen with the warning."""
        self._warning_ground.draw()
        for text in self._warning:
            text.draw()

    def _set(self, page: tuple[Any, Any], markdown: str) -> None:
        heading, body = page
        heading.text, body.text = heading_and_body(markdown)
        _, y = _centre(self._layout, Rectangle(0, 0, 0, self._layout.height_px))
        gap = LINE_GAP * self._layout.text_height_px
        body.pos = (0, y - gap / 2)
        # A text without letters has no size.
        body_height = body.boundingBox[1] if body.text else 0
        heading.pos = (0, y - gap / 2 + body_height / 2 + gap)

    def _text(self, place: Rectangle, height_px: int, align: str) -> Any:  # noqa: ANN401
        x, y = _centre(self._layout, place)
        if align == "right":
            x += place.width / 2
        return self._visual.TextStim(
            self._win,
            text="",
            font="DejaVu Sans",
            height=height_px,
            wrapWidth=place.width,
            color=self._colour,
            pos=(x, y),
            anchorHoriz=align,
            alignText=align,
            autoLog=False,
        )


def _centre(layout: Layout, place: Rectangle) -> tuple[float, float]:
    # PsychoPy counts pixels from the middle of the window.
    x = place.left + place.width / 2 - layout.width_px / 2
    y = place.bottom + place.height / 2 - layout.height_px / 2
    return x, y
