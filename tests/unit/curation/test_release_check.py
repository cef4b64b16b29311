"""Published lists: what is odd about them is found, planted or not."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from curation.__main__ import app
from curation.release.list_check import check, n_of, totals
from curation.release.published import LIST_NAMES, read_release, tally_of_release
from curation.release.row_faults import Finding
from curation.release.tables import TEST_SET, VIDEO_RATINGS, read_table
from study.errors import TableError
from tests.paths import SHARED

PUBLISHED = SHARED / "data/avmit_release"
needs_published = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published lists are not beside the repository"
)
CLASSES = ("barking", "frying", "pouring")


def _lists(seed):
    """Return clean lists of all kinds, in the spellings of the published files."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"{label}/yt-{label}{i}_{rng.integers(1, 300)}.mp4", label) for label in CLASSES
        for i in range(40)
    ]  # fmt: skip
    clips = pd.DataFrame(rows, columns=["filename", "label"])
    clips["record"] = [
        f"{label}/{name.split('/')[1][:-4]}.tfrecord"
        for name, label in zip(clips["filename"], clips["label"], strict=True)
    ]
    place = clips.groupby("label").cumcount()
    clips["r3"] = rng.integers(2, 4, len(clips))
    test, train, validation = (
        clips.loc[mask].reset_index(drop=True)
        for mask in (place < 6, (place >= 6) & (place < 30), place >= 30)
    )
    return {
        "AVMIT_train": _avmit(train),
        "AVMIT_validation": _avmit(validation),
        "MIT16_train": _mit16(train),
        "MIT16_validation": _mit16(validation),
        "test_set": pd.DataFrame(
            {
                "filename": test["filename"],
                "AVMIT_label": test["label"],
                "MIT_label": test["label"],
                "video_location": "training",
                "new_filename": [
                    f"{label}/{label}_{n}.mp4"
                    for label, n in zip(
                        test["label"], test.groupby("label").cumcount() + 1, strict=True
                    )
                ],
                "tfrecord_filename": test["record"],
            }
        ),
        "video_ratings": _avmit(clips).rename(
            columns={"actual_label": "MIT_label", "label": "AVMIT_label"}
        ),
    }


def _avmit(clips):
    return pd.DataFrame(
        {
            "filename": clips["filename"],
            "actual_label": clips["label"],
            "r1": 3 - clips["r3"],
            "r2": 0,
            "r3": clips["r3"],
            "label": clips["label"],
            "video_location": "MIT_training",
            "tfrecord_filename": clips["record"],
        }
    )


def _mit16(clips):
    return pd.DataFrame(
        {
            "Unnamed: 0": range(len(clips)),
            "filename": clips["filename"],
            "MIT label": clips["label"],
            "AVMIT label": clips["label"],
            "tfrecord_filename": clips["record"],
        }
    )


def _write(lists, folder):
    for name, rows in lists.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    return read_release(folder)


def _set(lists, name, row, column, value):
    lists[name] = lists[name].astype({column: object})
    lists[name].loc[row, column] = value


def _copy_row(lists, source, row, target):
    lists[target] = pd.concat([lists[target], lists[source].iloc[[row]]], ignore_index=True)


def _rate_again(lists, row):
    filename = lists["AVMIT_train"]["filename"][row]
    for name in ("AVMIT_train", "video_ratings"):
        _set(lists, name, lists[name]["filename"].eq(filename).idxmax(), "r1", "4")


def _into_test_set(lists, row):
    clip = lists["AVMIT_train"].iloc[row]
    _set(lists, "test_set", 2, "filename", clip["filename"])


def _raw(lists, row=0, *, label=None, person=None):
    """Return every rating of the tallies, one of them with another label or person."""
    rows = [
        [clip.filename, clip.AVMIT_label, clip.MIT_label, clip.video_location, rating]
        for clip in lists["video_ratings"].itertuples()
        for rating, n in ((1, clip.r1), (2, clip.r2), (3, clip.r3))
        for _ in range(n)
    ]
    columns = ["filename", "AVMIT_label", "MIT_label", "video_location", "rating"]
    raw = pd.DataFrame(rows, columns=columns)
    raw["participant"] = [f"P{place % 3}" for place in range(len(raw))]
    if label is not None:
        raw.loc[row, "AVMIT_label"] = label
    if person is not None:
        raw.loc[3 * (row // 3) + 1, "participant"] = person
    return raw


FAULTS = {
    "duplicate_clip": lambda lists, row: _copy_row(lists, "AVMIT_train", row, "AVMIT_train"),
    "shared_clip": _into_test_set,
    "record_of_another_class": lambda lists, row: _set(
        lists, "AVMIT_train", row, "tfrecord_filename", "coughing/x_1.tfrecord"
    ),
    "record_of_another_clip": lambda lists, row: _set(
        lists, "MIT16_train", row, "tfrecord_filename", "barking/other_1.tfrecord"
    ),
    "records_meet": lambda lists, row: _set(
        lists,
        "AVMIT_train",
        row,
        "tfrecord_filename",
        lists["AVMIT_train"]["tfrecord_filename"][(row + 1) % 72],
    ),
    "no_count": lambda lists, row: _set(lists, "AVMIT_train", row, "r2", "-1"),
    "empty_cell": lambda lists, row: _set(lists, "AVMIT_validation", row % 30, "label", ""),
    "stray_space": lambda lists, row: _set(lists, "AVMIT_train", row, "label", "barking "),
    "unknown_location": lambda lists, row: _set(
        lists, "AVMIT_train", row, "video_location", "MIT_testing"
    ),
    "unsafe_filename": lambda lists, row: _set(
        lists, "MIT16_train", row, "filename", "../../etc/passwd"
    ),
    "not_prominent": lambda lists, row: _set(lists, "AVMIT_train", row, "r3", "0"),
    "new_filename_twice": lambda lists, row: _set(
        lists, "test_set", 1, "new_filename", "barking/barking_1.mp4"
    ),
    "new_filename_elsewhere": lambda lists, row: _set(
        lists, "test_set", 1, "new_filename", "../barking_2.mp4"
    ),
    "labels_differ": lambda lists, row: lists.update(raw_video_ratings=_raw(lists, row, label="x")),
    "rated_twice": lambda lists, row: lists.update(raw_video_ratings=_raw(lists, row, person="P0")),
    "classes_differ": lambda lists, row: _set(lists, "MIT16_train", row, "AVMIT label", "sneezing"),
    "tallies_differ": lambda lists, row: _set(lists, "AVMIT_train", row, "r3", "9"),
    "no_rows": lambda lists, row: lists.update(test_set=lists["test_set"].iloc[:0]),
    "unreadable_list": lambda lists, row: lists.update(
        AVMIT_train=lists["AVMIT_train"].drop(columns="label")
    ),
}
ODDITIES = {
    "folder_of_another_class": lambda lists, row: _set(
        lists, "test_set", 3, "MIT_label", "boiling"
    ),
    "unknown_relabelling": lambda lists, row: _set(
        lists, "AVMIT_train", row, "actual_label", "laughing"
    ),
    "more_than_three_ratings": lambda lists, row: _rate_again(lists, row),
    "classes_not_balanced": lambda lists, row: lists.update(
        MIT16_train=lists["MIT16_train"].drop(index=row)
    ),
    "unrated_clip": lambda lists, row: lists.update(
        video_ratings=lists["video_ratings"].drop(index=row)
    ),
    "labels_differ_across_lists": lambda lists, row: [
        _set(lists, name, row, column, "frying")
        for name, column in (("MIT16_train", "AVMIT label"),)
    ],
    "unknown_ending": lambda lists, row: _set(
        lists, "MIT16_train", row, "filename", "barking/yt-b_1.avi"
    ),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_clean_lists_give_no_finding(tmp_path, seed):
    assert check(_write(_lists(seed), tmp_path)) == []


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("code", FAULTS)
def test_a_planted_fault_is_found_and_breaks_the_run(tmp_path, code, seed):
    lists = _lists(seed)
    FAULTS[code](lists, int(np.random.default_rng([seed, *code.encode()]).integers(70)))
    found = check(_write(lists, tmp_path))
    assert code in {item.code for item in found if item.breaks}


def test_the_exit_code_says_whether_a_run_would_break(tmp_path):
    lists = _lists(0)
    _write(lists, tmp_path)
    assert CliRunner().invoke(app, ["check-release", str(tmp_path)]).exit_code == 0
    FAULTS["shared_clip"](lists, 3)
    _write(lists, tmp_path)
    result = CliRunner().invoke(app, ["check-release", str(tmp_path)])
    assert result.exit_code == 1
    assert "breaks a run [shared_clip] AVMIT_train, test_set: 1" in result.output


@pytest.mark.parametrize("code", ODDITIES)
def test_an_oddity_is_named_and_does_not_break_the_run(tmp_path, code):
    lists = _lists(1)
    ODDITIES[code](lists, 17)
    found = {item.code: item for item in check(_write(lists, tmp_path))}
    assert code in found
    assert not found[code].breaks


def test_a_source_on_two_sides_is_counted(tmp_path):
    lists = _lists(5)
    name = lists["AVMIT_train"]["filename"][0].rpartition("_")[0] + "_999.mp4"
    _set(lists, "test_set", 0, "filename", name)
    record = f"barking/{name.split('/')[1][:-4]}.tfrecord"
    _set(lists, "test_set", 0, "tfrecord_filename", record)
    found = check(_write(lists, tmp_path))
    assert n_of(found, "shared_source_of_both") == 1
    assert not any(item.breaks for item in found)


@pytest.mark.parametrize("name", LIST_NAMES[:1] + LIST_NAMES[3:6])
def test_any_list_alone_is_looked_at(tmp_path, name):
    release = _write({name: _lists(0)[name]}, tmp_path)
    assert set(release.lists) == {name}
    assert check(release) == []


def test_raw_ratings_are_held_against_the_tallies(tmp_path):
    lists = {"video_ratings": _lists(0)["video_ratings"]}
    lists["raw_video_ratings"] = _raw(lists)
    assert check(_write(lists, tmp_path)) == []
    _set(lists, "raw_video_ratings", 4, "rating", 2)
    assert n_of(check(_write(lists, tmp_path)), "tallies_differ") == 1
    _set(lists, "raw_video_ratings", 4, "rating", 4)
    assert n_of(check(_write(lists, tmp_path)), "unknown_rating") == 1


def test_a_folder_without_lists_is_said_in_one_line(tmp_path):
    with pytest.raises(TableError, match=r"no published list in .* Expected one or more of"):
        read_release(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00binary", b"filename,label\na,b,c,d\n", b'filename\n"open\n']
)
def test_a_file_that_is_no_table_breaks_the_run_without_a_traceback(tmp_path, content):
    (tmp_path / "test_set.csv").write_bytes(content)
    found = check(read_release(tmp_path))
    assert [item.code for item in found] == ["unreadable_list"]


def test_all_spellings_come_out_as_tables_2_and_3(tmp_path):
    lists = _lists(0)
    (tmp_path / "in").mkdir()
    _write(lists, tmp_path / "in")
    result = CliRunner().invoke(
        app, ["import-release", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 0, result.output
    train = read_table(tmp_path / "out/AVMIT_train.csv", VIDEO_RATINGS)
    assert train["r3"].tolist() == lists["AVMIT_train"]["r3"].tolist()
    assert set(train["video_location"]) == {"training"}
    mit16 = pd.read_csv(tmp_path / "out/MIT16_train.csv")
    assert mit16.columns.tolist() == [
        "filename", "AVMIT_label", "MIT_label", "video_location", "tfrecord_filename",
    ]  # fmt: skip
    again = CliRunner().invoke(
        app, ["import-release", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    )
    assert "--overwrite" in str(again.exception)


def test_lists_whose_rows_cannot_be_trusted_are_not_imported(tmp_path):
    lists = _lists(0)
    FAULTS["no_count"](lists, 5)
    _write(lists, tmp_path)
    result = CliRunner().invoke(
        app, ["import-release", str(tmp_path), "--out", str(tmp_path / "out")]
    )
    assert "r2 is not a count (line 7: -1)" in str(result.exception)


def _run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.mark.parametrize("command", ["agreement", "sensitivity", "raters", "figures"])
@pytest.mark.parametrize(
    "fault", [("video_ratings", "r3", "2.5"), ("raw_video_ratings", "rating", "x")]
)
def test_ratings_that_cannot_be_read_are_never_taken_for_others(tmp_path, command, fault):
    lists = {"video_ratings": _lists(0)["video_ratings"]}
    lists["raw_video_ratings"] = _raw(lists)
    name, column, value = fault
    _set(lists, name, 4, column, value)
    _write(lists, tmp_path)
    result = _run(command, "--release", tmp_path, "--out", tmp_path / "out")
    assert isinstance(result.exception, TableError)
    assert "line 6:" in str(result.exception)
    assert not (tmp_path / "out").exists()


BREAKING = {code: fault for code, fault in FAULTS.items() if code != "record_of_another_class"}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        *(("import-release", code) for code in BREAKING),
        *((command, "duplicate_clip") for command in ("agreement", "sensitivity", "figures")),
        ("raters", "shared_clip"),
    ],
)
def test_what_breaks_a_run_stops_whoever_reads_a_release(tmp_path, command, code):
    lists = _lists(0)
    BREAKING[code](lists, 11)
    _write(lists, tmp_path)
    where = [tmp_path] if command == "import-release" else ["--release", tmp_path]
    result = _run(command, *where, "--out", tmp_path / "out")
    assert isinstance(result.exception, TableError)
    assert "See all findings: python -m curation check-release" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_a_test_clip_in_a_training_list_ends_leakage_with_exit_code_1(tmp_path):
    lists = _lists(0)
    for row in (3, 4):
        clip = lists["AVMIT_train"].iloc[row]
        _set(lists, "test_set", row, "filename", clip["filename"])
        _set(lists, "test_set", row, "tfrecord_filename", clip["tfrecord_filename"])
    _write(lists, tmp_path)
    result = _run("leakage", tmp_path)
    assert result.exit_code == 1
    assert "n_clips" in result.output
    assert "AVMIT_train, test_set: 2 clips stand in both lists" in str(result.exception)
    _write(_lists(0), tmp_path)
    assert _run("leakage", tmp_path).exit_code == 0


def test_lists_without_locations_get_those_of_the_lists_beside(tmp_path):
    lists = _lists(0)
    away = lists["AVMIT_train"]["filename"][:7].tolist()
    for rows in lists.values():
        if "video_location" in rows:
            rows.loc[rows["filename"].isin(away), "video_location"] = "MIT_validation"
    del lists["video_ratings"]
    more = lists["MIT16_train"].iloc[:1].assign(filename="barking/yt-only_1.mp4")
    more["tfrecord_filename"] = "barking/yt-only_1.tfrecord"
    lists["MIT16_train"] = pd.concat([lists["MIT16_train"], more], ignore_index=True)
    (tmp_path / "in").mkdir()
    _write(lists, tmp_path / "in")
    result = _run("import-release", tmp_path / "in", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.exception
    rows = pd.read_csv(tmp_path / "out/MIT16_train.csv")
    assert rows.loc[rows["video_location"] == "validation", "filename"].tolist() == away
    said = "as in the lists beside: 65 training, 7 validation, 1 not in them, taken to be training"
    assert said in result.output


def test_a_clip_that_lists_beside_have_in_both_places_is_not_guessed(tmp_path):
    lists = {
        name: rows for name, rows in _lists(0).items() if name in ("MIT16_train", "video_ratings")
    }
    rows = lists["video_ratings"]
    again = rows[rows["filename"] == lists["MIT16_train"]["filename"][0]].assign(
        video_location="MIT_validation", tfrecord_filename=lambda r: [
            r["tfrecord_filename"].iloc[0].replace(".tf", "-0123abcd.tf")
        ]
    )  # fmt: skip
    lists["video_ratings"] = pd.concat([rows, again], ignore_index=True)
    _write(lists, tmp_path)
    refused = _run("import-release", tmp_path, "--out", tmp_path / "out").exception
    assert "MIT16_train.csv, line 2: the lists beside have" in str(refused)
    assert not (tmp_path / "out").exists()


def test_a_test_set_that_has_left_the_lists_is_not_taken_out_again(tmp_path):
    lists = {name: rows for name, rows in _lists(0).items() if not name.startswith("video")}
    _write(lists, tmp_path)
    assert _run("sensitivity", "--release", tmp_path, "--out", tmp_path / "out").exit_code == 0
    table = pd.read_csv(tmp_path / "out/sensitivity.csv").set_index("rule")
    assert table.loc["at_least_2", ["n_test", "n_train_per_class"]].tolist() == [0, 34]


def test_rows_without_any_rating_are_no_rated_clips(tmp_path):
    lists = {"video_ratings": _lists(0)["video_ratings"]}
    lists["video_ratings"].loc[[2, 5], ["r1", "r2", "r3"]] = 0
    _write(lists, tmp_path)
    result = _run("agreement", "--release", tmp_path, "--out", tmp_path / "out", "--resamples", 9)
    assert "2 rows have no rating and are left out" in result.output
    assert "118 clips, 9 resamples" in result.output


def test_agreement_that_is_not_defined_says_why(tmp_path):
    lists = {"video_ratings": _lists(0)["video_ratings"]}
    lists["video_ratings"][["r1", "r2", "r3"]] = [0, 0, 3]
    _write(lists, tmp_path)
    result = _run("agreement", "--release", tmp_path, "--out", tmp_path / "out", "--resamples", 9)
    assert "prominent  alpha_nominal  not defined: all ratings are alike" in result.output
    assert "nan" not in result.output
    lists["video_ratings"][["r1", "r2", "r3"]] = [0, 1, 0]
    _write(lists, tmp_path)
    result = _run("agreement", "--release", tmp_path, "--out", tmp_path / "out", "--resamples", 9,
                  "--overwrite")  # fmt: skip
    assert "1-2-3      percent        not defined: no clip has two ratings" in result.output
    assert "nan" not in result.output
    table = pd.read_csv(tmp_path / "out/agreement.csv")
    assert set(table.loc[table["value"].isna(), "defined"]) == {"no clip has two ratings"}


@needs_published
def test_the_published_lists_have_456_clips_per_class_whatever_the_test_set_takes(tmp_path):
    assert _run("sensitivity", "--release", PUBLISHED, "--out", tmp_path).exit_code == 0
    table = pd.read_csv(tmp_path / "sensitivity.csv").set_index("rule")
    assert table["n_train_per_class"].to_dict() == {
        "strict": 442, "at_least_1": 456, "at_least_2": 456, "at_least_3": 158,
    }  # fmt: skip


def test_leakage_does_not_pass_over_a_list_that_cannot_be_read(tmp_path):
    lists = _lists(0)
    FAULTS["unreadable_list"](lists, 0)
    _write(lists, tmp_path)
    assert "lacks avmit_label" in str(_run("leakage", tmp_path).exception)


@pytest.mark.parametrize("names", [["test_set"], ["video_ratings"]])
def test_leakage_of_less_than_two_lists_is_refused(names, tmp_path):
    _write({name: _lists(0)[name] for name in names}, tmp_path)
    refused = _run("leakage", tmp_path).exception
    assert isinstance(refused, TableError)
    assert "expected two or more" in str(refused)


def test_ratings_one_by_one_are_counted_where_there_are_no_tallies(tmp_path):
    lists = _lists(0)
    release = _write({"raw_video_ratings": _raw(lists)}, tmp_path)
    clips, is_selected = tally_of_release(release)
    told = lists["video_ratings"].sort_values("filename")
    assert (
        clips[["r1", "r2", "r3"]].to_numpy().tolist()
        == told[["r1", "r2", "r3"]].to_numpy().tolist()
    )
    assert not is_selected
    result = _run("agreement", "--release", tmp_path, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out/agreement_of_pairs.csv").exists()


def test_who_rated_is_not_lost_at_import(tmp_path):
    lists = {"video_ratings": _lists(0)["video_ratings"]}
    lists["raw_video_ratings"] = _raw(lists)
    _write(lists, tmp_path)
    assert _run("import-release", tmp_path, "--out", tmp_path / "out").exit_code == 0
    raw = pd.read_csv(tmp_path / "out/raw_video_ratings.csv")
    assert raw["participant"].value_counts().to_dict() == {"P0": 120, "P1": 120, "P2": 120}


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    path = tmp_path / "MIT16_train.csv"
    head = "filename,MIT label,AVMIT label,tfrecord_filename"
    row = "barking/a_{0}.mp4,barking,barking,barking/a_{0}.tfrecord"
    quoted = '"barking/b\n_1.mp4",barking,barking,barking/b.tfrecord'
    path.write_text("\n".join([head, row.format(1), "", quoted, row.format(2)]) + "\n")
    assert read_release(tmp_path).lists["MIT16_train"]["line"].tolist() == [2, 4, 6]


def test_cells_without_commas_between_them_are_said(tmp_path):
    (tmp_path / "MIT16_train.csv").write_text("filename;MIT label\nbarking/a.mp4;barking\n")
    assert "no commas between its cells" in read_release(tmp_path).broken["MIT16_train"]


@needs_published
def test_the_command_adds_up_what_several_lists_have():
    told = _run("check-release", PUBLISHED).output
    for code, n in (
        ("record_of_another_class", 4),
        ("no_strict_majority", 98),
        ("more_than_three_ratings", 287),
    ):
        assert f"rows of all lists together [{code}]: {n}\n" in told


def test_only_rows_are_added_up():
    found = [Finding("no_rows", name, 1, True, "the list has no rows") for name in ("one", "other")]
    found += [Finding("no_count", name, 2, True, "rows") for name in ("one", "other")]
    found += [Finding("shared_clip", "one, other", 3, True, "clips") for _ in range(2)]
    assert totals(found) == {"no_count": 4}


@needs_published
def test_the_published_lists_tell_their_oddities_by_themselves():
    release = read_release(PUBLISHED)
    found = check(release)
    assert {name: len(rows) for name, rows in release.lists.items()} == {
        "test_set": 960,
        "AVMIT_train": 6560,
        "AVMIT_validation": 736,
    }
    assert n_of(found, "no_strict_majority") == 98
    assert n_of(found, "more_than_three_ratings") == 287
    assert n_of(found, "record_of_another_class") == 4
    shared = {item.where: item.n for item in found if item.code.startswith("shared_source")}
    assert shared == {
        "AVMIT_train, AVMIT_validation": 53,
        "AVMIT_train, test_set": 77,
        "AVMIT_validation, test_set": 8,
        "AVMIT_train + AVMIT_validation, test_set": 85,
    }
    assert n_of(found, "folder_of_another_class") == 1
    assert {item.code for item in found if item.breaks} == {"record_of_another_class"}


@needs_published
def test_the_published_lists_can_be_imported_and_tallied(tmp_path):
    result = CliRunner().invoke(app, ["import-release", str(PUBLISHED), "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert len(read_table(tmp_path / "test_set.csv", TEST_SET)) == 960
    clips, is_selected = tally_of_release(read_release(tmp_path))
    assert is_selected
    assert clips[["r1", "r2", "r3"]].sum().sum() == 22374
