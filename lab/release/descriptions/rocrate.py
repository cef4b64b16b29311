"""`ro-crate-metadata.json`: RO-Crate with the profile Process Run Crate 0.5.

Which command, with which software, made which file out of which.
"""

from collections.abc import Iterable
from typing import Any

from lab.release.facts import Facts, FileFact, StepFact, json_text

NAME = "ro-crate-metadata.json"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_STORE, _INSTITUTION = "#store", "#institution"


def described(facts: Facts) -> str:
    """Return the description."""
    graph = [
        {
            "@id": NAME,
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        _root(facts),
        {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {"@id": facts.licence_url, "@type": "CreativeWork", "name": facts.licence_name,
         "description": f"SPDX: {facts.licence}"},
        *(_author(facts, place) for place in range(len(facts.creators))),
        {"@id": "#publisher", "@type": "Organization", "name": facts.publisher,
         **({"url": "https://zenodo.org"} if facts.publisher == "Zenodo" else {})},
        *_institution(facts),
        {"@id": _software(facts), "@type": "SoftwareApplication", "name": facts.software,
         "url": _software(facts), "softwareVersion": facts.software_version},
        {"@id": _STORE, "@type": "CreativeWork", "name": "the study's store",
         "description": "Ratings with their evidence; it stays in the lab."},
        *(_file(file) for file in facts.files),
        *(_step(facts, step, place) for place, step in enumerate(facts.steps, start=1)),
    ]  # fmt: skip
    return json_text({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph})


def _root(facts: Facts) -> dict[str, Any]:
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": facts.title,
        "description": facts.about,
        "version": facts.version,
        "datePublished": facts.published_on.isoformat(),
        "license": {"@id": facts.licence_url},
        "author": _links(f"#author-{place}" for place in range(1, len(facts.creators) + 1)),
        "publisher": {"@id": "#publisher"},
        "keywords": ", ".join(facts.keywords),
        "conformsTo": {"@id": _PROFILE},
        "hasPart": _links(file.path for file in facts.files),
        "mentions": _links(f"#step-{n}" for n in range(1, len(facts.steps) + 1)),
    }
    if facts.doi:
        root["identifier"] = f"https://doi.org/{facts.doi}"
    return root


def _author(facts: Facts, place: int) -> dict[str, Any]:
    creator = facts.creators[place]
    kind = "Person" if creator.given else "Organization"
    found: dict[str, Any] = {"@id": f"#author-{place + 1}", "@type": kind, "name": creator.spoken}
    if _institution(facts):
        found["affiliation"] = {"@id": _INSTITUTION}
    return found


def _institution(facts: Facts) -> list[dict[str, Any]]:
    name, url = facts.place.get("InstitutionName"), facts.institution_url
    if name is None:
        return []
    found = {"@id": _INSTITUTION, "@type": "Organization", "name": name}
    return [found | ({"url": url} if url else {})]


def _software(facts: Facts) -> str:
    # An address that names the software and leads nowhere: it has no public page yet.
    return f"https://example.org/avmit-lab/{facts.software_version}"


def _file(file: FileFact) -> dict[str, Any]:
    return {
        "@id": file.path,
        "@type": "File",
        "name": file.path,
        "description": file.means,
        "encodingFormat": file.media_type,
        "contentSize": str(file.n_bytes),
        "sha256": file.sha256,
    }


def _links(targets: Iterable[str]) -> Any:  # noqa: ANN401
    # One link stands by itself, as RO-Crate 1.1 recommends.
    found = [{"@id": target} for target in targets]
    return found[0] if len(found) == 1 else found


def _step(facts: Facts, step: StepFact, number: int) -> dict[str, Any]:
    return {
        "@id": f"#step-{number}",
        "@type": "CreateAction",
        "name": f"python -m {step.command}",
        "description": step.means,
        "instrument": {"@id": _software(facts)},
        "agent": {"@id": "#author-1"},
        "endTime": facts.published_on.isoformat(),
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "object": _links([_STORE, *step.inputs]),
        "result": _links(step.outputs),
    }
