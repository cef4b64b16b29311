"""A question with options, and how keys answer it: one for each option, or its number typed."""

from dataclasses import dataclass
from functools import cached_property

CLICK = "click_"  # begins the name of an option's tile, which is a key on the screen
ERASE = "backspace"
_DIGITS = frozenset("0123456789")


@dataclass(frozen=True)
class Entry:
    """The options of a question, and the keys that choose them.

    Parameters
    ----------
    options : tuple of str
        What can be answered, in the order of the screen.
    own_keys : tuple of str
        A key for each option; empty where their numbers are typed.

    Examples
    --------
    >>> entry = Entry(("barking", "frying"))
    >>> entry.pressed("", "2")
    ('', 1)
    """

    options: tuple[str, ...]
    own_keys: tuple[str, ...] = ()

    @property
    def n_digits(self) -> int:
        """How many digits a number has; all have as many, so that each ends by itself."""
        return len(str(len(self.options)))

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """Return what stands on each option's tile: its key or its number."""
        if self.own_keys:
            return self.own_keys
        return tuple(f"{i:0{self.n_digits}}" for i in range(1, len(self.options) + 1))

    def keys_of(self, option: int) -> tuple[str, ...]:
        """Return the keys that choose an option, one after the other."""
        sign = self.signs[option]
        return (sign,) if self.own_keys else tuple(sign)

    def is_task_key(self, key: str) -> bool:
        """Return whether a key has a part in answering."""
        if key.startswith(CLICK):
            return self._clicked(key) is not None
        return key in self.own_keys if self.own_keys else key in _DIGITS or key == ERASE

    def pressed(self, typed: str, key: str) -> tuple[str, int | None]:
        """Return what stands typed after a key, and the option that is chosen by it.

        A number that no option has is as if it had not been typed.

        Parameters
        ----------
        typed : str
            The digits before it.
        """
        if key.startswith(CLICK):
            clicked = self._clicked(key)
            return (typed if clicked is None else ""), clicked
        if self.own_keys:
            return "", self.own_keys.index(key) if key in self.own_keys else None
        if key == ERASE:
            return typed[:-1], None
        if key not in _DIGITS:
            return typed, None
        number = typed + key
        if len(number) < self.n_digits:
            return number, None
        return "", self.signs.index(number) if number in self.signs else None

    def _clicked(self, key: str) -> int | None:
        number = key.removeprefix(CLICK)
        known = {str(i) for i in range(len(self.options))}
        return int(number) if number in known else None


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is answered by its tiles or their keys.

    Parameters
    ----------
    name : str
        What it is, such as ``"question_both"``; screenshots bear it.
    text : str
        What it asks, in a line.
    entry : Entry
        What can be answered, and how.
    """

    name: str
    text: str
    entry: Entry
