"""What became of Moments in Time's clips: per class, how many remain and why others left."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from study.classes import ClassList
from study.tools.files import written_atomically

CANDIDATES = "candidates"
COLUMNS = {  # what each means
    "avmit_label": "class as participants read it",
    "mit_label": "class of Moments in Time",
    "clips": "clips of the class in the tree; candidates and all reasons add up to it",
    CANDIDATES: "clips that were admitted to annotation",
    "‹reason›": "a column for each reason: clips that were rejected for it",
}


def flow_table(counts: pd.DataFrame, classes: ClassList) -> pd.DataFrame:
    """Count clips by class and what became of them.

    Returns columns `COLUMNS`, one row per AVMIT and MIT label.

    `counts`: from `study.store.clips.candidates.counts`.
    """
    named = counts.assign(reason=counts["reason"].replace("", CANDIDATES))
    found = named.pivot_table(
        index="mit_label", columns="reason", values="n", aggfunc="sum", fill_value=0
    )
    labels = sorted(classes.label_of, key=lambda label: (classes.label_of[label], label))
    reasons = [name for name in found.columns if name != CANDIDATES]
    table = found.reindex(index=labels, columns=[CANDIDATES, *reasons], fill_value=0).astype(int)
    table.insert(0, "clips", table.sum(axis=1))
    table.insert(0, "avmit_label", [classes.label_of[label] for label in labels])
    table = table.rename_axis(index="mit_label", columns=None).reset_index()
    first = ["avmit_label", "mit_label"]
    return table[[*first, *table.columns.drop(first)]]


def write_audits(audits: Iterable[pd.DataFrame], path: Path) -> Counter[str]:
    """Write the audits of all clips as a Parquet file, and count their flags.

    `audits`: from `study.store.clips.clip_audits.frames`; one part is held at a time.
    """
    flags: Counter[str] = Counter()
    writer = None
    with written_atomically(path) as part:
        try:
            for rows in audits:
                table = pa.Table.from_pandas(rows, preserve_index=False)
                writer = writer or pq.ParquetWriter(part, table.schema)
                writer.write_table(table.cast(writer.schema))
                flags.update(rows["flags"].str.split(",").explode())
        finally:
            if writer is not None:
                writer.close()
    del flags[""]
    return flags
