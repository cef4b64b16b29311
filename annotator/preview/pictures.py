"""Screens as pictures, made as the window makes them, and what is wrong with each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageColor, ImageDraw

from annotator.preview.every_screen import Sample, every_page, every_question, pages_of
from annotator.recognition.picture import picture_of
from annotator.recognition.question import Question
from annotator.recognition.tiles import tiles
from annotator.task.layout import Layout, task_layout
from annotator.task.typesetting import (
    Ink,
    Set,
    set_bonus,
    set_label,
    set_notice,
    set_page,
    set_reminder,
)
from instructions.fonts import find_font
from study.config.sizes import sizes_on
from study.config.study import Study
from study.vocabulary import Phase

LEGIBLE_PX = 14  # of letters, on any screen
LEAST_SHRUNK = 0.75
LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
_CLIP = "#4a5560"


@dataclass(frozen=True, slots=True)
class Shot:
    """A screen as a picture.

    Parameters
    ----------
    faults : tuple of str
        What is wrong with it, a sentence each.
    """

    name: str
    picture: Image.Image
    faults: tuple[str, ...] = ()


def shots(study: Study, sample: Sample, width_px: int, height_px: int) -> Iterator[Shot]:
    """Yield every screen of a study as it stands on a screen of this size.

    Raises ConfigError if a text cannot be read or filled in, or its font is not there.
    """
    painter = _Painter(study, width_px, height_px)
    rating = pages_of(study, Phase.ANNOTATION, sample)
    bonus = painter.bonus(rating.counter(2310))
    for name, page in every_page(study, sample).items():
        text = set_page(page.text, painter.layout, painter.ink, page.small_print)
        yield painter.shot(name, text, bonus)
    label = set_label(sample.label, painter.layout, painter.ink)
    reminder = set_reminder(rating.reminder(offers_slip=True), painter.layout, painter.ink)
    yield painter.shot("task", label, bonus, with_clip=True)
    yield painter.shot("prompt", label, reminder, bonus)
    for name, notice in rating.notices().items():
        said = set_notice(notice, painter.layout, painter.ink)
        yield painter.shot(name, label, reminder, said, bonus)
    for question in every_question(study, sample):
        yield painter.question(question)
    yield painter.warning(rating.warning())


def faults_of_screen(study: Study, width_px: int, height_px: int) -> Iterator[str]:
    """Yield what is wrong with sizes and colours on a screen of this size."""
    screen, layout = study.config.screen, task_layout(study.config.screen, width_px, height_px)
    asked = sizes_on(screen, height_px, width_px)
    box = layout.clip_box
    if (box.width, box.height) != (asked.max_clip_width_px, asked.max_clip_height_px):
        yield (
            f"on {width_px}x{height_px} the place of the clip is {box.width}x{box.height} pixels "
            f"instead of {asked.max_clip_width_px}x{asked.max_clip_height_px}, and larger clips "
            "are shown smaller than the study asks for. Make the sizes of [screen] smaller"
        )
    if layout.small_text_height_px < LEGIBLE_PX:
        yield (
            f"on {width_px}x{height_px} most letters are {layout.small_text_height_px} pixels "
            f"high, and {LEGIBLE_PX} can be read. Make screen.text_height_px larger, or "
            'screen.scale = "auto"'
        )
    for ground in ("background", "warning_background"):
        ratio = contrast(screen.foreground, getattr(screen, ground))
        if ratio < LEAST_CONTRAST:
            yield (
                f"screen.foreground on screen.{ground} has a contrast of {ratio:.1f}, and "
                f"{LEAST_CONTRAST} can be read by everybody. Choose other colours"
            )


def contrast(colour: str, ground: str) -> float:
    """Return the contrast of two colours, from 1 to 21, as WCAG defines it.

    Examples
    --------
    >>> contrast("white", "black"), contrast("white", "white")
    (21.0, 1.0)
    """
    one, other = sorted((_luminance(colour), _luminance(ground)))
    return (other + 0.05) / (one + 0.05)


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in ImageColor.getrgb(colour)[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class _Painter:
    def __init__(self, study: Study, width_px: int, height_px: int) -> None:
        screen = study.config.screen
        font = find_font(screen.font)
        self.layout: Layout = task_layout(screen, width_px, height_px)
        self.ink = Ink(font, screen.foreground, screen.background)
        self._warning_ink = Ink(font, screen.foreground, screen.warning_background)

    def bonus(self, text: str) -> Set:
        return set_bonus(text, self.layout, self.ink)

    def warning(self, text: str) -> Shot:
        found = set_page(text, self.layout, self._warning_ink)
        return self._shot("warning", self._warning_ink.ground, [found])

    def question(self, question: Question) -> Shot:
        layout, size = self.layout, (self.layout.width_px, self.layout.height_px)
        letters_px = layout.small_text_height_px
        places = tiles(
            len(question.entry.options), *size, margin_px=layout.clip_box.left,
            letters_px=letters_px,
        )  # fmt: skip
        picture = picture_of(
            question, places, size, font=self.ink.font.regular.path, letters_px=letters_px,
            colours=(self.ink.ground, self.ink.colour),
        )  # fmt: skip
        return Shot(question.name, Image.fromarray(picture))

    def shot(self, name: str, *texts: Set, with_clip: bool = False) -> Shot:
        return self._shot(name, self.ink.ground, texts, with_clip=with_clip)

    def _shot(
        self, name: str, ground: str, texts: Sequence[Set], *, with_clip: bool = False
    ) -> Shot:
        layout = self.layout
        image = Image.new("RGB", (layout.width_px, layout.height_px), ground)
        if with_clip:
            box = layout.clip_box
            corners = (box.left, layout.height_px - box.top, box.right - 1,
                       layout.height_px - box.bottom - 1)  # fmt: skip
            ImageDraw.Draw(image).rectangle(corners, fill=_CLIP)
        for text in texts:
            for piece in text.pieces:
                corner = piece.place.left, layout.height_px - piece.place.top
                image.paste(Image.fromarray(piece.pixels), corner)
        return Shot(name, image, tuple(self._faults(name, texts)))

    def _faults(self, name: str, texts: Sequence[Set]) -> Iterator[str]:
        where = f"{name} on {self.layout.width_px}x{self.layout.height_px}"
        for text in texts:
            if not text.fits:
                yield f"{where}: the text does not fit. Make it shorter"
            elif text.shrunk < LEAST_SHRUNK:
                yield (
                    f"{where}: the letters are shrunk to {text.shrunk:.0%} so that the text fits. "
                    "Make it shorter"
                )
