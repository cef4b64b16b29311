"""How the task looks and sounds."""

import re
from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
AUTO_HEIGHT_PX = 1080  # of the screen on which automatic scale is 1
_USUAL = ("black", "white", "gray", "darkred")


class Screen(BaseModel):
    """Colours and sizes of the task screen (Paper: Figure 1).

    Parameters
    ----------
    width_px, height_px : int or None
        Size of the window; None: the whole screen.
    font : str
        The font of all texts, by the name of its family; `study check` names characters that it
        lacks, and the screens refuse them. For Chinese, Japanese and Korean: ``"Noto Sans CJK
        JP"`` (Debian: ``fonts-noto-cjk``).
    units : {"px", "deg"}
        Whether the sizes in pixels count, or those in degrees of visual angle.
    scale : float or "auto"
        What sizes in pixels are multiplied with, those of clips too; ``"auto"``: the height of the
        window in 1080ths, so that screens of all sizes look alike.
    viewing_distance_cm, width_cm : float or None
        From the eyes to the screen, and the width of the whole screen; sizes in degrees need both,
        and where both are set every presentation keeps its size in degrees. A machine with another
        screen has its width in `desk.screen_widths_cm`.
    margin_deg, max_clip_width_deg, max_clip_height_deg, text_height_deg : float
        The sizes in degrees; every clip fills its box.
    margin_px : int
        Distance of the clip's left and bottom edge, and of the texts, from the screen's edges.
    max_clip_width_px, max_clip_height_px : int
        The box that a clip is scaled down to fit; smaller clips keep their size.
    background, foreground, warning_background : str
        Colours, by name or as ``#rrggbb``.
    text_height_px : int
        Height of the label; other texts are set smaller in proportion.
    refresh_hz : float or None
        Pace of a screen without a vertical blank, such as a virtual one; None: the screen's own.
    break_s : float
        Shortest break between two blocks.
    audio_path : {"psychtoolbox", "sounddevice"}
        How sound is played; never changed silently.
    sample_rate_hz : int
        Rate to which all sound is brought.
    audio_lead_s : float
        How long before the flip of the first frame the sound is scheduled.
    measured_lead : bool
        Whether the lead that `check-rig` has found safe for the sound device is used instead, until
        a sound begins late.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    width_px: PositiveInt | None = None
    height_px: PositiveInt | None = None
    font: str = "DejaVu Sans"
    units: Literal["px", "deg"] = "px"
    scale: Literal["auto"] | float = 1.0
    viewing_distance_cm: float | None = Field(None, gt=0, le=1000)
    width_cm: float | None = Field(None, gt=0, le=1000)
    margin_deg: float = Field(1.0, gt=0, le=90)
    max_clip_width_deg: float = Field(16.0, gt=0, le=90)
    max_clip_height_deg: float = Field(12.0, gt=0, le=90)
    text_height_deg: float = Field(1.0, gt=0, le=90)
    margin_px: PositiveInt = 40
    max_clip_width_px: PositiveInt = 640
    max_clip_height_px: PositiveInt = 480
    background: str = "black"
    foreground: str = "white"
    warning_background: str = "darkred"
    text_height_px: PositiveInt = 40
    refresh_hz: PositiveFloat | None = None
    break_s: NonNegativeFloat = 30.0
    audio_path: Literal["psychtoolbox", "sounddevice"] = "psychtoolbox"
    sample_rate_hz: PositiveInt = 48000
    audio_lead_s: float = Field(0.03, gt=0, le=1)
    measured_lead: bool = False

    @field_validator("background", "foreground", "warning_background")
    @classmethod
    def _check_colour(cls, colour: str) -> str:
        # PsychoPy takes grey for a colour that it does not know.
        if colour in _USUAL or _HEX.fullmatch(colour):
            return colour
        from matplotlib.colors import CSS4_COLORS  # slow to import, and seldom needed

        if colour not in CSS4_COLORS:
            raise ValueError(
                f"{colour!r} is not a colour; write #rrggbb or a CSS name such as navy"
            )
        return colour

    @field_validator("scale", mode="before")
    @classmethod
    def _check_scale(cls, scale: object) -> object:
        is_number = isinstance(scale, int | float) and not isinstance(scale, bool)
        if scale == "auto" or (is_number and 0.1 <= scale <= 10):  # type: ignore[operator]
            return scale
        raise ValueError(f'{scale!r} is not a scale; write "auto", or a number from 0.1 to 10')

    @field_validator("font")
    @classmethod
    def _check_font(cls, font: str) -> str:
        if not font.strip() or len(font) > 80 or len(font.splitlines()) != 1:
            raise ValueError(f'{font!r} is not the name of a font, such as "DejaVu Sans"')
        return font

    @model_validator(mode="after")
    def _check_units(self) -> Self:
        if self.units == "px":
            return self
        for key in ("viewing_distance_cm", "width_cm"):
            if getattr(self, key) is None:
                raise ValueError(f'units = "deg" needs {key}: measure it, and add it to [screen]')
        return self
