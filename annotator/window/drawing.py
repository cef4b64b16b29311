"""The texts on the screen."""

import re
from collections.abc import Sequence
from typing import Any

import instructions
from annotator.task.layout import Layout, Rectangle
from study.config.screen import Screen

HEADING_SHARE = 1.2  # of the label's letters
LINE_GAP = 1.6
SHRINK, SMALLEST_PX = 0.9, 10  # letters of texts that do not fit, step by step


def heading_and_body(markdown: str) -> tuple[str, str]:
    r"""Split a page into heading and body, without emphasis marks.

    The heading is empty where there is none.

    Parameters
    ----------
    markdown : str
        Text with at most one heading, in its first line.

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
    """Draw texts where the layout says."""

    def __init__(self, win: Any, layout: Layout, screen: Screen) -> None:  # noqa: ANN401
        from psychopy import visual  # cannot be imported without a screen

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
        # A heading and its body, at their usual size.
        self._page_texts = [self._text(inner, size, "center") for size in (heading, small)]
        self._warning_texts = [self._text(inner, size, "center") for size in (heading, small)]
        self._page, self._warning = self._page_texts, self._warning_texts  # as they are drawn
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
            text = self._text(self._layout.label, self._label_height_px, "center", label)
            # One line of letters is a little higher than the letters.
            (self._labels[label],) = self._fitted([text], LINE_GAP * self._layout.label.height)
        self._label = self._labels[label]

    def set_reminder(self, markdown: str) -> None:
        """Set the key choices."""
        self._reminder.text = heading_and_body(markdown)[1]
        (self._reminder,) = self._fitted([self._reminder], self._layout.reminder.height)

    def set_bonus(self, total_pence: int | None) -> None:
        """Set the bonus counter; None removes it."""
        text = "" if total_pence is None else f"bonus {instructions.pence(total_pence)}"
        if text != self._bonus.text:
            self._bonus.text = text

    def set_page(self, markdown: str) -> None:
        """Set the text of a page."""
        self._page = self._laid_out(self._page_texts, markdown)

    def set_warning(self, markdown: str) -> None:
        """Set the text of the warning, in advance: laying out a text takes longer than a flip."""
        self._warning = self._laid_out(self._warning_texts, markdown)

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

    def _laid_out(self, page: Sequence[Any], markdown: str) -> list[Any]:
        layout, gap = self._layout, self._layout.text_height_px
        for text, words in zip(page, heading_and_body(markdown), strict=True):
            text.text = words
        fitted = self._fitted(page, layout.label.top - layout.bonus.top - gap)
        heading_height, body_height = map(_height, fitted)
        # The body in the middle, but not over the bonus, nor the heading over the upper edge.
        lowest = layout.bonus.top + body_height / 2
        highest = layout.label.top - heading_height - gap - body_height / 2
        y = min(max((layout.height_px - gap) / 2, lowest), highest) - layout.height_px / 2
        fitted[0].pos = (0, y + body_height / 2 + gap + heading_height / 2)
        fitted[1].pos = (0, y)
        return fitted

    def _fitted(self, texts: Sequence[Any], room_px: float) -> list[Any]:
        """Return texts with letters small enough to fit below one another."""
        fitted = list(texts)
        while sum(map(_height, fitted)) > room_px and fitted[-1].height > SMALLEST_PX:
            # A text of PsychoPy's that changes its size does not report its new height.
            fitted = [self._smaller(text) for text in fitted]
        return fitted

    def _smaller(self, text: Any) -> Any:  # noqa: ANN401
        smaller = self._stim(SHRINK * text.height, text.wrapWidth, text.anchorHoriz, text.text)
        smaller.pos = text.pos
        return smaller

    def _text(self, place: Rectangle, height_px: float, align: str, text: str = "") -> Any:  # noqa: ANN401
        x, y = _centre(self._layout, place)
        if align == "right":
            x += place.width / 2
        stim = self._stim(height_px, place.width, align, text)
        stim.pos = (x, y)
        return stim

    def _stim(self, height_px: float, width_px: float, align: str, text: str) -> Any:  # noqa: ANN401
        return self._visual.TextStim(
            self._win,
            text=text,
            font="DejaVu Sans",
            height=height_px,
            wrapWidth=width_px,
            color=self._colour,
            anchorHoriz=align,
            alignText=align,
            autoLog=False,
        )


def _height(text: Any) -> float:  # noqa: ANN401
    # A text without letters has no size.
    return float(text.boundingBox[1]) if text.text else 0.0


def _centre(layout: Layout, place: Rectangle) -> tuple[float, float]:
    # PsychoPy counts pixels from the middle of the window.
    x = place.left + place.width / 2 - layout.width_px / 2
    y = place.bottom + place.height / 2 - layout.height_px / 2
    return x, y
