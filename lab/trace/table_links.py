"""What a table of a study says of its own origin, and whether it is still that table."""

from collections.abc import Iterator

from curation.release.tables import is_changed
from lab.trace.chain import Link, facts
from lab.trace.kept import Kept
from study.reading.text import read_json


def table_link(kept: Kept, table: str) -> Link:
    """Return what a table says of its own origin."""
    sidecar = kept.places.tables / f"{table}.json"
    if not sidecar.is_file():
        return Link("table", f"{table}.csv", faults=("nothing beside it says where it comes from",))
    said = read_json(sidecar)
    origin = said.get("provenance") if isinstance(said, dict) else None
    origin = origin if isinstance(origin, dict) else {}
    return Link(
        "table",
        f"{table}.csv",
        facts(
            rows=said.get("n_rows"),
            software=origin.get("software"),
            made=origin.get("made_at"),
            store=str(origin.get("store_id") or "")[:8],
            revision=origin.get("store_revision"),
            sha256=str(said.get("sha256") or "")[:12],
        ),
    )


def faults_of_table(kept: Kept, table: str) -> Iterator[str]:
    """Yield whether a table is not the one that was written."""
    if is_changed(kept.places.tables / f"{table}.csv"):
        yield f"{table}.csv is not the file that {table}.json describes: it was changed"
