"""How the task looks and sounds."""

import re
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    field_validator,
)

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_USUAL = ("black", "white", "gray", "darkred")


class Screen(BaseModel):
    """Colours and sizes of the task screen (Paper: Figure 1).

    Parameters
    ----------
    width_px, height_px : int or None
        Size of the window; None fills the screen.
    margin_px : int
        Distance of the clip's left and bottom edge, and of the texts, from the screen's edges.
    max_clip_width_px, max_clip_height_px : int
        The box that a clip is scaled down to fit; smaller clips keep their size.
    background, foreground, warning_background : str
        Colours, by name or as ``#rrggbb``.
    text_height_px : int
        Height of the label; other texts are set smaller in proportion.
    audio_path : {"psychtoolbox", "sounddevice"}
        How sound is played; never changed silently.
    sample_rate_hz : int
        Rate to which all sound is brought.
    audio_lead_s : float
        How long before the flip of the first frame the sound is scheduled.
    measured_lead : bool
        Whether the lead that `check-rig` has found safe for the sound device is used instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    width_px: PositiveInt | None = None
    height_px: PositiveInt | None = None
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
