"""What keeps the task from beginning, on the screen: for whoever started it from an icon.

No window of PsychoPy is there, and perhaps none can be: this needs an X server and nothing else.
"""

import select
import textwrap

from PIL import Image, ImageColor, ImageDraw, ImageFont
from Xlib import X, display

from annotator.window.moment import Look

PATIENCE_S = 600.0  # nobody may be there
_COLUMNS = 80  # letters of a line of small print
_USUAL_SHARE, _SMALL_SHARE = 0.6, 0.5


def picture(look: Look, problem: str, below: str, size_px: tuple[int, int]) -> Image.Image:
    """Return the heading, code and key below it, and the problem in small print.

    `below`: the code of the problem and which key goes on; `size_px`: of the screen.
    """
    line_px = look.line_px(size_px)
    image = Image.new("RGB", size_px, look.background)
    draw, middle = ImageDraw.Draw(image), (size_px[0] // 2, size_px[1] // 2)
    heading = ImageFont.truetype(look.font, round(1.2 * line_px))
    draw.text(middle, look.text, fill=look.foreground, font=heading, anchor="md")
    small = ImageFont.truetype(look.font, max(10, round(_SMALL_SHARE * line_px)))
    lines = "\n".join(textwrap.wrap(" ".join(problem.split()), _COLUMNS))
    usual = ImageFont.truetype(look.font, max(10, round(_USUAL_SHARE * line_px)))
    place = (middle[0], middle[1] + line_px)
    draw.text(place, below, fill=look.foreground, font=usual, anchor="ma")
    place = (middle[0], middle[1] + 3 * line_px)
    draw.multiline_text(place, lines, fill=look.foreground, font=small, anchor="ma", align="center")
    return image


def show(look: Look, problem: str, below: str, patience_s: float = PATIENCE_S) -> None:
    """Show it above all windows until a key is pressed, or for so long."""
    connection = display.Display()
    screen = connection.screen()
    size_px = (screen.width_in_pixels, screen.height_in_pixels)
    red, green, blue = ImageColor.getrgb(look.background)[:3]
    window = screen.root.create_window(
        0, 0, *size_px, 0, screen.root_depth,
        background_pixel=red << 16 | green << 8 | blue,
        override_redirect=True,
        event_mask=X.ExposureMask | X.KeyPressMask,
    )  # fmt: skip
    shown, pen = picture(look, problem, below, size_px), window.create_gc()
    window.map()
    connection.sync()
    # A window above all others is given no keys unless it takes them.
    window.grab_keyboard(True, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    connection.sync()
    while True:
        if (
            not connection.pending_events()
            and not select.select([connection], [], [], patience_s)[0]
        ):
            break
        event = connection.next_event()
        if event.type == X.Expose:
            window.put_pil_image(pen, 0, 0, shown)
            connection.sync()
        elif event.type == X.KeyPress:
            break
    connection.close()
