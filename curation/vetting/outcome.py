"""What vetting came to: verdicts, disagreements, and how well each hint predicted them."""

import pandas as pd

from curation.vetting.hints import REASON_OF

HISTORY_COLUMNS = {  # what each means
    "candidate_id": "number of the clip in the store",
    "filename": "MIT class subdirectory/ video name",
    "curator": "who said it",
    "verdict": "keep, exclude, note or undo; of each curator the last one counts",
    "reasons": "why it is excluded, separated by commas; empty for the others",
    "note": "what was written beside it",
    "given_at": "when, UTC",
}
DISAGREEMENT_COLUMNS = {
    "candidate_id": HISTORY_COLUMNS["candidate_id"],
    "filename": HISTORY_COLUMNS["filename"],
    "‹curator›": "a column for each curator: keep or exclude; empty where nothing was said",
}
HINT_COLUMNS = {
    "hint": "what was computed of the clip",
    "reason": "for which exclusion it is a hint; any for all",
    "n_judged": "clips that were kept or excluded",
    "n_excluded": "of these excluded for the reason",
    "auc": "how likely an excluded clip has a higher score than a kept one; .5 is chance, empty "
    "where one of the two kinds is missing",
    "precision_at_top": "share excluded among as many clips of the highest scores as were excluded",
}


def verdict_counts(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Count verdicts and reasons by curator.

    Returns columns ``curator, what, n``: verdicts, and each reason of the exclusions.

    `verdicts`: from `study.store.clips.vettings.verdicts`.
    """
    reasons = verdicts.assign(what=verdicts["reasons"].str.split(",")).explode("what")
    reasons = reasons.loc[reasons["what"].fillna("") != "", ["curator", "what"]]
    said = verdicts.rename(columns={"verdict": "what"})[["curator", "what"]]
    counts = pd.concat([said, reasons]).value_counts(sort=False).rename("n")
    return counts.reset_index().sort_values(["curator", "what"], ignore_index=True)


def disagreements(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return the clips that one curator keeps and another excludes.

    Returns one row per clip, indexed by ``candidate_id``; one column per curator.

    `verdicts`: from `study.store.clips.vettings.verdicts`.
    """
    wide = verdicts.pivot(index="candidate_id", columns="curator", values="verdict")
    return wide.loc[wide.nunique(axis=1) > 1].fillna("")


def hint_quality(verdicts: pd.DataFrame, hints: pd.DataFrame) -> pd.DataFrame:
    """Return how well each hint predicted what curators excluded.

    Returns columns `HINT_COLUMNS`.

    Parameters
    ----------
    verdicts : DataFrame
        From `study.store.clips.vettings.verdicts`.
    hints : DataFrame
        From `study.store.clips.vettings.hints`.
    """
    rows = []
    for hint in hints.columns:
        reason = REASON_OF.get(hint)
        excluded = _excluded(verdicts, reason)
        scores = hints[hint].reindex(excluded.index).fillna(0.0)
        n_excluded = int(excluded.sum())
        top = scores.sort_values(ascending=False, kind="stable").index[:n_excluded]
        rows.append(
            {
                "hint": hint,
                "reason": reason or "any",
                "n_judged": len(excluded),
                "n_excluded": n_excluded,
                "auc": _auc(scores, excluded),
                "precision_at_top": float(excluded.loc[top].mean()) if n_excluded else float("nan"),
            }
        )
    return pd.DataFrame(rows, columns=list(HINT_COLUMNS))


def _excluded(verdicts: pd.DataFrame, reason: str | None) -> pd.Series:
    # A clip counts as excluded for a reason as soon as one curator gave it.
    is_so = verdicts["verdict"] == "exclude"
    if reason is not None:
        is_so &= verdicts["reasons"].str.split(",").map(lambda given: reason in given).astype(bool)
    return is_so.groupby(verdicts["candidate_id"]).any()


def _auc(scores: pd.Series, excluded: pd.Series) -> float:
    n_excluded, n_kept = int(excluded.sum()), int((~excluded).sum())
    if not n_excluded or not n_kept:
        return float("nan")
    ranks = scores.rank()
    above = float(ranks[excluded].sum()) - n_excluded * (n_excluded + 1) / 2
    return above / (n_excluded * n_kept)
