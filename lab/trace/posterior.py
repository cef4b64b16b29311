"""How probable an answer is in a study, and the ratings that make it so."""

from lab.trace.chain import Link, facts
from lab.trace.clip_links import clip_link
from lab.trace.kept import Kept
from lab.trace.table_links import faults_of_table, table_link
from lab.trace.traceable import POSTERIOR, Row
from study.errors import ConfigError
from study.reading.clip_keys import key_of
from study.reading.rows import csv_rows

_TOLD = ("filename", "video_location", "posterior", "low", "high", "n_ratings", "stopped_by",
         "answer", "difficulty")  # fmt: skip


def posterior_link(kept: Kept, what: Row) -> Link:
    """Return the chain of a row of `label_posterior.csv`.

    Raises ConfigError if there is no such row.
    """
    path = kept.places.tables / f"{POSTERIOR}.csv"
    for line, row in csv_rows(
        path, _TOLD, missing="Write it first: python -m curation export-ratings"
    ):
        if what.key not in (row["filename"], f"{row['video_location']}/{row['filename']}"):
            continue
        key = key_of(row["video_location"], row["filename"])
        n = sum(not one.row["reason"] for one in kept.clip(key).ratings)
        faults = [f"it rests on {row['n_ratings']} ratings, and the store has {n} that count"]
        return Link(
            "row",
            f"{POSTERIOR}.csv:{row['filename']}",
            facts(line=line, **{name: row[name] for name in _TOLD[2:]}),
            (*faults_of_table(kept, POSTERIOR), *(faults if row["n_ratings"] != str(n) else [])),
            (table_link(kept, POSTERIOR), clip_link(kept, key, {})),
        )
    raise ConfigError(
        f"{path} has no row {what.key!r}. Name a clip as the file has it: CLASS/CLIP.mp4"
    )
