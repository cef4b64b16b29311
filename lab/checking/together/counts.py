"""Numbers that have to fit one another: rows, ratings, people, and what the texts say."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from curation.release.row_faults import Finding
from lab.checking.opened import FACTS, Opened, cells, dicts, finding, part, uniques, word

_CLIP = ["video_location", "filename"]
# What a sentence says, in the order of its numbers.
_SENTENCES = (
    (re.compile(r"Ratings of ([\d,]+) three-second clips .{1,60}? in ([\d,]+) classes"),
     ("clips", "classes")),
    (re.compile(r"([\d,]+) participants rated ([\d,]+) clips"), ("raters", "clips")),
    (re.compile(r"([\d,]+) participants to ([\d,]+) clips? of actions under ([\d,]+) condition"),
     ("observers", "stimuli", "conditions")),
    (re.compile(r"([\d,]+) answers of ([\d,]+) participants"), ("answers", "observers")),
)  # fmt: skip
_TEXTS = (
    "README.md", "croissant.json", "datapackage.json", "datacite.json", "ro-crate-metadata.json",
    ".zenodo.json", "CITATION.cff", "psych-ds/dataset_description.json", FACTS,
)  # fmt: skip
SMALLEST_GROUP = 3
# What would tell a person apart if few shared it.
_TELLING = ("attempt", "day", "session", "rig_grade")


def check_counts(release: Opened) -> Iterator[Finding]:
    """Yield the numbers that do not fit."""
    ratings, raw, trials = (
        release.table(name) for name in ("video_ratings.csv", "raw_video_ratings.csv", "trials.csv")
    )
    have = _have(release, ratings, raw, trials)
    said = part(release.json(FACTS), "counts")
    for name, n in have.items():
        told = part(said, name)
        if told != n:
            yield finding("count_differs", FACTS, f"says {told} {name}, and the tables hold {n}")
    for name in _TEXTS:
        text = release.text(name)
        for pattern, names in _SENTENCES:
            numbers = [number for hit in pattern.finditer(text) for number in hit.groups()]
            for told, what in zip(numbers, itertools.cycle(names), strict=False):
                if what in have and int(told.replace(",", "")[:18]) != have[what]:
                    says = f"says {told} {what}, and the tables hold {have[what]}"
                    yield finding("count_differs", name, says)
    if raw is not None and trials is not None:
        yield from _raw_against_trials(raw, trials)
    if trials is not None:
        yield from _small_groups(trials)
        yield from _trials_alone(trials)
    yield from _steps(release)


def _has(table: pa.Table | None, *columns: str) -> bool:
    return table is not None and set(columns) <= set(table.column_names)


def _have(
    release: Opened, ratings: pa.Table | None, raw: pa.Table | None, trials: pa.Table | None
) -> dict[str, int]:
    have: dict[str, int] = {}
    if ratings is not None and _has(ratings, "AVMIT_label"):
        have |= {"clips": ratings.num_rows, "classes": len(uniques(ratings, "AVMIT_label"))}
    if raw is not None:
        have["ratings"] = raw.num_rows
    if trials is not None and _has(trials, "participant"):
        have |= {"trials": trials.num_rows, "participants": len(uniques(trials, "participant"))}
        have |= _of_phases(trials)
    rejects = release.table("rejects.csv")
    if rejects is not None:
        have["rejects"] = rejects.num_rows
    return have


def _of_phases(trials: pa.Table) -> dict[str, int]:
    if not _has(trials, "phase"):
        return {}
    rated, answers = (
        trials.filter(pc.equal(trials["phase"], phase)) for phase in ("annotation", "recognition")
    )
    have = {"raters": len(uniques(rated, "participant"))} if rated.num_rows else {}
    if answers.num_rows:
        names = {"observers": "participant", "stimuli": "stimulus", "conditions": "condition"}
        have["answers"] = answers.num_rows
        have |= {
            name: len(uniques(answers, column))
            for name, column in names.items()
            if _has(answers, column)
        }
    return have


def _raw_against_trials(raw: pa.Table, trials: pa.Table) -> Iterator[Finding]:
    columns = [*_CLIP, "rating"]
    if not (_has(raw, *columns) and _has(trials, *columns, "phase")):
        return
    of_annotation = trials.filter(pc.equal(trials["phase"], "annotation"))
    one, other = (
        Counter(zip(*(cells(table, column) for column in columns), strict=True))
        for table in (raw, of_annotation)
    )
    differ = sorted((one - other) + (other - one))
    if differ:
        yield finding("counts_differ_between_files", "raw_video_ratings.csv, trials.csv",
                      "ratings stand in one of the two only", n=len(differ),
                      of=["/".join(each) for each in differ])  # fmt: skip


def _small_groups(trials: pa.Table) -> Iterator[Finding]:
    for column in _TELLING:
        if not _has(trials, column, "participant", "phase"):
            continue
        key = ["phase", column]
        shared = trials.group_by(key).aggregate([("participant", "count_distinct")])
        few = pc.and_(
            pc.less(shared["participant_count_distinct"], SMALLEST_GROUP),
            pc.not_equal(shared[column], ""),
        )
        small = shared.filter(few)
        if small.num_rows:
            yield finding(
                "small_group", "trials.csv",
                f"values of {column} are shared by fewer than {SMALLEST_GROUP} participants",
                n=small.num_rows, of=[f"{one['phase']} {one[column]}" for one in small.to_pylist()],
            )  # fmt: skip


def _trials_alone(trials: pa.Table) -> Iterator[Finding]:
    key = ["participant", "phase", "attempt", "video_location", "filename"]
    if not _has(trials, *key):
        return
    counted = trials.select(key).group_by(key).aggregate([([], "count_all")])
    twice = counted.filter(
        pc.and_(pc.greater(counted["count_all"], 1), pc.equal(counted["phase"], "annotation"))
    )
    if twice.num_rows:
        yield finding("rated_twice", "trials.csv", "clips were rated twice by one participant",
                      n=twice.num_rows,
                      of=[one["filename"] for one in twice.slice(0, 3).to_pylist()])  # fmt: skip


def _steps(release: Opened) -> Iterator[Finding]:
    for step in dicts(release.json(FACTS), "steps"):
        named = [*(part(step, "inputs") or ()), *(part(step, "outputs") or ())]
        lost = [name for name in named if name not in release.files]
        if lost:
            says = f"step {word(step, 'command')} names files that are not there"
            yield finding("missing_file", FACTS, says, n=len(lost), of=lost)
