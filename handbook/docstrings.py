"""What docstrings in numpydoc say of parameters, and the sentence on top."""

import re

from numpydoc.docscrape import NumpyDocString

_NONE = re.compile(r"\bNone\b")


def meanings(documented: type) -> dict[str, str]:
    """Return what each parameter of a class means, by its name."""
    found = {}
    for parameter in NumpyDocString(documented.__doc__ or "")["Parameters"]:
        text = _NONE.sub("not set", " ".join(line.strip() for line in parameter.desc))
        found |= dict.fromkeys((name.strip() for name in parameter.name.split(",")), text)
    return found


def first_lines(documented: type) -> str:
    """Return what stands above the parameters."""
    said = NumpyDocString(documented.__doc__ or "")
    return " ".join(line.strip() for line in [*said["Summary"], "", *said["Extended Summary"]])
