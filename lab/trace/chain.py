"""A chain from a number down to key presses, and what is wrong with its links."""

from collections.abc import Iterator
from dataclasses import dataclass

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A step of a chain.

    Parameters
    ----------
    kind : str
        Such as ``"rating"``.
    facts : tuple of (str, str)
        What is known of it.
    faults : tuple of str
        What is missing or does not match, in words.
    below : tuple of Link
        What it was made of.
    """

    kind: str
    name: str
    facts: Facts = ()
    faults: tuple[str, ...] = ()
    below: tuple["Link", ...] = ()

    def every(self) -> Iterator["Link"]:
        """Yield this link and all below it."""
        yield self
        for link in self.below:
            yield from link.every()


def faults_of(chain: Link) -> list[str]:
    """Return all faults of a chain, each with its link.

    Examples
    --------
    >>> faults_of(Link("number", "r3", below=(Link("clip", "a.mp4", faults=("is gone",)),)))
    ['clip a.mp4: is gone']
    """
    return [f"{link.kind} {link.name}: {fault}" for link in chain.every() for fault in link.faults]


def lines(chain: Link, depth: int = 0) -> Iterator[str]:
    """Yield a chain as indented text."""
    space = "  " * depth
    facts = ", ".join(f"{name} {value}" for name, value in chain.facts if value)
    yield f"{space}{chain.kind} {chain.name}" + (f": {facts}" if facts else "")
    for fault in chain.faults:
        yield f"{space}  BROKEN: {fault}"
    for link in chain.below:
        yield from lines(link, depth + 1)


def facts(**values: object) -> Facts:
    """Return facts with their names in words; what is not known is left out.

    Examples
    --------
    >>> facts(rig_grade="A", frames_dropped=0, gain=None)
    (('rig grade', 'A'), ('frames dropped', '0'))
    """
    return tuple(
        (name.replace("_", " "), _shown(value))
        for name, value in values.items()
        if value is not None and value != "" and value == value  # not NaN
    )


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
