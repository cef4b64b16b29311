"""What somebody types, letter by letter: pure."""

from dataclasses import dataclass, replace

LONGEST = 12
ENTER, DELETE = "return", "backspace"
_SHIFTS = ("lshift", "rshift")


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed up to now.

    Parameters
    ----------
    is_capital : bool
        Whether the key before was shift.
    is_done : bool
        Whether enter was pressed after something else.
    """

    text: str = ""
    is_capital: bool = False
    is_done: bool = False

    def after(self, key: str) -> "Typed":
        """Return what is typed after another key; keys without a letter or digit do nothing.

        Examples
        --------
        >>> typed = Typed()
        >>> for key in ("lshift", "p", "0", "2", "backspace", "3", "return"):
        ...     typed = typed.after(key)
        >>> typed.text, typed.is_done
        ('P03', True)
        """
        if key in _SHIFTS:
            return replace(self, is_capital=True)
        if key == ENTER:
            return replace(self, is_done=bool(self.text))
        if key == DELETE:
            return Typed(self.text[:-1])
        if len(key) == 1 and key.isalnum() and len(self.text) < LONGEST:
            return Typed(self.text + (key.upper() if self.is_capital else key))
        return replace(self, is_capital=False)
