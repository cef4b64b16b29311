"""Tables that come from outside are not believed: what is drawn from them is apart, or nothing is.

The three tables with most rows are given random faults and random spellings.
"""

import shutil

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from curation.__main__ import app
from study.errors import TableError
from tests.worlds.curated import candidate, fill, new_study

CLASSES = ("barking", "diving")
N_CLIPS = 24
SETTINGS = ("protocol.class_min_prominent=4", "protocol.test_size_per_class=3")
LISTS = ("AVMIT_train", "AVMIT_validation", "MIT16_train", "MIT16_validation")


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study with its tables of ratings and its test set."""
    folder = tmp_path_factory.mktemp("study")
    found = new_study(folder, *SETTINGS)
    clips = [
        candidate(f"{CLASSES[n % 2]}/caf\u00e9-{n}_1.mp4", CLASSES[n % 2], location=place)
        for n in range(N_CLIPS)
        for place in ["validation" if n % 6 == 0 else "training"]
    ]
    fill(found, clips, lambda place: (3, 3, 3) if place % 8 else (1, 3, 3))
    for command in ("export-ratings", "test-set"):
        assert run(command, "--study", folder).exit_code == 0
    return folder


def tables(study, folder):
    """Copy the tables of ratings and the test set into a folder; return them as text."""
    names = ("video_ratings", "raw_video_ratings", "test_set")
    for name in names:
        shutil.copy(study / f"release/{name}.csv", folder)
    return {name: pd.read_csv(folder / f"{name}.csv", dtype=str) for name in names}


def training_lists(study, folder, out, *flags):
    tested = ("--test", folder / "test_set.csv")
    ratings = ("--ratings", folder / "video_ratings.csv")
    return run("training-lists", "--study", study, *ratings, *tested, "--out", out, *flags)


def keys(path):
    rows = pd.read_csv(path)
    names = rows["filename"].str.normalize("NFC")
    places = rows["video_location"].str.strip().str.lower().str.removeprefix("mit_")
    return list(zip(places, names, strict=True))


def assert_apart(folder, test):
    lists = {name: keys(folder / f"{name}.csv") for name in LISTS} | {"test": keys(test)}
    for name, rows in lists.items():
        assert len(set(rows)) == len(rows), name
    for one, other in [("AVMIT_train", "AVMIT_validation"), ("MIT16_train", "MIT16_validation"),
                       *((name, "test") for name in LISTS)]:  # fmt: skip
        assert not set(lists[one]) & set(lists[other])


@pytest.mark.parametrize("spelt", [{"training": "MIT_training"}, {"training": "Training "}, {}])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_training_lists_keep_the_test_set_out_whatever_the_spelling(study, tmp_path, spelt, form):
    ratings = tables(study, tmp_path)["video_ratings"]
    ratings["filename"] = ratings["filename"].str.normalize(form)
    ratings.replace({"video_location": spelt}).to_csv(tmp_path / "video_ratings.csv", index=False)
    result = training_lists(study, tmp_path, tmp_path / "out")
    assert result.exit_code == 0, result.exception
    assert_apart(tmp_path / "out", tmp_path / "test_set.csv")
    plain = training_lists(study, study / "release", tmp_path / "plain")
    assert plain.exit_code == 0
    for name in LISTS:
        written, expected = ((tmp_path / d / f"{name}.csv").read_bytes() for d in ("out", "plain"))
        assert written == expected


def _append_twice(rows):
    return pd.concat([rows, rows.iloc[[3]]])


def _unknown_clip(rows):
    rows.loc[3, "filename"] = "barking/nobody_1.mp4"
    return rows


def _other_place(rows):
    place = {"training": "validation", "validation": "training"}[rows.loc[3, "video_location"]]
    rows.loc[3, "video_location"] = place
    return rows


def _other_label(rows):
    rows.loc[3, "AVMIT_label"] = "raining"
    return rows


def _no_rating(rows):
    rows.loc[3, ["r1", "r2", "r3"]] = "0"
    return rows


@pytest.mark.parametrize(
    ("name", "fault", "said"),
    [
        ("video_ratings", _append_twice, "the clip stands in the list already"),
        ("video_ratings", _unknown_clip, "is not a clip of this store"),
        ("video_ratings", _other_place, "is not a clip of this store"),
        ("video_ratings", _other_label, "has the avmit_label raining and in the store"),
        ("video_ratings", _no_rating, "fewer than the 3 ratings"),
        ("test_set", _append_twice, "the clip stands in the list already"),
        ("test_set", _unknown_clip, "is not a clip of this store"),
        ("test_set", _other_place, "is not a clip of this store"),
        ("test_set", _other_label, "has the avmit_label raining and in the store"),
    ],
)
def test_a_table_that_cannot_be_believed_stops_whoever_reads_it(study, tmp_path, name, fault, said):
    rows = fault(tables(study, tmp_path)[name])
    rows.to_csv(tmp_path / f"{name}.csv", index=False)
    results = [training_lists(study, tmp_path, tmp_path / "out")]
    ratings = ("--ratings", tmp_path / "video_ratings.csv", "--out", tmp_path / "out")
    if name == "video_ratings":
        results.append(run("test-set", "--study", study, *ratings))
    else:
        clips = ("--to", tmp_path / "clips")
        test = ("--test", tmp_path / "test_set.csv")
        results.append(run("materialise", "--study", study, *test, *clips))
    for result in results:
        assert isinstance(result.exception, TableError)
        assert said in str(result.exception)
        assert f"{name}.csv, line " in str(result.exception)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "clips").exists()


def test_a_table_that_was_changed_after_it_was_written_is_said_to_be(study, tmp_path):
    tables(study, tmp_path)
    for name in ("video_ratings", "test_set"):
        shutil.copy(study / f"release/{name}.json", tmp_path)
    assert "was changed" not in training_lists(study, tmp_path, tmp_path / "one").output
    ratings = tmp_path / "video_ratings.csv"
    ratings.write_text(ratings.read_text().replace(",0,0,3,", ",0,0,4,", 1))
    said = training_lists(study, tmp_path, tmp_path / "other")
    assert said.exit_code == 0
    assert f"{ratings} was changed after it was written" in said.output
    assert "test_set.csv was changed" not in said.output
    assert (
        "note [changed_list] video_ratings: 1 list is not" in run("check-release", tmp_path).output
    )


SPELLINGS = st.sampled_from(["{}", "MIT_{}", " {}", "{}\t", "Mit_{} "])
CELLS = st.sampled_from(
    ["", " ", "training", "MIT_validation", "test", "barking", "Barking", "-1", "0", "3", "9",
     "barking/caf\u00e9-0_1.mp4", "barking\\caf\u00e9-0_1.mp4", "../x.mp4", "barking/barking_1.mp4"]
)  # fmt: skip


@st.composite
def edits(draw):
    """Return what happens to a table: rows twice, rows lost, cells changed."""
    n = st.integers(0, N_CLIPS - 1)
    return {
        "twice": draw(st.lists(n, max_size=2)),
        "lost": draw(st.lists(n, max_size=2)),
        "cells": draw(st.lists(st.tuples(n, st.integers(0, 7), CELLS), max_size=2)),
        "spelt": draw(st.lists(SPELLINGS, min_size=1, max_size=5)),
    }


def edited(rows, edit):
    n_rows = len(rows)
    spelt = [edit["spelt"][i % len(edit["spelt"])] for i in range(n_rows)]
    places = zip(spelt, rows["video_location"], strict=True)
    rows = rows.assign(video_location=[how.format(place) for how, place in places])
    for row, column, value in edit["cells"]:
        rows.iloc[row % n_rows, column % len(rows.columns)] = value
    again = rows.iloc[[i % n_rows for i in edit["twice"]]]
    kept = rows.drop(index=[i % n_rows for i in edit["lost"]])
    return pd.concat([kept, again])


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(of_ratings=edits(), of_test=edits())
def test_random_faults_give_lists_that_are_apart_or_none(
    study, tmp_path_factory, of_ratings, of_test
):
    folder = tmp_path_factory.mktemp("edited")
    found = tables(study, folder)
    edited(found["video_ratings"], of_ratings).to_csv(folder / "video_ratings.csv", index=False)
    edited(found["test_set"], of_test).to_csv(folder / "test_set.csv", index=False)
    result = training_lists(study, folder, folder / "out")
    if result.exit_code == 0:
        assert_apart(folder / "out", folder / "test_set.csv")
        return
    assert type(result.exception).__module__ == "study.errors", repr(result.exception)
    assert "\n" not in str(result.exception)
    assert not (folder / "out").exists()


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(of_tallies=edits(), of_raw=edits())
def test_random_faults_in_a_release_are_imported_apart_or_refused(
    study, tmp_path_factory, of_tallies, of_raw
):
    folder = tmp_path_factory.mktemp("release")
    found = tables(study, folder)
    edited(found["video_ratings"], of_tallies).to_csv(folder / "video_ratings.csv", index=False)
    edited(found["raw_video_ratings"], of_raw).to_csv(folder / "raw_video_ratings.csv", index=False)
    breaks = run("check-release", folder).exit_code == 1
    result = run("import-release", folder, "--out", folder / "out")
    # Names of records matter only where records are read: the import says so and goes on.
    assert breaks == (result.exit_code != 0 or "kept as published" in result.output)
    if not breaks:
        rows = keys(folder / "out/video_ratings.csv")
        assert len(set(rows)) == len(rows)
        return
    assert isinstance(result.exception, TableError)
    assert not (folder / "out").exists()


def test_the_last_look_stops_a_draw_that_is_not_apart(study, tmp_path, monkeypatch):
    """A fault of the drawing itself, planted, must be caught before anything is written."""
    from curation.selection import splits

    drawn = splits.draw_lists

    def leaking(pool, test, **how):
        parts = drawn(pool, test, **how)
        both = pd.concat([parts.train, parts.validation.iloc[:1]], ignore_index=True)
        return splits.DrawnLists(both, parts.validation)

    monkeypatch.setattr(splits, "draw_lists", leaking)
    result = training_lists(study, study / "release", tmp_path / "out")
    assert "would stand in AVMIT_train.csv and in AVMIT_validation.csv" in str(result.exception)
    assert not (tmp_path / "out").exists()
