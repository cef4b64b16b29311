"""The texts that people read: datasheet and licence say what the facts say."""

from collections.abc import Iterator

from curation.release.row_faults import Finding
from lab.checking.opened import FACTS, Opened, finding, part, word
from lab.release.datasheet import BLANK
from lab.release.facts import LICENCES

_DATASHEET = "DATASHEET.md"


def check_texts(release: Opened) -> Iterator[Finding]:
    """Yield what the texts say differently."""
    said = release.json(FACTS)
    for name, what in ((_DATASHEET, "title"), (_DATASHEET, "version"), ("README.md", "title")):
        if name in release.files and word(said, what) not in release.text(name):
            yield finding("descriptions_differ", name, f"does not say the {what} of {FACTS}",
                          of=[word(said, what)])  # fmt: skip
    sheet = release.text(_DATASHEET)
    if _DATASHEET in release.files and sheet.count(BLANK) != part(said, "n_blanks"):
        yield finding("count_differs", _DATASHEET, f"has {sheet.count(BLANK)} blanks, and {FACTS} "
                      f"says {part(said, 'n_blanks')}")  # fmt: skip
    licence = LICENCES.get(word(said, "licence"))
    if licence is None:
        yield finding("unknown_licence", FACTS, "names a licence that no release has",
                      of=[word(said, "licence")])  # fmt: skip
    elif "LICENSE" in release.files and not set(licence) & _within(
        release.text("LICENSE"), licence
    ):
        yield finding("descriptions_differ", "LICENSE", "is another licence than that of "
                      f"{FACTS}", of=[licence[0]])  # fmt: skip


def _within(text: str, words: tuple[str, str]) -> set[str]:
    return {word for word in words if word in text}
