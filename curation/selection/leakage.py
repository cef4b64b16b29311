"""What stands on two sides: sources and near-duplicates in training lists and test set."""

from collections.abc import Hashable, Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from curation.clips.families import merge, roots
from curation.tally import as_index, clip_keys, shared_clips
from study.errors import TableError
from study.naming import source_of
from study.reading.clip_keys import require_apart


def sources(clips: pd.DataFrame) -> pd.Series:
    """Return the source video of each clip.

    Parameters
    ----------
    clips : DataFrame
        With ``filename``.

    Returns
    -------
    Series of str
        The stem without the last ``_<n>``.
    """
    return clips["filename"].map(source_of)


def leakage_report(
    lists: Mapping[str, pd.DataFrame], duplicates: pd.Series | None = None
) -> pd.DataFrame:
    """Return, for every two lists, what they share.

    Parameters
    ----------
    lists : dict of str to DataFrame
        With ``filename`` and ``video_location``.
    duplicates : Series of int or None
        Group of near-duplicates, indexed by location and filename; None where no clip was
        audited.

    Returns
    -------
    DataFrame
        Columns ``one, other, n_clips, n_sources, n_clips_of_one, n_clips_of_other`` (clips of
        shared sources) and ``n_duplicates`` (shared groups of near-duplicates; NaN where no clip
        was audited).

    Raises
    ------
    TableError
        If there are not two lists to compare.
    """
    if len(lists) < 2:
        found = ", ".join(lists) or "none"
        raise TableError(
            f"found the lists: {found}; expected two or more of test, training and validation "
            "lists in one folder. Put them together"
        )
    rows = []
    for one, other in combinations(lists, 2):
        first, second = lists[one], lists[other]
        of_first, of_second = sources(first), sources(second)
        shared = set(of_first) & set(of_second)
        rows.append(
            {
                "one": one,
                "other": other,
                "n_clips": len(shared_clips(first, second)),
                "n_sources": len(shared),
                "n_clips_of_one": int(of_first.isin(shared).sum()),
                "n_clips_of_other": int(of_second.isin(shared).sum()),
                "n_duplicates": np.nan
                if duplicates is None
                else len(_groups(first, duplicates) & _groups(second, duplicates)),
            }
        )
    return pd.DataFrame(rows)


def refuse_leaks(
    lists: Mapping[str, pd.DataFrame], *, by_source: bool, duplicates: pd.Series | None = None
) -> None:
    """Look a last time at lists that are about to be written.

    Parameters
    ----------
    lists : dict of str to DataFrame
        Training, validation and test list, with ``video_location`` and ``filename``.
    by_source : bool
        Whether no source video may have clips in two of them.
    duplicates : Series of int or None
        Group of near-duplicates; they never stand in two lists.

    Raises
    ------
    TableError
        If a clip stands twice or in two lists, or what must be apart is not.
    """
    require_apart({name: list(clip_keys(rows)) for name, rows in lists.items()})
    report = leakage_report(lists, duplicates)
    leaks = report["n_duplicates"] > 0
    if by_source:
        leaks |= report["n_sources"] > 0
    for row in report.loc[leaks].to_dict("records"):
        near = "" if duplicates is None else f" and {row['n_duplicates']:.0f} near-duplicates"
        raise TableError(
            f"{row['one']} and {row['other']} would share {row['n_sources']} source videos{near}. "
            "Nothing was written; report this"
        )


def kin(
    clips: pd.DataFrame, *, by_source: bool, duplicates: pd.Series | None = None
) -> npt.NDArray[np.int64]:
    """Return which clips belong together and must stand on one side.

    Parameters
    ----------
    clips : DataFrame
        With ``video_location, filename``.
    duplicates : Series of int or None
        Group of near-duplicates, indexed by location and filename.

    Returns
    -------
    ndarray of int64, shape (n_clips,)
        The same number for clips that belong together, directly or through others.
    """
    keys = clip_keys(clips)
    ties: list[tuple[int, Hashable]] = [(i, ("clip", key)) for i, key in enumerate(keys)]
    if by_source:
        ties += [(i, ("source", source)) for i, source in enumerate(sources(clips))]
    if duplicates is not None:
        groups = _by_key(duplicates).reindex(keys)
        ties += [(i, ("duplicate", group)) for i, group in enumerate(groups) if pd.notna(group)]
    return _components(ties, len(clips))


def _groups(clips: pd.DataFrame, duplicates: pd.Series) -> set[int]:
    return set(_by_key(duplicates).reindex(clip_keys(clips)).dropna().astype(int))


def _by_key(duplicates: pd.Series) -> pd.Series:
    keyed = duplicates.set_axis(as_index(duplicates.index))
    return keyed.loc[~keyed.index.duplicated()]


def _components(ties: list[tuple[int, Hashable]], n_clips: int) -> npt.NDArray[np.int64]:
    parent = np.arange(n_clips)
    first: dict[Hashable, int] = {}  # the first clip of whatever ties clips together
    for clip, tie in ties:
        merge(parent, first.setdefault(tie, clip), clip)
    # A root comes before the rest of its family, so families are counted by their first clips.
    _, labels = np.unique(roots(parent, parent), return_inverse=True)
    return np.asarray(labels, dtype=np.int64)
