"""Personal data by pattern: who, when and where, in tables, texts, pictures and archives."""

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa

from curation.release.row_faults import Finding
from lab.checking.opened import FACTS, Opened, finding, uniques, word

_TABLES = (".csv", ".tsv")
_TEXTS = (".json", ".md", ".cff", ".svg", ".sha256", "")
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# Not in the names of clips, which are called as they are.
_DATES = re.compile(
    r"(?<![\w.-])("
    r"(19|20)\d\d[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01])(?!\d)"
    r"|(0?[1-9]|[12]\d|3[01])[-/.](0?[1-9]|1[0-2])[-/.](19|20)\d\d"
    r"|([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?"
    rf"|\d{{1,2}}\.? ({_MONTHS})[a-z]* \d{{4}}|({_MONTHS})[a-z]* \d{{1,2}}, \d{{4}}"
    r")(?![\w-]|\.\d)|(?<![\w.-])(19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d",
    re.IGNORECASE,
)
# A day without signs between, or seconds since 1970: the whole cell.
_BARE_DATES = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])|1[5-9]\d{8}(\.\d+)?")
# As studies call people; a pseudonym is eight small signs.
_IDS = re.compile(
    r"(sub-)?([PSTV]\d{1,4}|EXPERT\d*|PARTICIPANT[-_ ]?\d+|VP[-_ ]?\d+)", re.IGNORECASE
)
_PSEUDONYM = re.compile(r"(sub-|subject-)?[a-z][a-z0-9]{7}")
_ANYWHERE: Mapping[str, re.Pattern[str]] = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE),
    "a path of a machine": re.compile(
        r"(?<![\w/.:])/(home|root|Users|tmp|mnt|media|srv|var|opt|private)/[\w.-]+"
        r"|[A-Za-z]:\\[\w\\.-]+|file://\S+"
    ),
    "an address of a machine": re.compile(
        r"(?<![\d.\w-])(\d{1,3}\.){3}\d{1,3}(?![\d.\w-])|([0-9a-f]{2}:){5}[0-9a-f]{2}",
        re.IGNORECASE,
    ),
    "a telephone number": re.compile(r"(?<![\w.])\+\d{2}[\d ()-]{8,}\d"),
}
_STAMP = re.compile(r"(19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d")
_COLUMNS = re.compile(
    r"(^|_)(name|surname|e?mail|birth\w*|dob|age|sex|gender|address|phone|host|user|ip|serial"
    r"|remark|note|comment|date|started_at|ended_at|rated_at|participant_id)($|_)",
    re.IGNORECASE,
)
_ALLOWED_COLUMNS = frozenset({"filename", "new_filename", "tfrecord_filename", "participant_id"})
_PEOPLE = ("participant", "participant_id", "subj")
_NAMES_CLIPS = frozenset({
    "filename", "new_filename", "tfrecord_filename", "stim_file", "stimulus", "source",
    "sound_source", "imagename",
})  # fmt: skip


def check_personal(release: Opened) -> Iterator[Finding]:
    """Yield what looks like a person, a day or a machine."""
    contact = word(release.json(FACTS), "contact")
    for name in sorted(release.files):
        suffix = name[name.rindex(".") :] if "." in name.rpartition("/")[2][1:] else ""
        if suffix in _TABLES:
            table = release.table(name)
            if table is not None and not _is_copy(release, name):
                yield from _in_table(name, table)
        elif suffix in _TEXTS:
            yield from _in_text(name, release.text(name), contact)


def _is_copy(release: Opened, name: str) -> bool:
    # The tables of Psych-DS are those beside it, byte by byte.
    if not name.startswith("psych-ds/"):
        return False
    return release.digest(name) in {release.digest(one) for one in release.root_tables}


def _in_table(name: str, table: pa.Table) -> Iterator[Finding]:
    for column in table.column_names:
        if _COLUMNS.search(column) and column not in _ALLOWED_COLUMNS:
            yield finding("personal_data", name, f"has a column {column!r}, which may tell who")
        values = uniques(table, column)
        if column in _PEOPLE:
            odd = [one for one in values if not _PSEUDONYM.fullmatch(one)]
            if odd:
                yield finding("personal_data", name, f"values of {column} are not pseudonyms",
                              n=len(odd), of=odd)  # fmt: skip
            continue
        if column not in _NAMES_CLIPS:
            yield from _cells(name, column, values)
        for what, pattern in _ANYWHERE.items():
            hits = [one for one in values if pattern.search(one)]
            if hits:
                yield finding("personal_data", name, f"values of {column} hold {what}",
                              n=len(hits), of=hits)  # fmt: skip


def _cells(name: str, column: str, values: list[str]) -> Iterator[Finding]:
    dates = [one for one in values if _DATES.search(one) or _BARE_DATES.fullmatch(one)]
    people = [one for one in values if _IDS.fullmatch(one.strip())]
    for what, hits in (("dates or times", dates), ("ids of people", people)):
        if hits:
            yield finding("personal_data", name, f"values of {column} are {what}", n=len(hits),
                          of=hits)  # fmt: skip


def _in_text(name: str, text: str, contact: str) -> Iterator[Finding]:
    for what, pattern in _ANYWHERE.items():
        hits = sorted({hit.group() for hit in pattern.finditer(text)} - {contact})
        if hits:
            yield finding("personal_data", name, f"holds {what}", n=len(hits), of=hits)
    stamps = sorted({hit.group() for hit in _STAMP.finditer(text) if not _is_midnight(hit, text)})
    if stamps:
        yield finding("personal_data", name, "holds times of a day", n=len(stamps), of=stamps)


def _is_midnight(hit: re.Match[str], text: str) -> bool:
    return text[hit.end() - 5 : hit.end() + 4] == "00:00:00Z"
