"""The recognition experiment: its stimuli, what can be answered, and how."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator

from study.tools.wording import counted

MOST_CLASSES = 99  # numbers of two digits
LONGEST_CLASS = 60  # letters of a class


class Recognition(BaseModel):
    """What a study asks in the phase ``recognition``; nothing here is in the paper.

    Parameters
    ----------
    stimuli : str or None
        A folder of clips with a `manifest.csv`, as `curation manipulate` writes it, or of clips in
        folders named by their class; seen from the study folder. None: no such phase.
    alone : bool
        Whether recognition is all that the study has: no training, screening and rating.
    classes : tuple of str
        What can be answered, in the order of the screen; empty for the classes of the stimuli.
    answer : {"grid", "keys"}
        Tiles that are clicked, or whose numbers are typed; or a key for each class.
    keys : tuple of str
        The keys, in the order of `classes`.
    confidence : int
        Levels of "how sure are you?" after each answer; 0 does not ask.
    fixation_s : float
        How long the cross stands before a clip.
    practice : int
        Trials before the first block that do not count; their clips are set aside.
    feedback : bool
        Whether the right answer is said after a practice trial.
    trials_per_block : int
        Trials between two breaks.
    bonus_pence : int
        What a right answer earns, in the smallest unit of the currency; 0 shows no counter.
    markers : {"off", "lsl"}
        Whether onset, offset and answer are sent as markers through Lab Streaming Layer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    stimuli: str | None = None
    alone: bool = False
    classes: tuple[str, ...] = Field((), strict=False, max_length=MOST_CLASSES)
    answer: Literal["grid", "keys"] = "grid"
    keys: tuple[str, ...] = Field((), strict=False)
    confidence: int = Field(0, ge=0, le=9)
    fixation_s: float = Field(0.5, ge=0, le=10)
    practice: NonNegativeInt = Field(0, le=100)
    feedback: bool = True
    trials_per_block: PositiveInt = 40
    bonus_pence: NonNegativeInt = Field(0, le=10_000)
    markers: Literal["off", "lsl"] = "off"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.alone and self.stimuli is None:
            raise ValueError("alone is true, and no stimuli are named")
        if self.confidence == 1:
            raise ValueError("confidence is 1; write 0, which does not ask, or 2 to 9 levels")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("a class stands twice in classes")
        for name in self.classes:
            if not name.strip() or len(name) > LONGEST_CLASS or not name.isprintable():
                raise ValueError(f"{name[:80]!r} is not a class that can be shown on a tile")
        if self.answer == "keys" and not (self.classes and len(self.keys) == len(self.classes)):
            raise ValueError(
                f"answer is keys, with {counted(len(self.keys), 'key')} for "
                f"{counted(len(self.classes), 'class', 'classes')}; write both, as many of each"
            )
        if self.answer == "grid" and self.keys:
            raise ValueError('keys need answer = "keys"')
        return self

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        for key in self.keys:
            if len(key) != 1 or not (key.isascii() and key.isalnum() and key == key.lower()):
                raise ValueError(f"{key!r} is not a key for an answer; write a to z or 0 to 9")
        if len(set(self.keys)) != len(self.keys):
            raise ValueError("a key stands for two classes")
        return self
