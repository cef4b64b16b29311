"""`datacite.json`: DataCite metadata, version 4.5."""

from typing import Any

from lab.release.facts import Creator, Facts, json_text

NAME = "datacite.json"
_NO_DOI = "10.5072/not-registered"  # DataCite's prefix for tests


def described(facts: Facts) -> str:
    """Return the description."""
    content: dict[str, Any] = {
        "doi": facts.doi or _NO_DOI,
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": _kind(facts)},
        "creators": [_creator(creator) for creator in facts.creators],
        "titles": [{"title": facts.title}],
        "publisher": {"name": facts.publisher},
        "publicationYear": str(facts.published_on.year),
        "dates": [{"date": facts.published_on.isoformat(), "dateType": "Issued"}],
        "language": "en",
        "version": facts.version,
        "subjects": [{"subject": word} for word in facts.keywords],
        "formats": sorted({file.media_type for file in facts.files}),
        "sizes": [f"{sum(file.n_bytes for file in facts.files)} bytes"],
        "rightsList": [
            {
                "rights": facts.licence_name,
                "rightsUri": facts.licence_url,
                "rightsIdentifier": facts.licence,
                "rightsIdentifierScheme": "SPDX",
                "schemeUri": "https://spdx.org/licenses/",
            }
        ],
        "descriptions": [{"description": facts.about, "descriptionType": "Abstract"}],
        "schemaVersion": "http://datacite.org/schema/kernel-4",
    }
    if facts.url:
        content["url"] = facts.url
    return json_text(content)


def _kind(facts: Facts) -> str:
    return "Audiovisual ratings" if facts.is_rated else "Recognition of audiovisual actions"


def _creator(creator: Creator) -> dict[str, str]:
    if not creator.given:
        return {"name": creator.name, "nameType": "Organizational"}
    return {
        "name": creator.name,
        "nameType": "Personal",
        "givenName": creator.given,
        "familyName": creator.family,
    }
