"""A condition: what is done to every clip of it."""

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Modality = Literal["audiovisual", "audio", "visual"]
Attend = Literal["picture", "sound", "both"]
_LONGEST_NAME = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")


class Condition(BaseModel):
    """What is done to every clip of a condition; what it does not say is left as it is.

    Parameters
    ----------
    name : str
        Names the condition's folder and its rows of the manifest.
    modality : {"audiovisual", "audio", "visual"}
        What is left: both, the sound on a black picture, or the picture in silence.
    asynchrony_ms : float
        By how much the sound is late; negative where it comes first.
    edge : {"silence", "cut"}
        What becomes of the time for which there is no sound, or no picture: it stays, silent, or
        both are cut.
    incongruent : bool
        Whether the picture gets the sound of a clip of another class.
    attend : {"picture", "sound", "both"} or None
        What observers are asked about; None for all that is there.
    noise : {"white", "pink", "set"} or None
        Noise in the sound; that of the set has the mean spectrum of all its sounds.
    snr_db : float or None
        Power of the sound over that of the noise, between 50 Hz and 15 kHz.
    contrast : float
        Share of the contrast that is left, about the mean of the clip.
    pixel_noise : float
        Standard deviation of Gaussian noise in every pixel of every picture, of full scale.
    blur_px : float
        Standard deviation of a Gaussian blur.
    low_pass_cpp, high_pass_cpp : float or None
        Cycles per height of the picture at which half of the amplitude is left.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: str = Field(max_length=_LONGEST_NAME)
    modality: Modality = "audiovisual"
    asynchrony_ms: float = Field(0.0, ge=-2000, le=2000)
    edge: Literal["silence", "cut"] = "silence"
    incongruent: bool = False
    attend: Attend | None = None
    noise: Literal["white", "pink", "set"] | None = None
    snr_db: float | None = Field(None, ge=-40, le=40)
    contrast: float = Field(1.0, gt=0, le=1)
    pixel_noise: float = Field(0.0, ge=0, le=1)
    blur_px: float = Field(0.0, ge=0, le=1000)
    low_pass_cpp: float | None = Field(None, gt=0, le=10_000)
    high_pass_cpp: float | None = Field(None, gt=0, le=10_000)

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is not a condition's name; write letters and digits, and behind the "
                "first one of them _ . + and - as well"
            )
        return name

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.noise is None) != (self.snr_db is None):
            raise ValueError(f"{self.name}: noise and snr_db go together; give both or neither")
        if self.modality != "audiovisual" and (self.incongruent or self.asynchrony_ms):
            raise ValueError(
                f"{self.name}: incongruent and asynchrony_ms need sound and picture; leave them "
                f"out of a condition whose modality is {self.modality}"
            )
        low, high = self.low_pass_cpp, self.high_pass_cpp
        if low is not None and high is not None and low <= high:
            raise ValueError(
                f"{self.name}: nothing is left below {low:g} and above {high:g} cycles; write a "
                "low_pass_cpp above high_pass_cpp"
            )
        if self.modality == "visual" and self.noise:
            raise ValueError(f"{self.name}: there is no sound for the noise; leave noise out")
        if self.modality == "audio" and self.changes_picture:
            raise ValueError(f"{self.name}: the picture is black; leave what changes it out")
        if self.attend not in (None, self._unimodal_attend):
            raise ValueError(f"{self.name}: {self.attend} is not there to attend to")
        return self

    @property
    def _unimodal_attend(self) -> Attend | None:
        one = {"audio": "sound", "visual": "picture"}
        return one.get(self.modality, self.attend)  # type: ignore[return-value]

    @property
    def attended(self) -> Attend:
        """What observers are asked about."""
        return self._unimodal_attend or "both"

    @property
    def is_filtered(self) -> bool:
        """Whether the pictures lose frequencies."""
        return bool(self.blur_px or self.low_pass_cpp or self.high_pass_cpp)

    @property
    def changes_picture(self) -> bool:
        """Whether the pictures are others than the clip's."""
        return self.is_filtered or self.contrast != 1 or bool(self.pixel_noise)

    @property
    def needs_audible(self) -> bool:
        """Whether a sound that is next to silent makes the condition meaningless."""
        if self.modality == "visual":
            return False
        return bool(
            self.modality == "audio" or self.noise or self.incongruent or self.asynchrony_ms
        )
