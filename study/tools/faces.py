"""What a package offers by name, loaded at the first use."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

Lookup = Callable[[str], Any]


def lazy_faces(package: str, places: Mapping[str, str]) -> tuple[Lookup, Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package whose names load at the first use.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    places : dict of str to str
        By each name the place of what it stands for, such as ``"models.saving.saved:load_model"``.

    Returns
    -------
    getattr, dir : callable
        To be bound in the package's ``__init__``; hidden from a type checker, which would take the
        first for a promise of any name.
    """

    def find(name: str) -> Any:  # noqa: ANN401
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, face = places[name].partition(":")
        return getattr(import_module(module), face)

    return find, lambda: sorted({*vars(import_module(package)), *places})
