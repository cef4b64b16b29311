"""Error consistency of groups: the mean over pairs and conditions, with intervals.

The people's mean among one another is the noise ceiling: what a network could reach at most, were
it one of them.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from lab.compare.measures.consistency import Pairs, kappa, pairs_of
from lab.compare.resampling import Resamples, interval
from lab.compare.responses import Numbers, Responses

ALL = "all conditions"  # the mean over them
_COLUMNS = ["condition", "kind", "observer", "value", "low", "high"]
_COLUMNS += ["n_pairs", "n_shared", "median_clips"]
Key = tuple[str, str]  # kind of pairs, and the network or nothing


def group_table(responses: Responses, draws: Resamples) -> pd.DataFrame:
    """Return mean error consistency of people with one another, and with each network.

    Parameters
    ----------
    responses : Responses
        Those that `draws` belongs to.

    Returns
    -------
    DataFrame
        ``condition`` (`ALL` for the mean over conditions), ``kind``, ``observer`` (the network,
        or empty), ``value``, ``low``, ``high``, ``n_pairs``, ``n_shared`` (pairs that share
        clips; a pair without a value counts here only) and ``median_clips`` of a pair.
    """
    found: dict[str, dict[Key, Numbers]] = {}
    counts: dict[Key, list[dict[str, float]]] = {}
    rows = []
    for condition in responses.conditions:
        wanted = (responses.rows["condition"] == condition) & (responses.rows["label"] != "")
        pairs = _pairs(responses, draws, np.flatnonzero(wanted))
        groups = _groups(pairs, draws)
        found[condition] = _means(pairs, groups, draws)
        for key, members in groups.items():
            counts.setdefault(key, []).append(_counts(pairs, members))
            rows.append(_row(condition, key, found[condition][key], counts[key][-1:]))
    for key in sorted(counts) if len(found) > 1 else []:
        together = np.stack([means[key] for means in found.values() if key in means])
        rows.append(_row(ALL, key, _mean_of_known(together), counts[key]))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _row(
    condition: str, key: Key, values: Numbers, counts: list[dict[str, float]]
) -> tuple[object, ...]:
    n_pairs, n_shared = (sum(one[name] for one in counts) for name in ("n_pairs", "n_shared"))
    median = float(np.median([one["median_clips"] for one in counts]))
    bounds = interval(values[1:])
    return condition, *key, float(values[0]), *bounds, int(n_pairs), int(n_shared), median


def _counts(pairs: Pairs, members: npt.NDArray[np.intp]) -> dict[str, float]:
    n_clips = np.asarray(pairs.shared.sum(axis=1))[members]
    values = _values(pairs, np.ones(pairs.shared.shape[1]))[members]
    return {
        "n_pairs": int(np.isfinite(values).sum()),
        "n_shared": len(members),
        "median_clips": float(np.median(n_clips)),
    }


def _pairs(responses: Responses, draws: Resamples, rows: npt.NDArray[np.intp]) -> Pairs:
    return pairs_of(
        draws.observer[rows],
        draws.clip[rows],
        responses.is_correct[rows],
        draws.is_person,
        draws.of_clips.shape[0],
    )


def _groups(pairs: Pairs, draws: Resamples) -> dict[Key, npt.NDArray[np.intp]]:
    """Return the pairs of each mean: people, and people with one network."""
    first, second = (pairs.table[name].to_numpy(np.intp) for name in ("first", "second"))
    kind = pairs.table["kind"].to_numpy()
    groups = {}
    if (kind == "people").any():
        groups["people", ""] = np.flatnonzero(kind == "people")
    mixed = kind == "people-networks"
    network = np.where(draws.is_person[first], second, first)
    for one in np.unique(network[mixed]):
        groups["people-networks", str(draws.names[one])] = np.flatnonzero(mixed & (network == one))
    return groups


def _means(
    pairs: Pairs, groups: dict[Key, npt.NDArray[np.intp]], draws: Resamples
) -> dict[Key, Numbers]:
    """Return the mean of each group, as it is and then in each resample."""
    first, second = (pairs.table[name].to_numpy(np.intp) for name in ("first", "second"))
    whole = _values(pairs, np.ones(draws.of_clips.shape[0]))
    parts = {key: [_mean_of_known(whole[members])[None]] for key, members in groups.items()}
    for chunk in draws.chunks():
        values = _values(pairs, draws.of_clips[:, chunk])
        # A pair of a person with him- or herself, drawn twice, is not a pair of people.
        weights = draws.of_observers[first, chunk] * draws.of_observers[second, chunk]
        for key, members in groups.items():
            parts[key].append(_mean_of_known(values[members], weights[members]))
    return {key: np.concatenate(one) for key, one in parts.items()}


def _values(pairs: Pairs, weights: Numbers) -> Numbers:
    return kappa(*pairs.counts(weights))


def _mean_of_known(values: Numbers, weights: Numbers | None = None) -> Numbers:
    known = np.isfinite(values)
    counted = known.astype(float) if weights is None else known * weights
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((np.where(known, values, 0) * counted).sum(axis=0) / counted.sum(axis=0))
