"""Which key does what."""

import re
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from study.vocabulary import Rating

# Digits of the number pad count as digits; the two enter keys are one.
SAME_AS = {f"num_{digit}": str(digit) for digit in range(10)} | {
    "num_enter": "return",
    "enter": "return",
}
ESCAPE_KEY = "escape"  # always asks whether to leave
_NAMED = (
    "space", "return", "tab", "backspace", "insert", "delete", "home", "end", "pageup", "pagedown",
    "up", "down", "left", "right", "comma", "period", "minus", "equal", "semicolon", "apostrophe",
    "slash", "backslash", "bracketleft", "bracketright", "pause", "scrolllock",
)  # fmt: skip
_PATTERN = re.compile(r"[a-z0-9]|f([1-9]|1[0-2])")
_PRINTED = {"return": "enter", "up": "↑", "down": "↓", "left": "←", "right": "→"}


class Keys(BaseModel):
    """The keys of the task, by PsychoPy's names (Paper: Annotation Procedure).

    Parameters
    ----------
    unclean, moderately_clean, very_clean : str
        The ratings 1, 2 and 3.
    replay : str
        Plays the clip again.
    pause : str
        The experimenter's: begins a pause and ends it.
    leave : str
        Confirms that the participant wants to leave.
    go_on : str
        Ends a page that is the experimenter's to end.
    louder, softer : str
        Set the level of the headphones.
    disturbed : str or None
        The experimenter's: flags the trial that is on the screen as disturbed; not set
        where another key is ``"f9"``.
    slip : str or None
        The participant's: flags the rating before as a slip (another key was meant), without
        changing it or the bonus; None for no such key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    unclean: str = "1"
    moderately_clean: str = "2"
    very_clean: str = "3"
    replay: str = "space"
    pause: str = "f10"  # far from the task keys
    leave: str = "y"
    go_on: str = "return"
    louder: str = "up"
    softer: str = "down"
    disturbed: str | None = "f9"
    slip: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _leave_taken_key(cls, given: Any) -> Any:  # noqa: ANN401
        # A study that is older than this key may use its default for something else.
        is_table = isinstance(given, dict) and "disturbed" not in given
        return {**given, "disturbed": None} if is_table and "f9" in given.values() else given

    @model_validator(mode="after")
    def _check(self) -> Self:
        chosen: dict[str, str] = {}
        for action, key in self:
            if key is None:
                continue
            if key in SAME_AS:
                raise ValueError(f"{action} is {key}, which counts as {SAME_AS[key]}; write that")
            if key == ESCAPE_KEY:
                raise ValueError(f"{action} is escape, which always asks whether to leave")
            if key not in _NAMED and not _PATTERN.fullmatch(key):
                raise ValueError(
                    f"{action} is {key!r}, and no key is called so; letters, digits, f1 to f12 "
                    f"and {', '.join(_NAMED)} are known"
                )
            if key in chosen:
                raise ValueError(f"{chosen[key]} and {action} are both {key}")
            chosen[key] = action
        return self

    @property
    def ratings(self) -> dict[str, Rating]:
        """The rating that each rating key gives."""
        return {
            self.unclean: Rating.UNCLEAN,
            self.moderately_clean: Rating.MODERATELY_CLEAN,
            self.very_clean: Rating.VERY_CLEAN,
        }

    @property
    def task(self) -> frozenset[str]:
        """The keys that a participant uses in a trial."""
        return frozenset({*self.ratings, self.replay})

    def key_of(self, rating: Rating) -> str:
        """Return the key that gives a rating."""
        return next(key for key, given in self.ratings.items() if given is rating)

    def instead_of(self, paper_key: str) -> str:
        """Return the key that does here what a key does in the paper.

        `paper_key`: what simulated people press.
        """
        if paper_key == PAPER_KEYS.replay:
            return self.replay
        return self.key_of(PAPER_KEYS.ratings[paper_key])

    def named(self) -> dict[str, str]:
        """Return what participants read: ``key_<action>`` and the key as it is printed.

        Examples
        --------
        >>> Keys().named()["key_go_on"]
        'enter'
        """
        return {f"key_{action}": printed(key) for action, key in self if key is not None}


PAPER_KEYS = Keys()


def printed(key: str) -> str:
    """Return a key as participants know it.

    Examples
    --------
    >>> printed("f10"), printed("up"), printed("space")
    ('F10', '↑', 'space')
    """
    if key in _PRINTED:
        return _PRINTED[key]
    return key.upper() if len(key) > 1 and key[1:].isdigit() else key
