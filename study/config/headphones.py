"""How loud the headphones may be, and whether they are checked."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, model_validator

STIMULI = ("huggins", "antiphase")


class Headphones(BaseModel):
    """The steps around the headphones; the paper names them and says no more of them.

    Gains are in dB relative to the clip as it is in its file, which plays at 0 dB.

    Parameters
    ----------
    set_level : bool
        Whether the participant sets the level before each session; the level is stored with the
        session (`gain_db`).
    min_gain_db, max_gain_db : float
        The range; without the step all clips play at the upper end.
    start_gain_db : float
        Where the participant begins to set the level.
    gain_step_db : float
        What one press of a key changes.
    check : {"off", "huggins", "antiphase"}
        Whether people have to pass a headphone check, and with which sounds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    set_level: bool = True
    # Louder than in its file a clip would be cut off at full scale.
    max_gain_db: float = Field(0.0, ge=-90, le=0)
    min_gain_db: float = Field(-40.0, ge=-90, le=0)
    start_gain_db: float = Field(-20.0, ge=-90, le=0)
    gain_step_db: PositiveFloat = 2.0
    check: Literal["off", "huggins", "antiphase"] = "off"

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if not self.min_gain_db <= self.start_gain_db <= self.max_gain_db:
            raise ValueError(
                f"min_gain_db {self.min_gain_db:g}, start_gain_db {self.start_gain_db:g} and "
                f"max_gain_db {self.max_gain_db:g} are not in ascending order"
            )
        return self
