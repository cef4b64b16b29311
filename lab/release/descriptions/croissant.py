"""`croissant.json`: Croissant 1.1 with the fields of its RAI vocabulary 1.0."""

from collections.abc import Iterator
from typing import Any

from curation.release.tables import Column
from lab.release.facts import Facts, FileFact, TableFact, json_text
from lab.release.sentences import collected

NAME = "croissant.json"
_TYPES = {"text": "sc:Text", "count": "sc:Integer", "seconds": "sc:Float", "number": "sc:Float",
          "flag": "sc:Boolean"}  # fmt: skip
_RATING = (
    "1 unclean, 2 moderately clean, 3 very clean: whether the labelled audiovisual event is there, "
    "and whether it is the most prominent feature."
)
_RECOGNISING = (
    "Which action a clip shows or sounds like, out of a list of classes; each clip once, nobody a "
    "source twice."
)
_NOT_ADMITTED = "Clips without picture or sound were not admitted (rejects.csv)."
_NOT_COUNTED = "What the evidence of a trial speaks against was left out (left_out.csv)."
# Written inline, so that nothing has to be fetched.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "cr:dataBiases",
    "dataCollection": "cr:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "personalSensitiveInformation": "cr:personalSensitiveInformation",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def described(facts: Facts) -> str:
    """Return the description."""
    content: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.1",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": facts.title,
        "description": facts.about,
        "version": facts.version,
        "datePublished": facts.published_on.isoformat(),
        "license": facts.licence_url,
        "citeAs": facts.citation,
        "creator": [
            {"@type": "sc:Person" if creator.given else "sc:Organization", "name": creator.spoken}
            for creator in facts.creators
        ],
        "publisher": {"@type": "sc:Organization", "name": facts.publisher},
        "keywords": list(facts.keywords),
        "url": _url(facts),
        "isLiveDataset": False,
        **_rai(facts),
        "distribution": list(_files(facts)),
        "recordSet": [_record_set(table) for table in facts.tables],
    }
    return json_text(content)


def _url(facts: Facts) -> str:
    if facts.url:
        return facts.url
    return f"https://doi.org/{facts.doi}" if facts.doi else facts.licence_url


def _rai(facts: Facts) -> dict[str, Any]:
    protocols = [_RATING] * facts.is_rated + [_RECOGNISING] * facts.is_recognised
    left_out = [_NOT_ADMITTED] * facts.is_rated + [_NOT_COUNTED]
    clips = "Clips of Moments in Time" if facts.is_rated else "Clips"
    found: dict[str, Any] = {
        "rai:dataCollection": collected(facts.counts),
        "rai:dataCollectionType": ["Manual Human Curator"],
        "rai:dataAnnotationProtocol": " ".join(protocols),
        "rai:dataAnnotationPlatform": [f"{facts.software} {facts.software_version}"],
        "rai:dataPreprocessingProtocol": [" ".join(left_out)],
        "rai:personalSensitiveInformation": [
            "Pseudonyms drawn at random; no names, dates, machines or remarks; values that fewer "
            "than three participants share are empty."
        ],
        "rai:dataUseCases": ["Audiovisual action recognition; psychology of perception."],
        "rai:dataLimitations": list(facts.cautions)
        or [f"{clips}, in classes that the study has chosen."],
    }
    if facts.is_rated:
        found["rai:annotationsPerItem"] = str(facts.counts["ratings_per_clip"])
    return found


def _files(facts: Facts) -> Iterator[dict[str, Any]]:
    tables = {table.path for table in facts.tables}
    for file in facts.files:
        if file.path in tables or file.path.endswith((".parquet", ".tar", ".png", ".svg")):
            yield _file(file)


def _file(file: FileFact) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "description": file.means,
        "contentUrl": file.path,
        "contentSize": f"{file.n_bytes} B",
        "encodingFormat": file.media_type,
        "sha256": file.sha256,
    }


def _record_set(table: TableFact) -> dict[str, Any]:
    found: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.schema.title,
        "field": [_field(table, column) for column in table.schema.columns],
    }
    if table.schema.key:
        found["key"] = [{"@id": f"{table.name}/{name}"} for name in table.schema.key]
    return found


def _field(table: TableFact, column: Column) -> dict[str, Any]:
    # A column of whole numbers or flags that may be empty is read as one of decimal numbers.
    kind = _TYPES[column.kind]
    if column.kind == "count" and column.optional:
        kind = "sc:Float"
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": f"{table.name}/{column.name}",
        "description": column.means,
        "dataType": kind,
        "source": {"fileObject": {"@id": table.path}, "extract": {"column": column.name}},
    }
