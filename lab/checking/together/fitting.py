"""What one table says of a clip or a trial, and another says of it too."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from curation.analysis.agreement import measure_agreement
from curation.analysis.estimates import FIGURE_2_NAME, SAMPLE_NAME, votes_estimate
from curation.release.row_faults import Finding
from lab.checking.opened import FACTS, Opened, cells, finding, part
from lab.checking.together.counts import SMALLEST_GROUP

_CLIP = ("video_location", "filename")
_OF_A_CLIP = ("AVMIT_label", "MIT_label", "tfrecord_filename")
_COUNTS = ("r1", "r2", "r3")
_CLOSE = 2e-6  # numbers are released with six digits


def check_fitting(release: Opened) -> Iterator[Finding]:
    """Yield what two tables say differently."""
    yield from _labels(release)
    yield from _agreement(release)
    yield from _sample(release)
    trials, left_out = release.table("trials.csv"), release.table("left_out.csv")
    if trials is not None:
        yield from _arithmetic(trials)
    if left_out is not None and "n" in left_out.column_names:
        few = [one for one in cells(left_out, "n") if one.isdigit() and int(one) < SMALLEST_GROUP]
        if few:
            yield finding("small_group", "left_out.csv",
                          f"counts are under {SMALLEST_GROUP}", n=len(few), of=few)  # fmt: skip


def _labels(release: Opened) -> Iterator[Finding]:
    known = release.table("clips.csv")
    if known is None or not set(_CLIP) <= set(known.column_names):
        return
    for column in _OF_A_CLIP:
        if column not in known.column_names:
            continue
        said = dict(zip(_keys(known), cells(known, column), strict=True))
        for name, table in release.root_tables.items():
            if name == "clips.csv" or not {*_CLIP, column} <= set(table.column_names):
                continue
            rows = zip(_keys(table), cells(table, column), strict=True)
            other = [key for key, told in rows if said.get(key, told) != told]
            if other:
                yield finding("tables_differ", name, f"says another {column} than clips.csv",
                              n=len(other), of=["/".join(key) for key in other])  # fmt: skip


def _keys(table: pa.Table) -> Iterator[tuple[str, ...]]:
    return zip(*(cells(table, column) for column in _CLIP), strict=True)


def _agreement(release: Opened) -> Iterator[Finding]:
    name = "agreement.csv"
    measured_on = SAMPLE_NAME if SAMPLE_NAME in release.files else "video_ratings.csv"
    rated, told = release.table(measured_on), release.table(name)
    if rated is None or told is None:
        return
    key = ["AVMIT_label", "scale", "measure"]
    if not {*key, "value", "low", "high", "n_clips"} <= set(told.column_names):
        return
    clips = _tallies(release, measured_on)
    if clips is None:
        return
    found = measure_agreement(clips, n_resamples=1).rename(columns={"avmit_label": "AVMIT_label"})
    found = found[found["n_clips"] >= SMALLEST_GROUP].set_index(key)
    own = pd.DataFrame({column: cells(told, column) for column in key})
    own = own.assign(**{one: _numbers(told, one) for one in ("value", "low", "high", "n_clips")})
    own = own.drop_duplicates(key).set_index(key)
    both = found.replace([np.inf, -np.inf], np.nan).join(own.add_suffix("_told"), how="outer")
    value, told_value = both["value"], both["value_told"]
    is_same = (value - told_value).abs().le(_CLOSE) | (value.isna() & told_value.isna())
    is_same &= both["n_clips"].eq(both["n_clips_told"])
    is_same &= ~both["low_told"].gt(both["high_told"])
    if not is_same.all():
        yield finding("counts_differ_between_files", name, f"is not the agreement of {measured_on}",
                      n=int((~is_same).sum()),
                      of=["/".join(one) for one in both.index[~is_same]])  # fmt: skip


def _sample(release: Opened) -> Iterator[Finding]:
    """Hold a random sample against all tallies, and Figure 2's estimate against the sample."""
    sample, every = (_tallies(release, name) for name in (SAMPLE_NAME, "video_ratings.csv"))
    told = release.table(FIGURE_2_NAME)
    if sample is None or every is None:
        return
    n_each, known = sample[[*_COUNTS]].sum(axis=1), every.set_index([*_CLIP])[[*_COUNTS]]
    known = known[~known.index.duplicated()]
    most = known.reindex(pd.MultiIndex.from_frame(sample[[*_CLIP]])).to_numpy()
    off = (sample[[*_COUNTS]].to_numpy() > most).any(axis=1) | np.isnan(most).any(axis=1)
    off |= (n_each != part(release.json(FACTS), "counts", "ratings_per_clip")).to_numpy()
    if off.any():
        yield finding("counts_differ_between_files", SAMPLE_NAME,
                      "clips have ratings that video_ratings.csv lacks, or not all of them",
                      n=int(off.sum()), of=list(sample["filename"][off]))  # fmt: skip
    key = ["question", "AVMIT_label", "votes"]
    if off.any() or told is None or not {*key, "estimate", "low", "high"} <= set(told.column_names):
        return
    numbers = ["n_sample", "estimate", "low", "high"]
    again = votes_estimate(sample, every).rename(columns={"avmit_label": "AVMIT_label"})
    again = again.astype({"votes": str}).set_index(key)[numbers]
    own = pd.DataFrame({one: cells(told, one) for one in key})
    own = own.assign(**{one: _numbers(told, one) for one in numbers})
    both = again.join(own.drop_duplicates(key).set_index(key).add_suffix("_told"), how="outer")
    differs = [~(both[one] - both[f"{one}_told"]).abs().le(_CLOSE) for one in numbers]
    wrong = both.index[np.logical_or.reduce(differs)]
    if len(wrong):
        yield finding("counts_differ_between_files", FIGURE_2_NAME,
                      f"is not the estimate from {SAMPLE_NAME}", n=len(wrong),
                      of=["/".join(one) for one in wrong])  # fmt: skip


def _tallies(release: Opened, name: str) -> pd.DataFrame | None:
    table = release.table(name)
    if table is None or not {*_CLIP, *_COUNTS, "AVMIT_label"} <= set(table.column_names):
        return None
    found = pd.DataFrame({one: cells(table, one) for one in (*_CLIP, "AVMIT_label")})
    counts = pd.DataFrame({one: _numbers(table, one) for one in _COUNTS})
    if counts.isna().any(axis=None) or found.empty or (counts < 0).any(axis=None):
        return None  # told by their types
    return pd.concat([found.rename(columns={"AVMIT_label": "avmit_label"}), counts.astype(int)],
                     axis=1)  # fmt: skip


def _arithmetic(trials: pa.Table) -> Iterator[Finding]:
    rt, whole, lost = "rt_s", "rt_with_interruptions_s", "interrupted_s"
    if {rt, whole, lost} <= set(trials.column_names):
        off = _numbers(trials, rt) + _numbers(trials, lost) - _numbers(trials, whole)
        wrong = off.abs() > _CLOSE
        if wrong.any():
            yield finding("times_differ", "trials.csv", f"{rt} and {lost} do not add up to {whole}",
                          n=int(wrong.sum()), of=_row_ids(trials, wrong))  # fmt: skip
    if {"participant", "phase", "position"} <= set(trials.column_names):
        rows = pd.DataFrame({one: cells(trials, one) for one in ("participant", "phase")})
        expected = rows.groupby(["participant", "phase"]).cumcount() + 1
        wrong = _numbers(trials, "position") != expected
        if wrong.any():
            yield finding("times_differ", "trials.csv", "values of position do not count the "
                          "participant's rows of the phase", n=int(wrong.sum()),
                          of=_row_ids(trials, wrong))  # fmt: skip


def _numbers(table: pa.Table, column: str) -> "pd.Series[float]":
    return pd.to_numeric(pd.Series(cells(table, column)), errors="coerce")


def _row_ids(trials: pa.Table, wrong: "pd.Series[bool]") -> list[str]:
    if "row_id" not in trials.column_names:
        return []
    return [f"row_id {one}" for one in pd.Series(cells(trials, "row_id"))[wrong.to_numpy()][:3]]
