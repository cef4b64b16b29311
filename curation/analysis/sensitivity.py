"""What changes in class list, test set and training set when the majority rule changes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from curation.selection.filters import filter_clips
from curation.tally import is_prominent
from study.config.protocol import Protocol

DEFAULT_RULE = "strict"
DAWID_SKENE = "dawid_skene"
COLUMNS = {  # what each means
    "rule": "when a clip counts as prominent; the first one is the study's default",
    "n_prominent": "clips that are prominent by it",
    "n_changed": "clips that it decides otherwise than the default",
    "n_classes": "classes with enough prominent clips",
    "classes_gained": "classes that the default leaves out",
    "classes_lost": "classes that only the default takes",
    "n_test_pool": "unanimous clips of the accepted classes that pass the other filters",
    "smallest_test_pool": "of these, clips of the class with fewest",
    "n_test": "clips of the test set",
    "n_train_per_class": "training clips of the class with fewest, after the test set left",
}


def prominence_by_rule(
    clips: pd.DataFrame, probability_of_3: pd.Series | None = None
) -> dict[str, pd.Series]:
    """Return which clips are prominent under every rule.

    Returns ``strict``, ``at_least_1`` to ``at_least_3``, and ``dawid_skene`` (above one half).

    Parameters
    ----------
    clips : DataFrame
        With ``r1, r2, r3``.
    probability_of_3 : Series of float or None
        Dawid and Skene's probability that the true rating is 3, one per clip; None where it is
        not known who rated.
    """
    rules = {DEFAULT_RULE: is_prominent(clips, "strict")}
    rules |= {f"at_least_{k}": clips["r3"] >= k for k in (1, 2, 3)}
    if probability_of_3 is not None:
        rules[DAWID_SKENE] = probability_of_3 > 0.5
    return rules


def sensitivity_table(
    clips: pd.DataFrame,
    rules: Mapping[str, pd.Series],
    protocol: Protocol,
    *,
    without_test: bool = False,
) -> pd.DataFrame:
    """Return what each rule makes of the same ratings.

    Returns columns `COLUMNS`, one row per rule.

    Parameters
    ----------
    clips : DataFrame
        With ``r1, r2, r3, avmit_label``, and what `curation.selection.filters.filter_clips` asks of
        the pictures where they are known.
    rules : dict of str to Series of bool
        From `prominence_by_rule`.
    without_test : bool
        Whether the test set had left the clips before: then none is drawn from them.
    """
    known = _with_pictures(clips, protocol)
    rows = []
    reference: set[str] = set()
    for name, prominent in rules.items():
        counts = prominent.groupby(known["avmit_label"]).sum()
        classes = set(map(str, counts.index[counts >= protocol.class_min_prominent]))
        reference = classes if name == DEFAULT_RULE else reference
        pool, _ = filter_clips(known, sorted(classes), protocol)
        pools = pool["avmit_label"].value_counts().reindex(sorted(classes), fill_value=0)
        taken = np.minimum(pools, 0 if without_test else protocol.test_size_per_class)
        # A test clip leaves the training pool only if the rule had let it in.
        left = counts.reindex(sorted(classes)) - taken
        rows.append(
            {
                "rule": name,
                "n_prominent": int(prominent.sum()),
                "n_changed": int((prominent != rules[DEFAULT_RULE]).sum()),
                "n_classes": len(classes),
                "classes_gained": ", ".join(sorted(classes - reference)),
                "classes_lost": ", ".join(sorted(reference - classes)),
                "n_test_pool": len(pool),
                "smallest_test_pool": int(pools.min()) if len(pools) else 0,
                "n_test": int(taken.sum()),
                "n_train_per_class": int(left.min()) if len(left) else 0,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _with_pictures(clips: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    # A table without a store does not know its pictures: they are taken to pass.
    assumed = {
        "frame_rate_hz": protocol.test_frame_rates_hz[0],
        "is_vfr": False,
        "has_two_streams": False,
        "is_excluded": False,
    }
    return clips.assign(**{k: v for k, v in assumed.items() if k not in clips})
