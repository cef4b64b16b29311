"""Self-contained HTML pages from templates: one file, no network, everything escaped."""

import base64
import mimetypes
import re
from functools import cache
from importlib import resources
from numbers import Integral, Real
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from study.reading.text import read_bytes

_AMOUNT = re.compile(r"-?[^\w\s-]{0,3}\d[\d.,\u00a0]*(\u00a0?[%\w]{1,3})?")


def render(package: str, template: str, *, title: str, stamp: str = "", **values: object) -> str:
    """Return a page made from a template of a package.

    Returns an HTML document that needs no other file.

    Parameters
    ----------
    package : str
        Has the template in its folder ``templates``.
    template : str
        Extends ``page.html``, and may import from ``parts.html``.
    title : str
        Heads the page and names the browser's tab.
    stamp : str
        Text of a band above the heading, such as ``"rehearsal"``; empty for none.
    **values : object
        What the template fills in; everything is escaped but `markupsafe.Markup`.
    """
    given = {"title": title, "stamp": stamp, "language": "en", "shared_style": shared_style()}
    return _environment(package).get_template(template).render(given | values)


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("study.reports")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = _shown
    environment.tests["amount"] = _is_amount
    return environment


@cache
def shared_style() -> Markup:
    """Return the style sheet of all pages, for light and dark screens and for print."""
    return Markup((resources.files("study.reports") / "page.css").read_text(encoding="utf-8"))


def image_to_data_uri(path: Path) -> str:
    """Return a PNG, JPEG, SVG or GIF file as a ``data:`` address, so that a page carries it along.

    Raises ValueError if the file's ending is not that of an image.
    """
    kind, _ = mimetypes.guess_type(path.name)
    if kind is None or not kind.startswith("image/"):
        raise ValueError(f"{path.name} is not an image by its ending, expected .png, .jpg or .svg")
    content = read_bytes(path)
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _is_amount(value: object) -> bool:
    # Text that is a number with its unit, which stands to the right as numbers do.
    return isinstance(value, str) and _AMOUNT.fullmatch(value) is not None


def _shown(value: Real) -> str:
    return f"{value:,}" if isinstance(value, Integral) else f"{float(value):,.4g}"
