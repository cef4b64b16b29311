"""Every number of a comparison, as one table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lab.compare.measures.benefit import Benefit, benefit_of_network, benefit_of_people
from lab.compare.measures.conflict import conflict, congruence_effect
from lab.compare.measures.confusions import (
    Confusions,
    Taker,
    accuracy,
    confusions,
    smoothed_rows,
    takers_of,
)
from lab.compare.measures.consistency import FEWEST_FOR_INTERVAL, pair_table
from lab.compare.measures.d_prime import mean_d_prime
from lab.compare.measures.difficulty import difficulty
from lab.compare.measures.distance import confusion_distance
from lab.compare.measures.group_consistency import group_table
from lab.compare.measures.integration_window import NAMES as WINDOW_NAMES
from lab.compare.measures.integration_window import Window, fit_window
from lab.compare.resampling import Resamples, interval, resample
from lab.compare.responses import AUDIOVISUAL, MODALITIES, NETWORKS, PEOPLE, Numbers, Responses
from study.errors import ConfigError

COLUMNS = {  # what each means
    "measure": "what was measured, such as accuracy",
    "group": "people or networks; both where they are compared",
    "observer": "the person or network; all for the group",
    "condition": "the condition of the clips",
    "value": "the number",
    "low": "lower limit of its 95 % interval; empty without one",
    "high": "upper limit",
    "n": "answers or clips that it rests on",
    "note": "what has to be known to read it",
}
OF_PAIRS = "error consistency"
Row = dict[str, object]
ByTaker = dict[tuple[str, str, str], Confusions]  # group, name, condition


@dataclass(frozen=True)
class Comparison:
    """What was compared, and what came of it.

    Parameters
    ----------
    numbers : DataFrame
        Columns `COLUMNS`: one row per number; without an interval, `low` and `high` are NaN.
    pairs : DataFrame
        As `pair_table`: error consistency of each pair of observers.
    confusions : dict
        By group, name of the taker and condition.
    """

    responses: Responses
    numbers: pd.DataFrame
    pairs: pd.DataFrame
    confusions: ByTaker
    n_resamples: int
    seed: int


def compare(
    responses: Responses,
    *,
    n_resamples: int = 1000,
    seed: int = 1,
    benefit_conditions: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare people with networks in everything that their answers allow.

    Parameters
    ----------
    n_resamples : int
        Of participants and clips, for each interval.
    benefit_conditions : mapping of str to str or None
        The condition of each of "audio", "visual" and "audiovisual"; None for the only one that
        has this modality and no asynchrony.
    """
    right = responses.answerable()
    draws = resample(right, n_resamples, seed)
    takers = takers_of(right)
    found = _confusions(right, takers, draws)
    pairs = pair_table(right)
    rows = [
        *_right_answers(found),
        *_consistency(right, draws, pairs),
        *_distances(found),
        *_difficulties(right, takers, draws, seed),
        *_benefits(right, takers, draws, benefit_conditions),
        *_windows(right, takers, found),
        *_conflicts(responses, resample(responses, n_resamples, seed)),
        *_congruence(right, takers, draws),
    ]
    numbers = pd.DataFrame(rows, columns=list(COLUMNS))
    return Comparison(responses, numbers, pairs, found, n_resamples, seed)


def _confusions(responses: Responses, takers: list[Taker], draws: Resamples) -> ByTaker:
    of_condition = responses.rows["condition"].to_numpy()
    found = {}
    for taker in takers:
        for condition in responses.conditions:
            part = taker.within(of_condition == condition)
            if len(part.rows):
                key = (taker.group, taker.name, condition)
                found[key] = confusions(responses, part, draws)
    return found


def _row(
    measure: str,
    taker: tuple[str, str],
    condition: str,
    values: Numbers,
    n: float,
    note: str = "",
    *,
    is_shifted: bool = False,
) -> Row:
    value = float(values[0])
    bounds = interval(values[1:], about=value if is_shifted else None)
    return _plain(measure, taker, condition, value, bounds, n, note)


def _plain(
    measure: str,
    taker: tuple[str, str],
    condition: str,
    value: float,
    bounds: tuple[float, float],
    n: float,
    note: str = "",
) -> Row:
    return dict(zip(COLUMNS, (measure, *taker, condition, value, *bounds, n, note), strict=True))


def _right_answers(found: ByTaker) -> Iterator[Row]:
    for measure, of_counts in (("accuracy", accuracy), ("d prime", mean_d_prime)):
        for (group, name, condition), one in found.items():
            yield _row(measure, (group, name), condition, of_counts(one.with_resamples), one.n)


def _consistency(responses: Responses, draws: Resamples, pairs: pd.DataFrame) -> Iterator[Row]:
    for row in group_table(responses, draws).to_dict("records"):
        note = f"{row['n_pairs']} of {row['n_shared']} pairs have a value"
        if np.isnan(row["low"]) and row["n_pairs"]:
            note += "; too few participants for an interval"
        if row["median_clips"] < FEWEST_FOR_INTERVAL:
            note += f"; {row['median_clips']:g} clips a pair: the interval may be too narrow"
        is_ceiling = row["kind"] == "people"
        measure = "noise ceiling" if is_ceiling else "error consistency with people"
        taker = (PEOPLE if is_ceiling else NETWORKS, row["observer"])
        bounds = (row["low"], row["high"])
        yield _plain(measure, taker, row["condition"], row["value"], bounds, row["n_pairs"], note)
    for row in pairs.to_dict("records"):
        note = f"accuracies allow {row['least']:.3f} to {row['greatest']:.3f}"
        taker = (row["kind"], f"{row['first']} and {row['second']}")
        bounds = (row["low"], row["high"])
        yield _plain(OF_PAIRS, taker, row["condition"], row["value"], bounds, row["n_clips"], note)


def _distances(found: ByTaker) -> Iterator[Row]:
    for (group, name, condition), one in found.items():
        people = found.get((PEOPLE, PEOPLE, condition))
        if group == NETWORKS and people is not None:
            rows = (smoothed_rows(who.with_resamples) for who in (people, one))
            yield _row(
                "confusion distance",
                (group, name),
                condition,
                confusion_distance(*rows),
                one.n,
                "Jensen-Shannon distance of confusion rows, base 2, mean over classes; few "
                "answers raise it, for which the interval is corrected",
                is_shifted=True,
            )


def _difficulties(
    responses: Responses, takers: list[Taker], draws: Resamples, seed: int
) -> Iterator[Row]:
    people = next((taker for taker in takers if taker.group == PEOPLE), None)
    if people is None:
        return
    of_condition = responses.rows["condition"].to_numpy()
    for condition in responses.conditions:
        asked = people.within(of_condition == condition)
        for network in (one for one in takers if one.group == NETWORKS):
            answered = network.within(of_condition == condition)
            one = difficulty(responses, asked, answered, draws, seed)
            if one is not None:
                yield _plain(
                    "difficulty correlation",
                    (NETWORKS, network.name),
                    condition,
                    one.value,
                    (one.low, one.high),
                    one.n_clips,
                    f"reliability of people {one.reliability:.3f}, corrected {one.corrected:.3f}",
                )


def _benefits(
    responses: Responses,
    takers: list[Taker],
    draws: Resamples,
    given: Mapping[str, str] | None,
) -> Iterator[Row]:
    conditions = _benefit_conditions(responses, given)
    if conditions is None:
        return
    for taker in takers:
        one = _benefit(responses, taker, conditions, draws)
        if one is None:
            continue
        who, together = (taker.group, taker.name), conditions[AUDIOVISUAL]
        how = "of classes" if taker.group == PEOPLE else "of probabilities, clip by clip"
        yield _row(
            "audiovisual benefit",
            who,
            together,
            one.observed - np.maximum(one.audio, one.visual),
            one.n,
            f"right with both, less the better of either alone; {how}",
        )
        for name, expected in one.expected.items():
            yield _row(
                f"observed less {name}",
                who,
                together,
                one.observed - expected,
                one.n,
                f"{one.observed[0]:.3f} observed, {expected[0]:.3f} expected; {how}",
                is_shifted=True,
            )


def _benefit(
    responses: Responses, taker: Taker, conditions: dict[str, str], draws: Resamples
) -> Benefit | None:
    of_condition = responses.rows["condition"].to_numpy()
    if not all(len(taker.within(of_condition == name).rows) for name in conditions.values()):
        return None
    of_taker = benefit_of_people if taker.group == PEOPLE else benefit_of_network
    return of_taker(responses, taker, conditions, draws)


def _benefit_conditions(
    responses: Responses, given: Mapping[str, str] | None
) -> dict[str, str] | None:
    if given is not None:
        missing = [name for name in given.values() if name not in responses.conditions]
        if missing or set(given) != set(MODALITIES) or len(set(given.values())) < len(given):
            raise ConfigError(
                f"--benefit needs another condition for each of {', '.join(MODALITIES)}; there are "
                f"{', '.join(responses.conditions)}. Correct it"
            )
        return dict(given)
    rows = responses.rows
    plain = rows[rows["asynchrony_ms"].fillna(0) == 0]
    found = plain.groupby("modality")["condition"].unique()
    if not all(name in found.index and len(found[name]) == 1 for name in MODALITIES):
        return None
    return {name: str(found[name][0]) for name in MODALITIES}


def _windows(responses: Responses, takers: list[Taker], found: ByTaker) -> Iterator[Row]:
    steps = asynchronies(responses)
    if not any(steps.values()):
        return
    for taker in takers:
        by_step: dict[float, Numbers] = {}
        for condition, x_ms in steps.items():
            one = found.get((taker.group, taker.name, condition))
            if one is not None:
                counts = one.with_resamples
                right = np.einsum("kk...->...", counts[:, :-1])
                both = np.stack([right, counts.sum(axis=(0, 1))])
                by_step[x_ms] = by_step.get(x_ms, np.zeros_like(both)) + both
        if by_step:
            right, n = np.stack(list(by_step.values()), axis=1)
            fitted = fit_window(np.array(list(by_step)), right, n)
            yield from _window((taker.group, taker.name), fitted, n[:, 0].sum())


def _window(taker: tuple[str, str], fitted: Window | str, n: float) -> Iterator[Row]:
    nothing = (float("nan"), float("nan"))
    if isinstance(fitted, str):
        yield _plain("time window", taker, "asynchrony", float("nan"), nothing, n, fitted)
        return
    for name in WINDOW_NAMES:
        measure = f"time window, {name.replace('_ms', ' (ms)')}"
        bounds = fitted.intervals.get(name, nothing)
        yield _plain(measure, taker, "asynchrony", getattr(fitted, name), bounds, n)


def asynchronies(responses: Responses) -> dict[str, float]:
    """Return the asynchrony of each audiovisual condition that has one alone, in milliseconds."""
    rows = responses.rows.dropna(subset="asynchrony_ms")
    rows = rows[rows["modality"] == AUDIOVISUAL]
    found = rows.groupby("condition")["asynchrony_ms"].unique()
    return {str(condition): float(one[0]) for condition, one in found.items() if len(one) == 1}


def _conflicts(responses: Responses, draws: Resamples) -> Iterator[Row]:
    for taker in takers_of(responses):
        one = conflict(responses, taker, draws)
        if one is not None:
            for measure, values in one.measures():
                yield _row(measure, (taker.group, taker.name), "incongruent", values, one.n)


def _congruence(responses: Responses, takers: list[Taker], draws: Resamples) -> Iterator[Row]:
    for taker in takers:
        effect = congruence_effect(responses, taker, draws)
        if effect is not None:
            yield _row(
                "congruence effect",
                (taker.group, taker.name),
                "incongruent",
                effect,
                len(taker.rows),
                "right with congruent clips, less right with incongruent ones",
            )
