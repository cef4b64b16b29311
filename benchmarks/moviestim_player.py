"""Rate clips in a script of the usual kind around PsychoPy's MovieStim, and print its waits.

A MovieStim per trial, `play()`, `draw()` and a flip per refresh until it has finished, then a
prompt; space replays, a digit goes on. Texts, window, pacing and keyboard are the annotator's. The
first frame is seen by reading a pixel of what is about to be shown (see `dated_clip`).

Run by rating_waits.py: python -m benchmarks.moviestim_player CLIP [CLIP ...]
"""

import ctypes
import json
import sys
from pathlib import Path
from typing import Any

from annotator.task.layout import Layout, task_layout
from annotator.window.drawing import Drawing
from annotator.window.keys.keyboard import Keyboard
from annotator.window.window import TaskWindow
from benchmarks.dated_clip import CORNER_PX, is_beginning
from study.config.screen import Screen

SIZE_PX = (1280, 800)
PATIENCE_S = 20.0


class Player:
    """The script's window, keyboard and texts."""

    def __init__(self) -> None:
        screen = Screen(width_px=SIZE_PX[0], height_px=SIZE_PX[1])
        self.window = TaskWindow(screen)
        self.layout: Layout = task_layout(screen, *self.window.size_px)
        self.drawing = Drawing(self.window.win, self.layout, screen)
        self.drawing.set_reminder(
            "# Keys\n1 unclean, 2 moderately clean, 3 very clean\nspace: again"
        )
        self.keyboard = Keyboard()
        self.waits: list[dict[str, Any]] = []

    def movie(self, path: Path) -> Any:  # noqa: ANN401
        """Open a movie at the clip's place."""
        from psychopy import visual

        box, (width, height) = self.layout.clip_box, SIZE_PX
        return visual.MovieStim(
            self.window.win,
            str(path),
            units="pix",
            size=(box.width, box.height),
            pos=(box.left - width / 2, box.bottom - height / 2),
            anchor="bottom-left",
        )

    def play(self, movie: Any, asked: tuple[str, float] | None) -> None:  # noqa: ANN401
        """Play to the end; note how long after the key the first frame was shown."""
        begun, begin_s = False, self.window.next_flip_s()
        while not movie.isFinished:
            movie.draw()
            self.drawing.draw_label()
            begins = not begun and is_beginning(self.corner())
            shown_s = self.window.flip()
            if begins:
                begun = True
                if asked is not None:
                    kind, asked_s = asked
                    self.waits.append({"asked_by": kind, "wait_ms": 1000 * (shown_s - asked_s)})
            if shown_s > begin_s + PATIENCE_S:
                raise RuntimeError("the movie does not end")

    def prompt(self) -> tuple[str, float]:
        """Wait for a key; return it and its time."""
        self.keyboard.forget()
        while True:
            self.drawing.draw_label()
            self.drawing.draw_reminder()
            self.window.flip()
            for press in self.keyboard.take_presses(0.0):
                return press.key, press.t_s

    def corner(self) -> int:
        """Return the brightness of the clip's corner in what was drawn last."""
        import pyglet.gl as gl

        pixel = (ctypes.c_ubyte * 4)()
        box, inside = self.layout.clip_box, CORNER_PX // 2
        gl.glReadPixels(
            box.left + inside, box.bottom + inside, 1, 1, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, pixel
        )
        return int(pixel[0])


def main() -> None:
    """Rate all clips."""
    player = Player()
    asked = None
    for path in map(Path, sys.argv[1:]):
        movie = player.movie(path)
        player.drawing.set_label("barking")
        movie.play()
        player.play(movie, asked)
        key, asked_s = player.prompt()
        while key == "space":
            movie.replay()
            player.play(movie, ("replay", asked_s))
            key, asked_s = player.prompt()
        asked = ("next clip", asked_s)
        movie.unload()
    player.window.close()
    print(json.dumps(player.waits))


if __name__ == "__main__":
    main()
