"""The one reader of lists: what means the same is read alike, what is wrong is one line."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.errors import TableError
from study.reading.clip_keys import key_of, location_of, require_apart, with_slashes
from study.reading.list_faults import faults
from study.reading.lists import open_list, read_list, refuse_few_ratings
from tests.paths import SHARED
from tests.worlds.clip_lists import KINDS, clean

RELEASE = SHARED / "data" / "avmit_release"
HEAD = "filename,label"


def write(folder, content, name="list.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "spelling", ["training", "MIT_training", "Training", "TRAINING", " training", "mit_Training\t"]
)
def test_a_location_has_one_spelling(spelling):
    assert location_of(spelling) == "training"


@pytest.mark.parametrize(
    "spelling", ["", "train", "test", "MIT_MIT_training", "MIT_", "training2", "\u200btraining"]
)
def test_what_is_no_location_stays_to_be_refused(spelling, tmp_path):
    assert location_of(spelling) == spelling
    path = write(tmp_path, f"{HEAD},video_location\nx/a.mp4,x,{spelling}\n")
    with pytest.raises(TableError, match=r"list.csv, line 2: .*video_location"):
        read_list(path)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("x\\a.mp4", "x/a.mp4"),
        ("x//a.mp4", "x/a.mp4"),
        ("./x/a.mp4", "x/a.mp4"),
        ("x/a\\b.mp4", "x/a\\b.mp4"),
        ("/x/a.mp4", "/x/a.mp4"),
        ("../x/a.mp4", "../x/a.mp4"),
    ],
)
def test_a_filename_has_one_slash_and_does_not_leave_its_folder(written, meant):
    assert with_slashes(written) == meant


def test_accents_tell_no_clips_apart():
    composed, decomposed = (unicodedata.normalize(form, "x/é_1.mp4") for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert key_of("training", composed) == key_of("training", decomposed)
    assert key_of("training", composed) != key_of("validation", composed)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "list.csv is empty"),
        (b"\n , \n\n", "list.csv is empty"),
        (b"filename,label\n", "list.csv lists no clip"),
        (b"filename,label\n\n,\n", "list.csv lists no clip"),
        ("filename,label\nx/a.mp4,x\n".encode("utf-16"), "list.csv is UTF-16 text. Save it"),
        (b"filename,label\nx/\xe9.mp4,x\n", "line 2: byte 0xe9 is not UTF-8"),
        (b"filename,label\nx/a.mp4,x\nx/\xff.mp4,x\n", "line 3: byte 0xff is not UTF-8"),
        (b"filename,label\nx/a\0.mp4,x\n", "line 2 holds a NUL"),
        (b'filename,label\nx/a.mp4,x\n"x/b.mp4,x\nx/c.mp4,x\n', "line 3 is not CSV"),
        (b'filename,label\n"x/a.mp4"x,y\n', "line 2 is not CSV"),
        (b"filename,label\rx/a.mp4,x\rx/b.mp4\r", "line 3 has 1 cell and the heading has 2"),
        (b"filename,label\nx/" + b"a" * 140_000 + b",x\n", "line 2 is not CSV: .* larger than"),
        (b"filename,label\nx/a.mp4,x\nx/b.mp4,x,y\n", "line 3 has 3 cells and the heading has 2"),
        (b"filename,label\nx/a.mp4\n", "line 2 has 1 cell and the heading has 2"),
        (b"filename;label\nx/a.mp4;x\n", "no commas between its cells"),
        (b"filename,label,filename\nx/a.mp4,x,x/b.mp4\n", "has the column 'filename' twice"),
        (b"filename,label, label\nx/a.mp4,x,y\n", "has the column 'label' twice"),
        (b"filename,label,AVMIT_label\nx/a.mp4,x,x\n", "avmit_label twice: AVMIT_label, label"),
        (b"name,label\nx/a.mp4,x\n", r"lacks filename \(filename\); found name, label"),
        (b"filename,MIT_label\nx/a.mp4,x\n", "lacks avmit_label"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_one_line(tmp_path, content, problem):
    with pytest.raises(TableError, match=problem) as error:
        read_list(write(tmp_path, content))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (["x/a.mp4,"], "line 2: there is no avmit_label"),
        (["x/a.mp4,x", " ,x"], "line 3: there is no filename"),
        (["x/a.mp4,x "], "line 2: there is space around avmit_label"),
        (["x/a.mp4,x", "x/b.mp4,X"], "line 3: avmit_label is spelt otherwise .* such as x "),
        (["../a.mp4,x"], "line 2: filename is not <MIT class>/<clip>"),
        (["/etc/a.mp4,x"], "line 2: filename is not"),
        (["x/../../a.mp4,x"], "line 2: filename is not"),
        (["a.mp4,x"], "line 2: filename is not"),
        (["x/a.mp4,x/y"], r"line 2: the record is not .* \(x/y/a.tfrecord\)"),
        ([f"x/{'a' * 252}.mp4,x"], "line 2: this cannot be a clip's or a record's name"),
        ([f"x/{'a' * 248}.mp4,x"], "line 2: this cannot be a clip's or a record's name"),
        (["x/a.mp4,x", "y/b.mp4,x", "x/a.mp4,x"], "line 4: the clip stands in the list already"),
        (["x/a.mp4,x", "x\\a.mp4,x"], "line 3: the clip stands in the list already"),
        (["x/é.mp4,x", "x/e\u0301.mp4,x"], "line 3: the clip stands in the list already"),
        (["x/a.mp4,x", "y/a.mp4,x"], "line 3: another clip of the list has the same record"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_line(tmp_path, rows, problem):
    with pytest.raises(TableError, match=problem):
        read_list(write(tmp_path, "\n".join([HEAD, *rows]) + "\n"), with_records=True)


@pytest.mark.parametrize("record", ["a.tfrecord", "x/a", "x/.a.tfrecord", "y/x/a.tfrecord",
                                    "../a.tfrecord", "/x/a.tfrecord"])  # fmt: skip
def test_a_record_that_lies_elsewhere_is_refused(tmp_path, record):
    path = write(tmp_path, f"{HEAD},tfrecord_filename\nx/a.mp4,x,{record}\n")
    with pytest.raises(TableError, match="line 2: the record is not"):
        read_list(path)


@pytest.mark.parametrize(
    "count", ["-1", "1.0", "2.5", "x", "1e3", "\u0663", "1234567", "+1", "nan"]
)
def test_a_number_of_ratings_that_is_not_one_is_refused(tmp_path, count):
    path = write(tmp_path, f"{HEAD},r1,r2,r3\nx/a.mp4,x,0,{count},3\n")
    with pytest.raises(TableError, match="line 2: r2 is not a count"):
        read_list(path)


def test_a_clip_with_fewer_ratings_than_the_study_asks_for_is_refused(tmp_path):
    path = write(tmp_path, f"{HEAD},r1,r2,r3\nx/a.mp4,x,0,0,3\nx/b.mp4,x,1,0,1\nx/c.mp4,x,0,0,0\n")
    clips = read_list(path)
    refuse_few_ratings(clips, 0)
    with pytest.raises(TableError, match=r"line 3: fewer than the 3 .* in 1 further row\)"):
        refuse_few_ratings(clips, 3)


def test_what_is_no_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(TableError, match=str(path)):
            read_list(path)


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    path = write(tmp_path, f'{HEAD}\nx/a.mp4,x\n\n"x/b\n.mp4",x\nx/c.mp4,x\n')
    assert read_list(path).lines == [2, 4, 6]


def test_unnamed_columns_and_a_byte_order_mark_are_passed_over(tmp_path):
    path = write(tmp_path, f"\ufeff,{HEAD},\n0,x/a.mp4,x,\n")
    assert read_list(path).columns == {"filename": ["x/a.mp4"], "avmit_label": ["x"]}


def test_a_rating_of_a_clip_that_the_same_person_had_rated_is_refused(tmp_path):
    table = clean("raw_video_ratings", 2)
    assert len(read_list(table.write(tmp_path), several_rows=True)) == 6
    table.rows[2]["participant_id"] = "P0"
    with pytest.raises(TableError, match="line 4: the same person had rated the clip before"):
        read_list(table.write(tmp_path), several_rows=True)


def test_a_rating_column_does_not_let_a_clip_stand_twice(tmp_path):
    path = write(tmp_path, f"{HEAD},rating\nx/a.mp4,x,3\nx/a.mp4,x,3\n")
    with pytest.raises(TableError, match="line 3: the clip stands in the list already"):
        read_list(path)


def test_lists_are_proved_apart_before_they_are_written():
    a, b, c = (("training", f"x/{name}.mp4") for name in "abc")
    require_apart({"train": [a, b], "test": [c]})
    with pytest.raises(TableError, match=r"x/a.mp4 \(training\) would stand twice in train"):
        require_apart({"train": [a, a]})
    with pytest.raises(TableError, match=r"x/b.mp4 .* would stand in train and in test"):
        require_apart({"train": [a, b], "test": [b]})


@pytest.mark.skipif(not RELEASE.is_dir(), reason="the released lists are not at hand")
@pytest.mark.parametrize(
    ("name", "n_clips"), [("test_set", 960), ("AVMIT_train", 6560), ("AVMIT_validation", 736)]
)
def test_the_released_lists_are_read(name, n_clips):
    clips = read_list(RELEASE / f"{name}.csv", with_records=True)
    assert len(clips) == n_clips
    assert set(clips.columns["video_location"]) == {"training", "validation"}


LOCATIONS = st.sampled_from(["training", "MIT_training", "Training", " training ", "mit_training"])
LABELS = st.sampled_from(["AVMIT_label", "AVMIT label", "label", "avmit_label"])


@settings(max_examples=40)
@given(kind=st.sampled_from(sorted(KINDS)), data=st.data())
def test_whatever_the_spelling_the_same_list_is_read(tmp_path_factory, kind, data):
    plain, odd = clean(kind), clean(kind)
    for row in odd.rows:
        row["video_location"] = data.draw(LOCATIONS)
        if data.draw(st.booleans()):
            row["filename"] = row["filename"].replace("/", data.draw(st.sampled_from(["\\", "//"])))
    odd.heading["avmit_label"] = data.draw(LABELS)
    how = {
        "newline": data.draw(st.sampled_from(["\n", "\r\n"])),
        "blank_after": data.draw(st.sets(st.integers(0, 11))),
    }
    folder = tmp_path_factory.mktemp("lists")
    read = read_list(odd.write(folder, **how), several_rows=kind == "raw_video_ratings")
    expected = read_list(plain.write(folder), several_rows=kind == "raw_video_ratings")
    assert read.columns == expected.columns
    assert read.keys == expected.keys


def _twice(table, row, other):
    table.rows.insert(row + 1, dict(table.rows[row]))
    return row + 1


def _cell(column, *values):
    def plant(table, row, other):
        table.rows[row][column] = values[other % len(values)]
        return row

    return plant


def _of_another(column):
    def plant(table, row, other):
        rows = table.rows
        first, second = sorted((row, next(i for i in range(len(rows)) if i not in (row, row - 1))))
        rows[second][column] = rows[first][column]
        return second

    return plant


FAULTS = {
    "duplicate_clip": _twice,
    "unknown_location": _cell("video_location", "test", "MIT_testing", "training,", "0"),
    "empty_cell": _cell("avmit_label", "", " "),
    "stray_space": _cell("mit_label", " barking", "barking\t", "barking\u00a0"),
    "no_count": _cell("r2", "-1", "0.0", "nan", "", "9" * 7),
    "unsafe_filename": _cell("filename", "a.mp4", "../a.mp4", "x/../a.mp4", "/a", "x/y/a.mp4"),
    "unsafe_record": _cell("tfrecord_filename", "../x.tfrecord", "x/a", "a.tfrecord"),
    "two_spellings": _cell("avmit_label", "BARKING", "Diving", "FrYing"),
    "records_meet": _of_another("tfrecord_filename"),
    "new_filename_twice": _of_another("new_filename"),
    "unknown_rating": _cell("rating", "0", "4", "3.0", "three"),
    "rated_twice": _twice,
}
OF_COLUMN = {
    "unknown_location": "video_location",
    "no_count": "r2", "unsafe_record": "tfrecord_filename", "records_meet": "tfrecord_filename",
    "new_filename_twice": "new_filename", "unknown_rating": "rating", "rated_twice": "rating",
}  # fmt: skip
CASES = [
    (kind, code)
    for kind in KINDS
    for code in FAULTS
    if OF_COLUMN.get(code, "filename") in KINDS[kind]
    and (code != "duplicate_clip" or kind != "raw_video_ratings")
]


@pytest.mark.parametrize(("kind", "code"), CASES)
@settings(max_examples=15)
@given(row=st.integers(1, 11), other=st.integers(0, 11))
def test_a_random_fault_is_found_on_its_line(tmp_path_factory, kind, code, row, other):
    table = clean(kind)
    row = FAULTS[code](table, row, other)
    path = table.write(tmp_path_factory.mktemp("faulty"))
    several_rows = kind == "raw_video_ratings"
    found = {fault.code: fault.rows for fault in faults(open_list(path, several_rows=several_rows))}
    assert row in found.get(code, found.get("empty_cell", ()))
    with pytest.raises(TableError, match=r"\.csv, line \d+: .*\. Correct the list"):
        read_list(path, several_rows=several_rows)


PIECES = (b"", b"\0", b"\xff", b'"', b",", b"\n", b"\r", b" ", b"1")


@settings(max_examples=80)
@given(kind=st.sampled_from(sorted(KINDS)), data=st.data())
def test_bytes_changed_anywhere_give_a_list_or_one_line(tmp_path_factory, kind, data):
    text = bytearray(clean(kind).text().encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        piece = data.draw(
            st.sampled_from([b"", b"\0", b"\xff", b'"', b",", b"\n", b"\r", b" ", b"1"])
        )
        text[place : place + data.draw(st.integers(0, 3))] = piece
    path = write(tmp_path_factory.mktemp("changed"), bytes(text), f"{kind}.csv")
    several_rows = kind == "raw_video_ratings"
    clips, said = _read_or_said(path, several_rows)
    assert (str(path) in said and "\n" not in said) if clips is None else not said
    if clips is not None:
        assert several_rows or len(set(clips.keys)) == len(clips)
        assert set(clips.columns.get("video_location", [])) <= {"training", "validation"}


def _read_or_said(path, several_rows):
    try:
        return read_list(path, several_rows=several_rows), ""
    except TableError as error:
        return None, str(error)
