"""What is asked of every description: the same title, version, licence and day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from curation.release.row_faults import Finding
from lab.checking.opened import FACTS, Opened, dicts, finding, part, word
from study.reading.plain_yaml import REFUSALS, plain_yaml

_LARGEST = 2**22  # characters of YAML that are parsed


@dataclass(frozen=True, slots=True)
class Said:
    """What a description says of the release; empty where it says nothing."""

    title: str = ""
    version: str = ""
    licence: str = ""
    day: str = ""


# A licence is a name or an address; both are read as the name.
_LICENCES = {
    "https://creativecommons.org/publicdomain/zero/1.0/": "cc0-1.0",
    "https://creativecommons.org/licenses/by/4.0/": "cc-by-4.0",
    "https://creativecommons.org/licenses/by-sa/4.0/": "cc-by-sa-4.0",
    "https://creativecommons.org/licenses/by-nc/4.0/": "cc-by-nc-4.0",
}


def check_common(release: Opened) -> Iterator[Finding]:
    """Yield the descriptions that say something else than `release.json`."""
    said = _all(release)
    facts = said.pop(FACTS, Said())
    for name, one in said.items():
        if name not in release.files:
            continue
        for what in ("title", "version", "licence", "day"):
            told, fact = getattr(one, what), getattr(facts, what)
            if told is None:
                continue
            if not told:
                yield finding(f"missing_{what}", name, f"does not say the {what}")
            elif fact and told != fact:
                yield finding("descriptions_differ", name, f"says another {what} than {FACTS}",
                              of=[told, fact])  # fmt: skip
    for what in ("title", "version", "licence", "day"):
        if FACTS in release.files and not getattr(facts, what):
            yield finding(f"missing_{what}", FACTS, f"does not say the {what}")


def yaml_of(text: str) -> object:
    """Parse YAML within limits; None where it is not YAML."""
    if len(text) > _LARGEST or text.count("&") > 1000:
        return None
    try:
        return plain_yaml(text)
    except (*REFUSALS, RecursionError, ValueError):
        return None


def head_of_readme(release: Opened) -> object:
    """Return the YAML between two lines of hyphens at the top of `README.md`."""
    text = release.text("README.md")
    if not text.startswith("---\n"):
        return None
    return yaml_of(text[4:].partition("\n---\n")[0])


def _all(release: Opened) -> dict[str, Said]:
    facts, croissant = release.json(FACTS), release.json("croissant.json")
    package, datacite = release.json("datapackage.json"), release.json("datacite.json")
    zenodo, citation = release.json(".zenodo.json"), yaml_of(release.text("CITATION.cff"))
    psych, bids = (release.json(f"{one}/dataset_description.json") for one in ("psych-ds", "bids"))
    root = root_of(release.json("ro-crate-metadata.json"))
    head = head_of_readme(release)
    first = next(iter(dicts(package, "licenses")), {})
    rights = next(iter(dicts(datacite, "rightsList")), {})
    title = word(next(iter(dicts(datacite, "titles")), {}), "title")
    issued = next((word(one, "date") for one in dicts(datacite, "dates")), "")
    return {
        FACTS: _said(
            facts, "title", "version", word(facts, "licence"), word(facts, "published_on")
        ),
        "croissant.json": _said(
            croissant, "name", "version", word(croissant, "license"),
            word(croissant, "datePublished"),
        ),
        "datapackage.json": _said(
            package, "title", "version", word(first, "name"), word(package, "created")[:10]
        ),
        "datacite.json": Said(
            title, word(datacite, "version"), _licence(word(rights, "rightsIdentifier")), issued
        ),
        "ro-crate-metadata.json": _said(
            root, "name", "version", word(root, "license", "@id"), word(root, "datePublished")
        ),
        "psych-ds/dataset_description.json": _said(
            psych, "name", "version", word(psych, "license"), word(psych, "datePublished")
        ),
        "bids/dataset_description.json": _partly(
            word(bids, "Name"), None, _licence(word(bids, "License")), None
        ),
        ".zenodo.json": _said(
            zenodo, "title", "version", word(zenodo, "license"), word(zenodo, "publication_date")
        ),
        "CITATION.cff": _said(
            citation, "title", "version", word(citation, "license"), _day(citation)
        ),
        "README.md": _partly(
            word(head, "pretty_name"), None, _licence(word(head, "license")), None
        ),
    }  # fmt: skip


def root_of(crate: object) -> dict[str, object]:
    """Return the root of an RO-Crate; empty where it has none."""
    return next((one for one in dicts(crate, "@graph") if one.get("@id") == "./"), {})


def _said(of: object, title: str, version: str, licence: str, day: str) -> Said:
    return Said(word(of, title), word(of, version), _licence(licence), day)


def _partly(title: str, version: str | None, licence: str, day: str | None) -> Said:
    # None: this description has no place for it.
    return Said(title, version, licence, day)  # type: ignore[arg-type]


def _day(citation: object) -> str:
    return str(part(citation, "date-released") or "")


def _licence(told: str) -> str:
    return _LICENCES.get(told, told).lower()


def unknown_keys(
    of: Mapping[str, object], known: frozenset[str], where: str, what: str
) -> Iterator[Finding]:
    """Yield a finding where an object has keys that its format does not know."""
    odd = sorted(str(key) for key in of.keys() - known)
    if odd:
        yield finding("unknown_key", where, f"{what} has keys that the format does not have, so "
                      "that nobody reads them", n=len(odd), of=odd)  # fmt: skip
