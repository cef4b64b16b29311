"""Whether answers are as probable as the released ratings, raters and priors make them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from curation.release.posterior import AUDIT_NAME, CONFUSION_NAME, NAME
from curation.release.row_faults import Finding
from lab.checking.opened import FACTS, Opened, cells, finding, part
from study.deciding.certain import Replay, audit
from study.deciding.posterior import Answers, expect, says_yes

_CLIP = ("video_location", "filename")
_CLOSE = 5e-6  # numbers are released with six digits
_OF_YES = ("test_set.csv", "AVMIT_train.csv", "AVMIT_validation.csv")
_PRIORS = ("prior_1", "prior_2", "prior_3")
_NUMBERS = ("posterior", "low", "high", "difficulty", "difficulty_low", "difficulty_high", *_PRIORS,
            "n_ratings")  # fmt: skip
_WORDS = ("answer", "stopped_by", "audit_n_ratings", "audit_answer", "expert_rating")
_AUDIT = ("certainty", "threshold", "promised_error", "measured_error", "n_audited",
          "n_most_say_otherwise", "hard_share", "least_yes_rating", "ratings_at_most")  # fmt: skip

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Worked:
    """What a release says of answers, and the same worked out again.

    Parameters
    ----------
    rows : DataFrame
        Of `label_posterior.csv`, numbers as such.
    posterior, difficulty : ndarray of float64, shape (n_rows,)
        Worked out from `trials.csv`, `rater_confusion.csv` and the rows' priors.
    counts : ndarray of int64, shape (n_rows, 3)
        Ratings of each clip in `trials.csv`.
    audit : DataFrame
        Of `label_audit.csv`, by measure.
    n_strange : int
        Ratings by somebody of whom `rater_confusion.csv` says nothing.
    """

    rows: pd.DataFrame
    posterior: Floats
    difficulty: Floats
    counts: npt.NDArray[np.int64]
    audit: pd.DataFrame
    n_strange: int

    @property
    def question(self) -> str:
        """What was asked of each clip."""
        return "present" if self.audit["value"]["least_yes_rating"] == 2 else "prominent"


def check_answers(release: Opened) -> Iterator[Finding]:
    """Yield what is wrong with the tables of answers."""
    if NAME not in release.files:
        return
    found = work_out(release)
    if found is None:
        sources = f"it, trials.csv, {CONFUSION_NAME} or {AUDIT_NAME}"
        says = f"cannot be worked out again: rows, columns or numbers of {sources} are missing"
        yield finding("answers_differ", NAME, says)
        return
    rows = found.rows
    if found.n_strange:
        yield finding("tables_differ", CONFUSION_NAME, "lacks people who rated in trials.csv",
                      n=found.n_strange)  # fmt: skip
        return
    for says, is_wrong in _wrong_rows(found, part(release.json(FACTS), "counts")).items():
        if is_wrong.any():
            yield finding("answers_differ", NAME, says, n=int(is_wrong.sum()),
                          of=list(rows["filename"][is_wrong]))  # fmt: skip
    yield from _of_raters(_raters(release))
    yield from _of_audit(found)
    yes = set(zip(*(rows.loc[rows["answer"] == "yes", name] for name in _CLIP), strict=True))
    for name in _OF_YES:
        table = release.table(name)
        if table is not None and set(_CLIP) <= set(table.column_names):
            keys = zip(*(cells(table, column) for column in _CLIP), strict=True)
            lost = ["/".join(key) for key in keys if key not in yes]
            if lost:
                yield finding("answers_differ", name, f"clips have no yes in {NAME}",
                              n=len(lost), of=lost)  # fmt: skip


def is_other(found: Worked) -> bool:
    """Return whether posteriors or numbers of ratings are not what the release makes them."""
    differ = _differ(found.rows["posterior"], found.posterior)
    return bool((differ | (found.rows["n_ratings"] != found.counts.sum(axis=1))).any())


def work_out(release: Opened, only: Mapping[str, str] | None = None) -> Worked | None:
    """Return what a release says of answers, and the same worked out again.

    Returns None where the release has none, or not all that it takes.

    Parameters
    ----------
    only : dict of str to str or None
        Location and filename of one clip; None for all.
    """
    told, trials = (release.table(name) for name in (NAME, "trials.csv"))
    audit_rows, raters = release.table(AUDIT_NAME), _raters(release)
    if told is None or trials is None or audit_rows is None or raters is None:
        return None
    for column, value in ({} if only is None else only).items():
        if column in told.column_names and column in trials.column_names:
            told, trials = (one.filter(pc.equal(one[column], value)) for one in (told, trials))
    if not _has(told, *_CLIP, *_NUMBERS, *_WORDS) or not _has(
        trials, *_CLIP, "participant", "phase", "rating"
    ):
        return None
    rows = told.select([*_CLIP, *_NUMBERS, *_WORDS]).to_pandas()
    rows = rows.assign(**{name: _numbers(rows[name]) for name in _NUMBERS})
    audited = _audit_of(audit_rows)
    of_annotation = trials.filter(pc.equal(trials["phase"], "annotation")).to_pandas()
    given = _numbers(of_annotation["rating"])
    if (
        audited is None
        or rows[[*_NUMBERS]].isna().any(axis=None)
        or not given.isin([1, 2, 3]).all()
    ):
        return None
    return _worked(rows, of_annotation.assign(rating=given), raters, audited)


def _worked(
    rows: pd.DataFrame, given: pd.DataFrame, raters: pd.DataFrame, audited: pd.DataFrame
) -> Worked:
    people = {name: place for place, name in enumerate(raters["participant"].unique())}
    confusion = raters["probability"].to_numpy(np.float64).reshape(-1, 3, 3)
    places = {key: place for place, key in enumerate(zip(*(rows[c] for c in _CLIP), strict=True))}
    clip = [places.get(key, -1) for key in zip(*(given[c] for c in _CLIP), strict=True)]
    rater = given["participant"].map(people).fillna(-1).to_numpy(np.int64)
    place = np.asarray(clip, dtype=np.int64)
    is_known = (place >= 0) & (rater >= 0)
    rating = given["rating"].to_numpy(np.int64) - 1
    n = len(rows)
    answers = Answers(
        place[is_known], rater[is_known], rating[is_known], np.zeros(n, dtype=np.int64),
        _whole(rows["expert_rating"]) - 1, np.full(n, np.nan),
        len(people),
    )  # fmt: skip
    prior = rows[[*_PRIORS]].to_numpy(np.float64)
    again = expect(answers, confusion, prior, float(audited["value"]["hard_share"]))
    counts = answers.counts()
    question = "present" if audited["value"]["least_yes_rating"] == 2 else "prominent"
    yes = says_yes(again, counts, question)
    return Worked(rows, yes, again.hard, counts, audited, int(((place >= 0) & (rater < 0)).sum()))


def _wrong_rows(found: Worked, counts: object) -> dict[str, "pd.Series[bool]"]:
    rows, said = found.rows, found.audit["value"]
    n, sure = rows["n_ratings"], np.maximum(rows["posterior"], 1 - rows["posterior"])
    why, n_full = rows["stopped_by"], part(counts, "ratings_per_clip")
    least = n_full if isinstance(n_full, int) else 1
    bounds = [("low", "posterior", "high"), ("difficulty_low", "difficulty", "difficulty_high")]
    outside = [(rows[low] > rows[of]) | (rows[of] > rows[high]) for low, of, high in bounds]
    return {
        "is of other numbers of ratings than trials.csv": n != found.counts.sum(axis=1),
        "posteriors are not what the ratings, raters and priors make them": _differ(
            rows["posterior"], found.posterior
        ),
        "difficulties are not what the ratings, raters and priors make them": _differ(
            rows["difficulty"], found.difficulty
        ),
        "intervals do not hold what they are of": outside[0] | outside[1],
        "priors do not add up to 1": _differ(rows[[*_PRIORS]].sum(axis=1), np.ones(len(rows))),
        "answers are not the likelier ones": (rows["answer"] == "yes") != (rows["posterior"] > 0.5),
        "clips were not ended for the reason that is given": (
            ((why == "certain") & (sure < said["threshold"] - _CLOSE))
            | ((why == "most_ratings") & (n < said["ratings_at_most"]))
            | ((why == "all_ratings") & (n < least))
        ),
    }


def _of_raters(raters: pd.DataFrame | None) -> Iterator[Finding]:
    if raters is None:
        return
    sums = raters.groupby(["participant", "truth"])["probability"].sum()
    off = [f"{who} {truth}" for who, truth in sums.index[_differ(sums, np.ones(len(sums)))]]
    if off:
        yield finding("answers_differ", CONFUSION_NAME, "probabilities do not add up to 1",
                      n=len(off), of=off)  # fmt: skip
    outside = (raters["low"] > raters["probability"]) | (raters["probability"] > raters["high"])
    wrong = outside & _differ(raters["probability"], raters["low"]) & _differ(
        raters["probability"], raters["high"]
    )  # fmt: skip
    if wrong.any():
        yield finding("answers_differ", CONFUSION_NAME, "intervals do not hold what they are of",
                      n=int(wrong.sum()), of=list(raters["participant"][wrong]))  # fmt: skip


def _of_audit(found: Worked) -> Iterator[Finding]:
    rows, told = found.rows, found.audit
    after = _whole(rows["audit_n_ratings"])
    replay = Replay(after, (rows["audit_answer"] == "yes").to_numpy(dtype=np.bool_))
    again = audit(replay, rows["posterior"].to_numpy(np.float64), found.counts, found.question)
    expected = {
        ("measured_error", "value"): again.error if again.n else np.nan,
        ("measured_error", "low"): again.low if again.n else np.nan,
        ("measured_error", "high"): again.high if again.n else np.nan,
        ("n_audited", "value"): again.n,
        ("n_most_say_otherwise", "value"): again.n_other,
        ("promised_error", "value"): 1 - told["value"]["certainty"],
    }
    wrong = [
        f"{measure} {column}"
        for (measure, column), value in expected.items()
        if not np.isclose(told[column][measure], value, atol=_CLOSE, rtol=0, equal_nan=True)
    ]
    if told["value"]["threshold"] < told["value"]["certainty"]:
        wrong.append("threshold value")
    if wrong:
        yield finding("answers_differ", AUDIT_NAME, f"numbers are not those of {NAME}",
                      n=len(wrong), of=wrong)  # fmt: skip


def _raters(release: Opened) -> pd.DataFrame | None:
    """Return the rows of `rater_confusion.csv` in order; None unless each rater has all nine."""
    table = release.table(CONFUSION_NAME)
    names = ("truth", "rating", "probability", "low", "high")
    if table is None or not _has(table, "participant", *names):
        return None
    rows = table.select(["participant", *names]).to_pandas()
    rows = rows.assign(**{name: _numbers(rows[name]) for name in names})
    rows = rows.sort_values(["participant", "truth", "rating"], ignore_index=True)
    pairs = rows.groupby("participant")[["truth", "rating"]].agg(tuple)
    is_whole = (pairs["truth"] == (1, 1, 1, 2, 2, 2, 3, 3, 3)).all()
    is_whole &= (pairs["rating"] == (1, 2, 3) * 3).all()
    return rows if is_whole and not rows.isna().any(axis=None) else None


def _audit_of(table: pa.Table) -> pd.DataFrame | None:
    if not _has(table, "measure", "value", "low", "high"):
        return None
    rows = table.select(["measure", "value", "low", "high"]).to_pandas()
    rows = rows.drop_duplicates("measure").set_index("measure")
    rows = pd.DataFrame({name: _numbers(rows[name]) for name in rows})
    needed = [name for name in _AUDIT if name != "measured_error"]
    if not set(_AUDIT) <= set(rows.index) or rows.loc[needed, "value"].isna().any():
        return None
    return rows


def _differ(told: "pd.Series[float]", again: npt.ArrayLike) -> "pd.Series[bool]":
    return (told - np.asarray(again)).abs() > _CLOSE


def _numbers(texts: "pd.Series[str]") -> "pd.Series[float]":
    return pd.to_numeric(texts, errors="coerce")


def _whole(texts: "pd.Series[str]") -> npt.NDArray[np.int64]:
    return np.asarray(_numbers(texts).fillna(0).clip(0, 9), dtype=np.int64)


def _has(table: pa.Table, *columns: str) -> bool:
    return set(columns) <= set(table.column_names)
