"""The paper's numbers, each with the heading that states it."""

import math
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
)

SCREENING_PASS_SHARE = 38 / 41  # Paper: Quality Control


class Protocol(BaseModel):
    """The annotation protocol; the defaults are the paper's.

    Another laboratory changes a number in its `study.toml`, never in the code that uses it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    clip_s: float = Field(3.0, gt=0, le=60)  # Paper: Selection of MIT Videos
    ratings_per_clip: PositiveInt = 3  # Paper: Annotation Procedure
    # Not in the paper: up to so many, where the first ones disagree.
    max_ratings_per_clip: PositiveInt | None = Field(None, le=5)
    further_rating_when: Literal["no_majority", "not_unanimous"] = "no_majority"
    majority: Literal["strict", "at_least_two"] = "strict"  # Paper: Test Set
    screening_pass_mark: PositiveInt | None = None  # Paper: Quality Control, 38 of 41
    n_ground_truths: PositiveInt = 2000  # Paper: Quality Control
    rerating_share: float = Field(0.05, ge=0, le=1)  # not in the paper: what the expert rates again
    bonus_pence: NonNegativeInt = 10  # Paper: Quality Control, per matched ground truth
    hourly_rate_pence: NonNegativeInt = 600  # Paper: Participants
    class_min_prominent: PositiveInt = 500  # Paper: Test Set, class filtering
    test_size_per_class: PositiveInt = 60  # Paper: Test Set
    test_frame_rates_hz: tuple[PositiveFloat, ...] = Field(
        (29.97, 30.0), strict=False, min_length=1
    )  # Paper: Test Set
    # Half a unit of the last digit of 29.97; a new study has more room for a container's clock.
    test_frame_rate_tolerance_hz: float = Field(0.005, gt=0, le=1)
    # None: the average rate counts, and no frame may stand a quarter longer or shorter than most.
    # A number: the rate that most frames have counts, and so many steps may differ from it.
    test_max_odd_steps: NonNegativeInt | None = None
    validation_share: float = Field(0.1, gt=0, lt=1)  # the released lists: 46 of 456, 141 of 1,406
    warning_s: NonNegativeFloat = 2.0  # not in the paper: long enough to read the warning
    trials_per_block: PositiveInt = 100  # not in the paper: a break about every ten minutes

    @field_validator("max_ratings_per_clip")
    @classmethod
    def _not_fewer_than_asked_of_all(cls, most: int | None, info: ValidationInfo) -> int | None:
        least = info.data.get("ratings_per_clip", 1)
        if most is not None and most < least:
            raise ValueError(f"ratings_per_clip is {least}, and a clip cannot have fewer at most")
        return most

    @property
    def most_ratings(self) -> int:
        """How many ratings a clip can have, further ones included."""
        return self.max_ratings_per_clip or self.ratings_per_clip

    def pass_mark(self, n_classes: int) -> int:
        """Return how many screening clips of `n_classes` have to be rated as the expert did.

        Parameters
        ----------
        n_classes : int
            Classes of the study; screening shows one clip of each.

        Returns
        -------
        int
            The configured mark, or 38 of 41 scaled to the classes and rounded up.

        Notes
        -----
        Paper: Quality Control.
        """
        if self.screening_pass_mark is not None:
            return self.screening_pass_mark
        return math.ceil(round(SCREENING_PASS_SHARE * n_classes, 9))


PAPER = Protocol()
