"""`ro-crate-metadata.json` and `datacite.json`."""

from collections.abc import Iterator

from curation.release.row_faults import Finding
from lab.checking.descriptions.common import root_of, unknown_keys
from lab.checking.opened import CHECKSUMS, Opened, dicts, finding, part, word

NAME, DATACITE = "ro-crate-metadata.json", "datacite.json"
_METADATA, _PROFILE = "https://w3id.org/ro/crate/1.1", "https://w3id.org/ro/wfrun/process/0.5"
_NEEDED = ("doi", "creators", "titles", "publisher", "publicationYear", "types", "schemaVersion")
_KNOWN = frozenset({
    *_NEEDED, "subjects", "contributors", "dates", "language", "alternateIdentifiers",
    "relatedIdentifiers", "relatedItems", "sizes", "formats", "version", "rightsList",
    "descriptions", "geoLocations", "fundingReferences", "url", "contentUrl", "prefix", "suffix",
    "event",
})  # fmt: skip


def check_crate(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the RO-Crate."""
    said = release.json(NAME)
    if not said:
        return
    entities = {word(one, "@id"): one for one in dicts(said, "@graph")}
    root = root_of(said)
    if word(entities.get(NAME, {}), "conformsTo", "@id") != _METADATA:
        yield finding("wrong_conforms_to", NAME, "does not conform to RO-Crate 1.1")
    if word(root, "conformsTo", "@id") != _PROFILE:
        yield finding("wrong_conforms_to", NAME, "does not conform to Process Run Crate 0.5")
    parts = {word(one, "@id") for one in dicts(root, "hasPart")}
    have = release.files.keys() - {NAME, CHECKSUMS}
    for code, names, says in (
        ("missing_file", parts - have, "names files that are not in the release"),
        ("undescribed_file", have - parts, "does not name files of the release"),
        ("undescribed_file", parts - entities.keys(), "names parts without describing them"),
    ):
        if names:
            yield finding(code, NAME, says, n=len(names), of=sorted(names))
    yield from _digests(release, entities, parts & have)
    yield from _runs(entities)


def _digests(
    release: Opened, entities: dict[str, dict[str, object]], names: set[str]
) -> Iterator[Finding]:
    wrong = [
        name
        for name in sorted(names)
        if word(entities.get(name, {}), "sha256") != release.digest(name)
        or word(entities.get(name, {}), "contentSize") != str(release.size(name))
    ]
    if wrong:
        yield finding("wrong_digest", NAME, "has another digest or size than files", n=len(wrong),
                      of=wrong)  # fmt: skip


def _runs(entities: dict[str, dict[str, object]]) -> Iterator[Finding]:
    made = 0
    for one in entities.values():
        if word(one, "@type") != "CreateAction":
            continue
        made += 1
        named = [word(each, "@id") for key in ("object", "result", "instrument")
                 for each in dicts(one, key)]  # fmt: skip
        lost = sorted(set(named) - entities.keys())
        if lost:
            yield finding("broken_link", NAME, f"the step {word(one, 'name')} names what is not "
                          "described", n=len(lost), of=lost)  # fmt: skip
    if not made:
        yield finding("missing_key", NAME, "says of no command what it made")


def check_datacite(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the description in DataCite 4.5."""
    said = release.json(DATACITE)
    if not said:
        return
    yield from unknown_keys(said, _KNOWN, DATACITE, "the description")
    lacking = [key for key in _NEEDED if not part(said, key)]
    if lacking:
        yield finding("missing_key", DATACITE, "lacks what every DOI needs", n=len(lacking),
                      of=lacking)  # fmt: skip
    if word(said, "types", "resourceTypeGeneral") != "Dataset":
        yield finding("wrong_type_of_description", DATACITE, "is not of a Dataset")
    if word(said, "schemaVersion") != "http://datacite.org/schema/kernel-4":
        yield finding("wrong_conforms_to", DATACITE, "is not of kernel 4")
