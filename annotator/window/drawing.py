"""The texts on the screen, each set as a picture once and drawn from the graphics card."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import ImageColor

from annotator.task.layout import Layout, Rectangle
from annotator.task.typesetting import (
    Ink,
    Piece,
    Set,
    set_bonus,
    set_label,
    set_notice,
    set_page,
    set_reminder,
)
from annotator.window.texture import Texture
from instructions.fonts import find_font
from study.config.screen import Screen


class _Print:
    """Pieces of a text on the graphics card; setting another text keeps the textures."""

    def __init__(self, win: Any) -> None:  # noqa: ANN401
        self._win = win
        self._textures: list[Texture] = []
        self._pieces: tuple[Piece, ...] = ()

    def show(self, text: Set) -> None:
        """Copy another text to the graphics card."""
        while len(self._textures) < len(text.pieces):
            self._textures.append(Texture(self._win))
        for texture, piece in zip(self._textures, text.pieces, strict=False):
            texture.upload(piece.pixels)
        self._pieces = text.pieces

    def draw(self) -> None:
        """Draw it in its place."""
        for texture, piece in zip(self._textures, self._pieces, strict=False):
            texture.draw(piece.place)


class Drawing:
    """Draw texts where the layout says."""

    def __init__(self, win: Any, layout: Layout, screen: Screen) -> None:  # noqa: ANN401
        font = find_font(screen.font)
        self._layout = layout
        self._ink = Ink(font, screen.foreground, screen.background)
        self._warning_ink = Ink(font, screen.foreground, screen.warning_background)
        self._label, self._bonus = _Print(win), _Print(win)
        self._reminder, self._slip_reminder = _Print(win), _Print(win)
        self._page, self._warning = _Print(win), _Print(win)
        self._win = win
        self._notices: dict[str, _Print] = {}
        self._ground = Texture(win)
        ground = ImageColor.getrgb(screen.warning_background)[:3]
        self._ground.upload(np.array([[ground]], np.uint8))
        self._said: dict[str, object] = {}

    def set_label(self, label: str) -> None:
        """Set the label of the clip."""
        if self._is_new("label", label):
            self._label.show(set_label(label, self._layout, self._ink))

    def set_reminder(self, markdown: str, with_slip: str = "") -> None:
        """Set the key choices, and those with the key that flags a slip, where there is one."""
        self._reminder.show(set_reminder(markdown, self._layout, self._ink))
        self._slip_reminder.show(set_reminder(with_slip or markdown, self._layout, self._ink))

    def set_bonus(self, text: str) -> None:
        """Set the bonus counter; an empty text removes it."""
        if self._is_new("bonus", text):
            self._bonus.show(set_bonus(text, self._layout, self._ink))

    def set_notices(self, texts: Mapping[str, str]) -> None:
        """Set what acknowledges a key, in advance, by its names."""
        for name, text in texts.items():
            self._notices[name] = _Print(self._win)
            self._notices[name].show(set_notice(text, self._layout, self._ink))

    def set_page(self, markdown: str, small_print: str = "") -> None:
        """Set the text of a page."""
        if self._is_new("page", (markdown, small_print)):
            self._page.show(set_page(markdown, self._layout, self._ink, small_print))

    def set_warning(self, markdown: str) -> None:
        """Set the text of the warning, in advance: setting a text takes longer than a flip."""
        self._warning.show(set_page(markdown, self._layout, self._warning_ink))

    def draw_label(self) -> None:
        """Draw the label, if there is one yet."""
        self._label.draw()

    def draw_reminder(self, *, offers_slip: bool = False) -> None:
        """Draw the key choices."""
        (self._slip_reminder if offers_slip else self._reminder).draw()

    def draw_notice(self, name: str) -> None:
        """Draw what is acknowledged, if anything is."""
        if name in self._notices:
            self._notices[name].draw()

    def draw_bonus(self) -> None:
        """Draw the bonus counter."""
        self._bonus.draw()

    def draw_page(self) -> None:
        """Draw a page."""
        self._page.draw()

    def draw_warning(self) -> None:
        """Fill the screen with the warning."""
        self._ground.draw(Rectangle(0, 0, self._layout.width_px, self._layout.height_px))
        self._warning.draw()

    def _is_new(self, what: str, text: object) -> bool:
        is_new = self._said.get(what) != text
        self._said[what] = text
        return is_new
