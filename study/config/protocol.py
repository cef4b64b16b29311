"""The paper's numbers, each with the heading that states it."""

import math
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from study.config.older_keys import in_present_keys

SCREENING_PASS_SHARE = 38 / 41  # Paper: Quality Control
# What ratings can decide: the two questions of Figure 2, whether all said 3, and whether raters
# agree on one of 1, 2 and 3 (more than half of them, or all).
# A class list is decided once a class has its prominent clips for certain, or cannot have them.
Question = Literal["prominent", "present", "unanimous", "majority", "agreement", "class_list"]
MOST_CERTAIN = 5  # ratings of a clip under the certain rule
OF_CERTAIN = ("certainty", "audit_share", "test_certainty", "prior")  # keys of that rule alone
OF_ALL_GIVEN: frozenset[Question] = frozenset({"majority", "agreement"})


class Protocol(BaseModel):
    """The annotation protocol; the defaults are the paper's, and its heading stands with each.

    Another laboratory changes a number in its `study.toml`, never in the code that uses it.

    Parameters
    ----------
    clip_s : float
        Length of a clip (Paper: Selection of MIT Videos).
    ratings_per_clip : int
        How many people rate a clip (Paper: Annotation Procedure).
    rating_rule : {"all", "until_decided", "until_certain"}
        ``"all"``: every clip gets `ratings_per_clip`. Not in the paper: ``"until_decided"``, only
        as many as answer the questions of `decide`, or ``"until_certain"``, as many as make an
        answer probable.
    decide : tuple of str or None
        Not in the paper. With ``"until_decided"``: ``["prominent"]`` (the default there),
        ``"present"``, ``"unanimous"`` or several of these; or one of ``"majority"`` and
        ``"agreement"``, which ask for more ratings where raters disagree. With
        ``"until_certain"``: ``["prominent"]`` or ``["present"]``, and ``"class_list"`` beside
        ``"prominent"``.
    ratings_at_most : int or None
        Not in the paper. With ``"majority"``, ``"agreement"`` and ``"until_certain"`` (there 5 if
        not set): up to so many ratings.
    certainty : float
        Not in the paper, with ``"until_certain"``: how probable an answer has to be; at most the
        rest may be wrong, or the audit raises the threshold.
    audit_share : float
        Not in the paper, with ``"until_certain"``: share of the clips that get all ratings
        whatever they say, to measure the error.
    test_certainty : float
        Not in the paper, with ``"until_certain"``: how probable a 3 has to be for the test set.
    prior : str or None
        Not in the paper, with ``"until_certain"``: `prior.csv` of ``python -m models prior``, seen
        from the study folder.
    majority : {"strict", "at_least_two"}
        When a clip is prominent (Paper: Test Set). ``"strict"``: more than half of the ratings are
        3; ``"at_least_two"`` reproduces the released lists.
    screening_pass_mark : int or None
        Right answers that pass the screening (Paper: Quality Control); not set: 38 of 41, scaled
        to the classes and rounded up.
    n_ground_truths : int
        Clips that the expert rates before the study (Paper: Quality Control).
    rerating_share : float
        Not in the paper: share of the ground truths that the expert rates again, blind.
    bonus_pence : int
        What a rating earns that matches the ground truth (Paper: Quality Control).
    hourly_rate_pence : int
        Pay by the hour (Paper: Participants).
    class_min_prominent : int
        Prominent clips that a class needs for the test set (Paper: Test Set, class filtering).
    test_size_per_class : int
        Clips of a class in the test set (Paper: Test Set).
    test_frame_rates_hz : tuple of float
        Frame rates of the clips in the test set (Paper: Test Set, "30fps").
    test_frame_rate_tolerance_hz : float
        Not in the paper: how far a clip's frame rate may be from one of `test_frame_rates_hz`. The
        default is half a unit of the last digit of 29.97; a new study has more room for a
        container's clock.
    test_max_odd_steps : int or None
        Not in the paper: how many steps from frame to frame may differ by more than a tenth from
        the others; the rate is then the one that most frames have. Not set: the rate is the
        average, and no frame may stand a quarter longer or shorter than most.
    validation_share : float
        Share of the training lists that is kept for validation (the released lists: 46 of 456, 141
        of 1,406).
    warning_s : float
        Not in the paper: how long the warning after an early press stands.
    trials_per_block : int
        Not in the paper: trials between two breaks, about ten minutes.
    slips_per_block : int
        Not in the paper: how many ratings of a block may be flagged as slips (`keys.slip`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    clip_s: float = Field(3.0, gt=0, le=60)
    ratings_per_clip: PositiveInt = 3
    rating_rule: Literal["all", "until_decided", "until_certain"] = "all"
    decide: tuple[Question, ...] | None = Field(None, strict=False, min_length=1)
    ratings_at_most: PositiveInt | None = Field(None, le=5)
    certainty: float = Field(0.98, gt=0.5, lt=1)
    audit_share: float = Field(0.05, ge=0, le=1)
    test_certainty: float = Field(0.98, gt=0.5, lt=1)
    prior: str | None = None
    majority: Literal["strict", "at_least_two"] = "strict"
    screening_pass_mark: PositiveInt | None = None
    n_ground_truths: PositiveInt = 2000
    rerating_share: float = Field(0.05, ge=0, le=1)
    bonus_pence: NonNegativeInt = 10
    hourly_rate_pence: NonNegativeInt = 600
    class_min_prominent: PositiveInt = 500
    test_size_per_class: PositiveInt = 60
    test_frame_rates_hz: tuple[PositiveFloat, ...] = Field(
        (29.97, 30.0), strict=False, min_length=1
    )
    test_frame_rate_tolerance_hz: float = Field(0.005, gt=0, le=1)
    test_max_odd_steps: NonNegativeInt | None = None
    validation_share: float = Field(0.1, gt=0, lt=1)
    warning_s: NonNegativeFloat = 2.0
    trials_per_block: PositiveInt = 100
    slips_per_block: PositiveInt = 3

    @model_validator(mode="before")
    @classmethod
    def _older_keys(cls, content: Any) -> Any:  # noqa: ANN401
        return in_present_keys(content)

    @field_validator("decide")
    @classmethod
    def _once_each(cls, asked: tuple[Question, ...] | None) -> tuple[Question, ...] | None:
        if asked is not None and len(set(asked)) < len(asked):
            raise ValueError("a question stands there twice. Name each once")
        return asked

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        wrong = _contradiction(self)
        if wrong:
            raise ValueError(wrong)
        return self

    @property
    def questions(self) -> tuple[Question, ...]:
        """What ratings have to decide; none where all ratings are asked for whatever they say."""
        return () if self.rating_rule == "all" else self.decide or ("prominent",)

    @property
    def may_ask_fewer(self) -> bool:
        """Whether a clip may be decided with fewer than `ratings_per_clip`."""
        return bool(self.questions) and not OF_ALL_GIVEN & set(self.questions)

    @property
    def most_ratings(self) -> int:
        """How many ratings a clip can have, further ones included."""
        is_certain = self.rating_rule == "until_certain"
        return self.ratings_at_most or (MOST_CERTAIN if is_certain else self.ratings_per_clip)

    @property
    def certain_question(self) -> Literal["prominent", "present"]:
        """What the certain rule asks of each clip."""
        return "present" if "present" in self.questions else "prominent"

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


def _contradiction(protocol: Protocol) -> str:
    """Return in words which keys do not go together; empty where all do."""
    least, most = protocol.ratings_per_clip, protocol.ratings_at_most
    if protocol.rating_rule != "until_certain":
        usual = Protocol.model_fields
        idle = [key for key in OF_CERTAIN if getattr(protocol, key) != usual[key].default]
        if idle:
            return (
                f'rating_rule is "{protocol.rating_rule}", and {" and ".join(idle)} only count '
                'with rating_rule = "until_certain"'
            )
    if protocol.rating_rule == "all":
        extra = [key for key in ("decide", "ratings_at_most") if getattr(protocol, key) is not None]
        said = f'{" and ".join(extra)} only with rating_rule = "until_decided"'
        return f'rating_rule is "all", which asks for all ratings; {said}' if extra else ""
    if most is not None and most < least:
        return f"ratings_per_clip is {least}, and ratings_at_most is {most}, which is fewer"
    if protocol.rating_rule == "until_certain":
        return _uncertain(protocol)
    if "class_list" in protocol.questions:
        return 'decide names class_list, which only rating_rule = "until_certain" can end'
    of_all = OF_ALL_GIVEN & set(protocol.questions)
    if of_all and set(protocol.questions) - of_all:
        return (
            f"decide names {' and '.join(protocol.questions)}: majority and agreement ask for more "
            "than ratings_per_clip, and the other questions for fewer. Name one kind"
        )
    if most is not None and most > least and not of_all:
        return (
            f"ratings_at_most is {most}, and {' and '.join(protocol.questions)} never needs more "
            f"than the {least} of ratings_per_clip. Leave ratings_at_most out"
        )
    return ""


def _uncertain(protocol: Protocol) -> str:
    """Return in words what the certain rule cannot decide; empty where it can."""
    asked = set(protocol.questions)
    wrong = sorted(asked - {"prominent", "present", "class_list"})
    if wrong:
        return (
            f"decide names {' and '.join(wrong)}, which does not exist under until_certain: it "
            "knows how probable an answer is, and not what everybody would say"
        )
    if len(asked - {"class_list"}) != 1 or asked == {"present", "class_list"}:
        return (
            f"decide names {' and '.join(protocol.questions)}; until_certain asks one of prominent "
            "and present, and class_list beside prominent"
        )
    if protocol.most_ratings < protocol.ratings_per_clip:
        return (
            f"ratings_per_clip is {protocol.ratings_per_clip}, which ground truths and the audit "
            f"get, and a clip gets {protocol.most_ratings} at most"
        )
    return ""


PAPER = Protocol()
