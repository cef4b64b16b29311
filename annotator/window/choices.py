"""Questions with tiles, the cross before a clip, and clicks."""

from collections.abc import Callable
from typing import Any

from annotator.recognition.picture import cross_picture, picture_of, typed_picture
from annotator.recognition.question import Question
from annotator.recognition.tiles import FOOT_SHARE, clicked, tiles
from annotator.task.layout import Layout, Rectangle
from annotator.task.trial import KeyPressed
from annotator.window.texture import Texture
from instructions.fonts import find_font
from study.config.screen import Screen

_CROSS_SHARE = 1.2  # of the label's letters


class Choices:
    """What a recognition trial draws besides its clip, and the mouse that answers it.

    Parameters
    ----------
    win : psychopy.visual.Window
        Where it is drawn.
    clock : callable
        Seconds on the session clock.
    """

    def __init__(
        self,
        win: Any,  # noqa: ANN401
        layout: Layout,
        screen: Screen,
        clock: Callable[[], float],
    ) -> None:
        self._win, self._layout, self._clock = win, layout, clock
        self._font = find_font(screen.font).regular.path
        self._colours = (screen.background, screen.foreground)
        self._texture, self._typed, self._cross = (Texture(win) for _ in range(3))
        self._question: Question | None = None
        self._places: list[Rectangle] = []
        self._cross_px = round(_CROSS_SHARE * layout.text_height_px)
        self._cross.upload(cross_picture(self._cross_px, self._colours))
        self._presses: list[KeyPressed] = []
        self._is_shown = False
        win.winHandle.push_handlers(on_mouse_press=self._on_press)

    def set(self, question: Question) -> None:
        """Set a question; its picture is made once."""
        if question != self._question:
            layout, letters_px = self._layout, self._layout.small_text_height_px
            self._places = tiles(
                len(question.entry.options), layout.width_px, layout.height_px,
                margin_px=layout.clip_box.left, letters_px=letters_px,
            )  # fmt: skip
            picture = picture_of(
                question, self._places, (layout.width_px, layout.height_px), font=self._font,
                letters_px=letters_px, colours=self._colours,
            )  # fmt: skip
            self._texture.upload(picture)
            self._question = question
        self.set_typed("")

    def set_typed(self, typed: str) -> None:
        """Set the digits that are typed so far."""
        letters_px = self._layout.small_text_height_px
        width_px = self._layout.bonus.left - self._layout.clip_box.left
        height_px = max(1, round(FOOT_SHARE * letters_px))
        picture = typed_picture(
            typed, width_px, height_px, font=self._font, letters_px=letters_px,
            colours=self._colours,
        )  # fmt: skip
        self._typed.upload(picture)
        margin_px = self._layout.clip_box.left
        # Tiles begin where this ends.
        self._typed_place = Rectangle(margin_px, margin_px, width_px, height_px)

    def show(self, *, is_shown: bool) -> None:
        """Show the mouse while it can answer, and hear it only then."""
        if is_shown != self._is_shown:
            self._is_shown = is_shown
            self._win.mouseVisible = is_shown
            self._presses = []

    def draw(self) -> None:
        """Draw the question."""
        layout = self._layout
        self._texture.draw(Rectangle(0, 0, layout.width_px, layout.height_px))
        self._typed.draw(self._typed_place)

    def draw_cross(self, clip: Rectangle) -> None:
        """Draw the cross in the middle of where the clip will stand."""
        side = self._cross_px
        left = clip.left + (clip.width - side) // 2
        bottom = clip.bottom + (clip.height - side) // 2
        self._cross.draw(Rectangle(left, bottom, side, side))

    def take_clicks(self) -> list[KeyPressed]:
        """Return the tiles that were clicked since the last call, as keys."""
        if not self._is_shown:
            return []
        # While nothing is drawn, nobody else asks the window what happened.
        self._win.winHandle.dispatch_events()
        presses, self._presses = self._presses, []
        return presses

    def _on_press(self, x_px: float, y_px: float, _button: int, _modifiers: int) -> None:
        key = clicked(self._places, x_px, y_px) if self._is_shown else None
        if key is not None:
            self._presses.append(KeyPressed(key, self._clock()))
