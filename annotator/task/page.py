"""A screen of text."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Page:
    """A screen of text that waits for a key, or for its time to be over.

    Parameters
    ----------
    name : str
        What it is, such as ``"break"``; screenshots bear it.
    text : str
        What it says, as Markdown with one heading.
    keys : tuple of str or None
        The keys that end it; None for any key.
    at_least_s : float
        How long it stands before a key counts.
    while_waiting : callable or None
        Returns what it says until then, by the whole seconds that are left; None for `text`.
    small_print : str
        What the experimenter needs to know, at its foot.
    at_once : tuple of str
        Keys that count before `at_least_s` too.
    sound : ndarray of float32, shape (n_samples, 2), or None
        What is heard from its beginning.
    lasts_s : float or None
        How long it stands where no key ends it; None for ever.
    answer : str or None
        The key that a simulated person presses; None for the first of `keys`.
    """

    name: str
    text: str
    keys: tuple[str, ...] | None = None
    at_least_s: float = 0.0
    sound: Sound | None = None
    lasts_s: float | None = None
    answer: str | None = None
    while_waiting: Callable[[int], str] | None = None
    small_print: str = ""
    at_once: tuple[str, ...] = ()

    def simulated_key(self) -> str | None:
        """Return the key that a simulated person presses; None where the page ends by itself."""
        if self.lasts_s is not None and self.answer is None:
            return None
        if self.answer is not None:
            return self.answer
        return "space" if self.keys is None else self.keys[0]
