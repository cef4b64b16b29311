"""The recognition trials: their views say the same, and each fits its stimulus and its answer."""

from collections.abc import Callable, Iterator

import pandas as pd
import pyarrow as pa

from curation.release.row_faults import Finding
from curation.release.trial_table.columns import OF_STIMULUS, schema_of
from curation.release.trial_table.views import (
    FILE_NAME,
    MODEL_VS_HUMAN,
    MODEL_VS_HUMAN_NAME,
    RECOGNITION,
    model_vs_human,
    recognition_trials,
)
from lab.checking.opened import Opened, cells, finding
from study.vocabulary import Phase

_TRIALS, _STIMULI = "trials.csv", "stimuli.csv"
_DIGESTS = (("source", "source_sha256"), ("sound_source", "sound_sha256"))
# What was asked for, what was measured, and by how much more than they may differ.
_MEASURED = (("snr_db", "snr_measured_db", 0.5), ("asynchrony_ms", "asynchrony_measured_ms", 1.0))
_EVERY = schema_of(tuple(Phase)).names
_VIEWS: tuple[tuple[str, list[str], Callable[[pd.DataFrame], pd.DataFrame]], ...] = (
    (FILE_NAME, RECOGNITION.names, recognition_trials),
    (MODEL_VS_HUMAN_NAME, MODEL_VS_HUMAN.names, model_vs_human),
)


def check_recognition(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the recognition trials and what was made of them."""
    table = release.table(_TRIALS)
    if table is None or "phase" not in table.column_names:
        return
    trials = _frame(table)
    yield from _of_other_phases(trials)
    own = trials[trials["phase"] == str(Phase.RECOGNITION)]
    names = {column.name for column in schema_of([Phase.RECOGNITION]).columns}
    if own.empty or not names <= set(trials.columns):
        return  # columns that lack are told where they are described
    yield from _views(release, own)
    yield from _answers(own)
    yield from _stimuli(release, own)
    yield from _met_twice(own)
    table = release.table(_STIMULI)
    if table is not None and "stimulus" in table.column_names:
        yield from _made(_frame(table))


def _frame(table: pa.Table) -> pd.DataFrame:
    return pd.DataFrame({name: cells(table, name) for name in table.column_names}, dtype=object)


def _ids(rows: pd.DataFrame, wrong: "pd.Series[bool]") -> list[str]:
    return [f"row_id {one}" for one in rows["row_id"][wrong.to_numpy(dtype=bool)][:3]]


def _of_other_phases(trials: pd.DataFrame) -> Iterator[Finding]:
    """Yield rows that lack what their phase has, or have what it does not."""
    for is_own, phase in (
        (trials["phase"] == str(Phase.RECOGNITION), Phase.RECOGNITION),
        (trials["phase"] != str(Phase.RECOGNITION), Phase.ANNOTATION),
    ):
        columns = schema_of([phase]).columns
        rows = trials[is_own]
        needed = [c.name for c in columns if not c.optional and c.name in trials]
        own = {column.name for column in columns}
        foreign = [name for name in _EVERY if name in trials and name not in own]
        for names, is_wrong, says in (
            (needed, rows[needed] == "", "lack what trials of their phase have"),
            (foreign, rows[foreign] != "", "have what only trials of another phase have"),
        ):
            wrong = is_wrong.any(axis=1)
            if names and "row_id" in rows and wrong.any():
                yield finding("columns_of_another_phase", _TRIALS, f"rows {says}",
                              n=int(wrong.sum()), of=_ids(rows, wrong))  # fmt: skip


def _views(release: Opened, own: pd.DataFrame) -> Iterator[Finding]:
    for name, columns, view in _VIEWS:
        told = release.table(name)
        if told is None or told.column_names != columns:
            continue  # said of its file or its columns
        expected = [tuple(map(str, row)) for row in view(own).itertuples(index=False)]
        found = list(zip(*(cells(told, column) for column in columns), strict=True))
        differ = [
            place for place, both in enumerate(zip(expected, found, strict=False), start=1)
            if both[0] != both[1]
        ]  # fmt: skip
        n = len(differ) + abs(len(expected) - len(found))
        if n:
            first = differ or [min(len(expected), len(found)) + 1]
            yield finding("view_differs", name, f"rows are not those of {_TRIALS}", n=n,
                          of=[f"row {place}" for place in first])  # fmt: skip


def _answers(own: pd.DataFrame) -> Iterator[Finding]:
    is_right = (own["response"] == own["label"]).map({True: "True", False: "False"})
    wrong = own["correct"] != is_right.where(own["label"] != "", "")
    if wrong.any():
        yield finding("answer_differs", _TRIALS, "values of correct are not whether the answer is "
                      "the right one", n=int(wrong.sum()), of=_ids(own, wrong))  # fmt: skip


def _stimuli(release: Opened, own: pd.DataFrame) -> Iterator[Finding]:
    table = release.table(_STIMULI)
    names = [column.name for column in OF_STIMULUS]
    if table is None or not {"stimulus", *names} <= set(table.column_names):
        return
    known = _frame(table).drop_duplicates("stimulus").set_index("stimulus")[names]
    said = known.reindex(own["stimulus"])
    wrong = pd.Series((said.to_numpy() != own[names].to_numpy()).any(axis=1), index=own.index)
    if wrong.any():
        yield finding("tables_differ", _TRIALS, f"says something else of a clip than {_STIMULI}",
                      n=int(wrong.sum()), of=_ids(own, wrong))  # fmt: skip


def _made(stimuli: pd.DataFrame) -> Iterator[Finding]:
    """Yield clips that have two digests, and stimuli that are not what was asked for."""
    pairs = [pair for pair in _DIGESTS if set(pair) <= set(stimuli)]
    named = [stimuli[list(pair)].set_axis(["clip", "digest"], axis=1) for pair in pairs]
    if named:
        told = pd.concat(named).query("clip != '' and digest != ''").drop_duplicates()
        twice = sorted(told.loc[told["clip"].duplicated(), "clip"])
        if twice:
            yield finding("tables_differ", _STIMULI, "says two digests of one clip", n=len(twice),
                          of=twice)  # fmt: skip
    for asked, measured, most in _MEASURED:
        if {asked, measured} <= set(stimuli):
            one, other = (pd.to_numeric(stimuli[c], errors="coerce") for c in (asked, measured))
            wrong = (one - other).abs() > most
            if wrong.any():
                yield finding("measure_differs", _STIMULI, f"says another {measured} than {asked}",
                              n=int(wrong.sum()), of=stimuli.loc[wrong, "stimulus"])  # fmt: skip


def _met_twice(own: pd.DataFrame) -> Iterator[Finding]:
    """Yield people who met a clip twice, be it as picture or as sound."""
    met = pd.concat(
        [
            own[["participant", "row_id", name]].set_axis(["who", "row_id", "source"], axis=1)
            for name in ("source", "sound_source")
        ]
    )
    met = met[met["source"] != ""].drop_duplicates()
    twice = met.duplicated(["who", "source"])
    if twice.any():
        yield finding("met_twice", _TRIALS, "participants met a source twice, which nobody does",
                      n=int(twice.sum()), of=_ids(met, twice))  # fmt: skip
