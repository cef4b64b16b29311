"""`croissant.json`: files, columns, types, and the names of its fields."""

from collections.abc import Iterator

from curation.release.row_faults import Finding
from lab.checking.descriptions.common import unknown_keys
from lab.checking.opened import FACTS, Opened, dicts, finding, part, word, words

NAME = "croissant.json"
_CONFORMS = {"http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"}
_CONTEXT = {
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "@vocab": "https://schema.org/",
}
_RAI = (
    "dataCollection", "dataCollectionType", "dataCollectionMissingData", "dataCollectionRawData",
    "dataCollectionTimeframe", "dataImputationProtocol", "dataManipulationProtocol",
    "dataPreprocessingProtocol", "dataAnnotationProtocol", "dataAnnotationPlatform",
    "dataAnnotationAnalysis", "annotationsPerItem", "annotatorDemographics",
    "machineAnnotationTools", "dataReleaseMaintenancePlan", "personalSensitiveInformation",
    "dataSocialImpact", "dataBiases", "dataLimitations", "dataUseCases",
)  # fmt: skip
_DATASET = frozenset({
    "@context", "@type", "@id", "conformsTo", "name", "description", "version", "datePublished",
    "dateCreated", "dateModified", "license", "citeAs", "creator", "publisher", "keywords", "url",
    "isLiveDataset", "distribution", "recordSet", "sameAs", "inLanguage", "identifier",
    "sdLicense", "sdPublisher", "sdVersion", "usageInfo", "alternateName",
    *(f"rai:{name}" for name in _RAI),
})  # fmt: skip
_FILE = frozenset({
    "@type", "@id", "name", "description", "contentUrl", "contentSize", "encodingFormat", "sha256",
    "md5", "containedIn", "includes", "excludes", "sameAs",
})  # fmt: skip
_RECORDS = frozenset({
    "@type", "@id", "name", "description", "field", "key", "data", "dataType", "examples",
    "annotation",
})  # fmt: skip
_FIELD = frozenset({
    "@type", "@id", "name", "description", "dataType", "source", "references", "repeated",
    "subField", "parentField", "isArray", "arrayShape", "equivalentProperty", "value", "annotation",
})  # fmt: skip
_TYPES = frozenset({
    "sc:Text", "sc:Integer", "sc:Float", "sc:Boolean", "sc:Date", "sc:DateTime", "sc:URL",
    "sc:Number", "sc:ImageObject", "sc:AudioObject", "sc:VideoObject", "cr:Int8", "cr:Int16",
    "cr:Int32", "cr:Int64", "cr:UInt8", "cr:UInt16", "cr:UInt32", "cr:UInt64", "cr:Float16",
    "cr:Float32", "cr:Float64", "cr:Label", "cr:Split", "cr:BoundingBox",
})  # fmt: skip


def check_croissant(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the description in Croissant."""
    said = release.json(NAME)
    if not said:
        return
    yield from unknown_keys(said, _DATASET, NAME, "the dataset")
    if set(words(said, "conformsTo")) != _CONFORMS:
        says = "conforms to something else than Croissant 1.1 and RAI 1.0"
        yield finding("wrong_conforms_to", NAME, says, of=words(said, "conformsTo"))
    for name, address in _CONTEXT.items():
        if word(said, "@context", name) != address:
            yield finding("wrong_context", NAME, f"{name} does not stand for {address}")
    if word(said, "@type") != "sc:Dataset":
        yield finding("wrong_type_of_description", NAME, "is not of the type sc:Dataset")
    for key in ("name", "license", "description", "url"):
        if not word(said, key):
            yield finding("missing_key", NAME, f"has no {key}")
    files = {word(one, "@id"): one for one in dicts(said, "distribution")}
    yield from _files(release, files)
    yield from _records(release, said, files)


def _files(release: Opened, files: dict[str, dict[str, object]]) -> Iterator[Finding]:
    for one in files.values():
        place = word(one, "contentUrl")
        yield from unknown_keys(one, _FILE, NAME, f"the file {place}")
        if place not in release.files:
            yield finding(
                "missing_file", NAME, "names a file that is not in the release", of=[place]
            )
            continue
        if word(one, "sha256") != release.digest(place):
            yield finding("wrong_digest", NAME, "has another digest than the file", of=[place])
        size = word(one, "contentSize").removesuffix(" B")
        if size != str(release.size(place)):
            yield finding("wrong_size", NAME, "has another size than the file", of=[place, size])


def _records(
    release: Opened, said: dict[str, object], files: dict[str, dict[str, object]]
) -> Iterator[Finding]:
    told: dict[str, set[str]] = {}
    means, other = _means(release), []
    for records in dicts(said, "recordSet"):
        yield from unknown_keys(records, _RECORDS, NAME, f"the records {word(records, 'name')}")
        for field in dicts(records, "field"):
            source = part(field, "source")
            file = word(source, "fileObject", "@id")
            column = word(source, "extract", "column")
            place = word(files.get(file, {}), "contentUrl")
            told.setdefault(place, set()).add(column)
            if word(field, "description") != means.get((place, column), word(field, "description")):
                other.append(f"{place}: {column}")
            yield from _field(release, field, place, column)
    if other:
        yield finding("descriptions_differ", NAME, f"columns mean something else than in {FACTS}",
                      n=len(other), of=other)  # fmt: skip
    for name, table in release.root_tables.items():
        if name == "data_dictionary.csv":
            continue
        lacking = sorted(set(table.column_names) - told.get(name, set()))
        if lacking:
            yield finding("undescribed_column", NAME, f"columns of {name} have no field",
                          n=len(lacking), of=lacking)  # fmt: skip


def _means(release: Opened) -> dict[tuple[str, str], str]:
    return {
        (word(table, "path"), word(one, "name")): word(one, "means")
        for table in dicts(release.json(FACTS), "tables")
        for one in dicts(table, "columns")
    }


def _field(release: Opened, field: dict[str, object], place: str, column: str) -> Iterator[Finding]:
    yield from unknown_keys(field, _FIELD, NAME, f"the field {word(field, 'name')}")
    kinds = words(field, "dataType")
    if not kinds or not set(kinds) <= _TYPES:
        yield finding("unknown_data_type", NAME, "has a data type that Croissant does not have",
                      of=[f"{word(field, '@id')}: {kinds}"])  # fmt: skip
    table = release.table(place) if place.endswith((".csv", ".tsv")) else None
    if place not in release.files:
        yield finding("unknown_source", NAME, "has a field of a file that is not described",
                      of=[word(field, "@id")])  # fmt: skip
    elif table is not None and column not in table.column_names:
        yield finding("unknown_column", NAME, f"has a field of a column that {place} lacks",
                      of=[column])  # fmt: skip
