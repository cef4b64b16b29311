"""Pictures and Parquet files carry what they show and nothing beside it."""

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from curation.release.row_faults import Finding
from lab.checking.opened import Opened, finding
from study.errors import StudyError
from study.reading.text import read_bytes

_LARGEST = 2**28
_PNG = b"\x89PNG\r\n\x1a\n"
# What decides how a picture looks; others hold text, times, places or anything.
_CHUNKS = frozenset(
    {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "pHYs", "gAMA", "sRGB", "cHRM", "sBIT", "bKGD"}
)
_ACTIVE = re.compile(
    r"<\s*(script|foreignObject|image|iframe|animate|set)\b|\son\w+\s*=|<!ENTITY|<\?xml-stylesheet"
    r"|@import|(href|src)\s*=\s*[\"'](?!#)[^\"']",
    re.IGNORECASE,
)
_METADATA = re.compile(r"<metadata\b.*?</metadata\s*>", re.DOTALL | re.IGNORECASE)
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_RESOURCE = re.compile(r"<[^>]*type[^>]*/>")
# What matplotlib says of itself.
_DRAWN_BY = re.compile(r"(image/svg\+xml|Matplotlib v[\w.+]+, https://matplotlib\.org/?|\s)*")


def check_pictures(release: Opened) -> Iterator[Finding]:
    """Yield what pictures and Parquet files carry that nobody sees."""
    for name in sorted(release.files):
        if name.endswith(".svg"):
            yield from _svg(name, release.text(name))
        elif name.endswith((".png", ".parquet")):
            try:
                content = read_bytes(release.files[name], largest=_LARGEST)
            except StudyError as error:
                yield finding("unreadable_file", name, f"cannot be read: {error}")
                continue
            yield from _png(name, content) if name.endswith(".png") else _parquet(name, content)


def _png(name: str, content: bytes) -> Iterator[Finding]:
    kinds, end = _chunks(content)
    if not content.startswith(_PNG) or kinds[-1:] != ["IEND"]:
        yield finding("broken_picture", name, "is not a whole PNG picture")
    elif end != len(content):
        yield finding("personal_data", name, "picture carries more than its pixels",
                      of=[f"{len(content) - end} bytes behind its end"])  # fmt: skip
    odd = sorted(set(kinds) - _CHUNKS)
    if odd:
        yield finding("personal_data", name, "picture carries more than its pixels", of=odd)


def _chunks(content: bytes) -> tuple[list[str], int]:
    """Return the kinds of a PNG's parts up to its end, and where that is."""
    kinds: list[str] = []
    place = len(_PNG)
    while place + 12 <= len(content) and kinds[-1:] != ["IEND"]:
        length = int.from_bytes(content[place : place + 4], "big")
        if place + 12 + length > len(content):
            break
        kinds.append(content[place + 4 : place + 8].decode("latin-1"))
        place += 12 + length
    return kinds, place


def _svg(name: str, text: str) -> Iterator[Finding]:
    active = sorted({hit.group().strip() for hit in _ACTIVE.finditer(text)})
    if active:
        yield finding("active_picture", name, "drawing runs something or loads something",
                      n=len(active), of=active)  # fmt: skip
    said = [_TAG.sub(" ", hit.group()).strip() for hit in _METADATA.finditer(text)]
    odd = [one for one in said if not _DRAWN_BY.fullmatch(one)]
    if odd:
        yield finding(
            "personal_data", name, "drawing says more of itself than what drew it", of=odd
        )


def _parquet(name: str, content: bytes) -> Iterator[Finding]:
    try:
        with pq.ParquetFile(
            pa.BufferReader(content),
            thrift_string_size_limit=2**24,
            thrift_container_size_limit=2**24,
        ) as file:
            said = dict(file.metadata.metadata or {})
            of_fields = [one.name for one in file.schema_arrow if _means(one.metadata)]
    except (pa.ArrowException, OSError, ValueError, MemoryError):
        return  # told where its rows are read
    keys = sorted(key.decode(errors="replace") for key in said)
    if keys or of_fields:
        yield finding("personal_data", name, "carries more than its rows", of=[*keys, *of_fields])


def _means(metadata: dict[bytes, bytes] | None) -> bool:
    return bool(set(metadata or {}) - {b"PARQUET:field_id"})
