"""What became of Moments in Time's clips: per class, how many remain and why others left."""

import pandas as pd

from study.classes import ClassList

CANDIDATES = "candidates"


def flow_table(candidates: pd.DataFrame, rejects: pd.DataFrame, classes: ClassList) -> pd.DataFrame:
    """Count clips by class and what became of them.

    Parameters
    ----------
    candidates : DataFrame
        With ``avmit_label, mit_label``.
    rejects : DataFrame
        With ``mit_label, reason``.
    classes : ClassList
        The study's classes.

    Returns
    -------
    DataFrame
        One row per AVMIT and MIT label: ``avmit_label, mit_label, clips, candidates``, and a
        column per reason; in = candidates + rejected in every row.
    """
    admitted = candidates["mit_label"].value_counts()
    left = pd.crosstab(rejects["mit_label"], rejects["reason"])
    labels = sorted(classes.label_of, key=lambda label: (classes.label_of[label], label))
    table = left.reindex(labels, fill_value=0)
    table.insert(0, CANDIDATES, admitted.reindex(labels, fill_value=0))
    table.insert(0, "clips", table.sum(axis=1))
    table.insert(0, "avmit_label", [classes.label_of[label] for label in labels])
    table = table.rename_axis(index="mit_label", columns=None).reset_index()
    first = ["avmit_label", "mit_label"]
    return table[[*first, *table.columns.drop(first)]]
