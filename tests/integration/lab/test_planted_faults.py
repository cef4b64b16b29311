"""Every fault that a release can have is planted into a good one, sealed again, and found."""

import csv
import io
import json
import os
import shutil
import tarfile
import zlib

import pyarrow.parquet as pq
import pytest

from lab.checking.all_checks import as_json, check_release
from study.errors import StudyError
from tests.worlds.sealing import cell, edit_table, rewrite, seal


@pytest.fixture
def release(released_study, tmp_path):
    return shutil.copytree(released_study.folder, tmp_path / "release")


def breaking(folder):
    return {one.code for one in check_release(folder) if one.breaks}


def edit_json(name, change):
    return lambda folder: rewrite(folder / name, change)


def text(name, old, new):
    def plant(folder):
        said = (folder / name).read_text()
        assert old in said
        (folder / name).write_text(said.replace(old, new, 1))

    return plant


def append(name, content):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes() + content)


def add(name, content=b"x"):
    def plant(folder):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return plant


def remove(name):
    return lambda folder: (folder / name).unlink()


def repeat_row(name, row=1, **changes):
    def change(rows):
        again = list(rows[row])
        for column, value in changes.items():
            again[rows[0].index(column)] = value
        rows.append(again)

    return edit_table(name, change)


def in_bids(change):
    def plant(folder):
        path = sorted(folder.glob("bids/sub-*/beh/*_beh.tsv"))[0]
        change(path)

    return plant


def rename_column(path):
    path.write_text(path.read_text().replace("rating", "rated", 1))


def events(path):
    path.with_name(path.name.replace("_beh.tsv", "_events.tsv")).write_text(
        "onset\tduration\tstim_file\nsoon\t3\ttraining/barking/none.mp4\n"
    )


def other_owner(folder):
    path = next(folder.glob("AVMIT_*.tar"))
    again = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=again, mode="w") as new:
        for member in old:
            member.uname = "mueller"
            new.addfile(member, old.extractfile(member))
    path.write_bytes(again.getvalue())


def without_a_record(folder):
    path = next(folder.glob("AVMIT_*.tar"))
    again = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=again, mode="w") as new:
        for number, member in enumerate(old):
            if number != 2:
                new.addfile(member, old.extractfile(member))
    path.write_bytes(again.getvalue())


def broken_record(folder):
    path = next(folder.glob("AVMIT_*.tar"))
    again = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=again, mode="w") as new:
        for number, member in enumerate(old):
            content = bytearray(old.extractfile(member).read())
            if number == 2:
                content[len(content) // 2] ^= 0xFF
            new.addfile(member, io.BytesIO(bytes(content)))
    path.write_bytes(again.getvalue())


def tar_members(change):
    def plant(folder):
        path = next(folder.glob("AVMIT_*.tar"))
        again = io.BytesIO()
        with tarfile.open(path) as old, tarfile.open(fileobj=again, mode="w") as new:
            for member in old:
                content = old.extractfile(member).read()
                change(member)
                new.addfile(member, io.BytesIO(content))
        path.write_bytes(again.getvalue())

    return plant


def note_in_archive(folder):
    with tarfile.open(next(folder.glob("AVMIT_*.tar")), "a") as archive:
        name = f"{archive.getmembers()[0].name.partition('/')[0]}/notes.txt"
        archive.addfile(tarfile.TarInfo(name))


def swapped_archives(folder):
    one, other = sorted(folder.glob("AVMIT_*.tar"))
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def chunk(kind, content):
    def plant(folder):
        path = folder / "figures/figure_2.png"
        said = path.read_bytes()
        sealed = zlib.crc32(kind + content).to_bytes(4, "big")
        new = len(content).to_bytes(4, "big") + kind + content + sealed
        path.write_bytes(said[:33] + new + said[33:])  # behind the first part

    return plant


def parquet_remark(folder):
    rows = pq.read_table(folder / "trials.parquet")
    pq.write_table(rows.replace_schema_metadata({"note": "by Mueller"}), folder / "trials.parquet")


def other_persons_row(folder):
    one, other = sorted(folder.glob("bids/sub-*/beh/*_beh.tsv"))[:2]
    head, first, *rows = one.read_text().splitlines()
    one.write_text("\n".join([head, *rows, ""]))
    other.write_text(other.read_text() + first + "\n")


def leak(folder):
    rows = list(csv.reader((folder / "test_set.csv").read_text().splitlines()))
    head, first = rows[0], rows[1]
    ratings = list(csv.reader((folder / "video_ratings.csv").read_text().splitlines()))
    names = ratings[0]
    (clip,) = [
        row
        for row in ratings
        if row[names.index("filename")] == first[head.index("filename")]
        and row[names.index("video_location")] == first[head.index("video_location")]
    ]
    lists = list(csv.reader((folder / "AVMIT_train.csv").read_text().splitlines()))
    row = [clip[names.index(column)] for column in lists[0]]
    edit_table("AVMIT_train.csv", lambda rows: rows.append(row))(folder)


def croissant_field(change):
    def inside(said):
        change(said["recordSet"][0]["field"][0])

    return edit_json("croissant.json", inside)


def package(change):
    return edit_json("datapackage.json", lambda said: change(said))


def drop(*keys):
    def change(said):
        for key in keys:
            said.pop(key)

    return change


def put(**values):
    return lambda said: said.update(values)


# The list of shared/facts/release_standards.md, and what else a stranger would do.
FAULTS = {
    "wrong type in a CSV": (cell("video_ratings.csv", "r1", "none"), "wrong_type"),
    "duplicate key": (repeat_row("clips.csv"), "duplicate_key"),
    "foreign key": (cell("trials.csv", "filename", "barking/nowhere.mp4"), "foreign_key"),
    "unknown column": (
        croissant_field(lambda field: field["source"]["extract"].update(column="r9")),
        "unknown_column",
    ),
    "unknown dataType": (
        croissant_field(lambda field: field.update(dataType="sc:Word")), "unknown_data_type",
    ),
    "wrong conformsTo": (
        edit_json("croissant.json", put(conformsTo=["http://mlcommons.org/croissant/1.0"])),
        "wrong_conforms_to",
    ),
    "wrong context": (
        edit_json("croissant.json", lambda said: said["@context"].update(sc="http://schema.org/")),
        "wrong_context",
    ),
    "missing licence of Croissant": (edit_json("croissant.json", drop("license")), "missing_key"),
    "missing licence of the package": (package(drop("licenses")), "missing_licence"),
    "missing BIDSVersion": (
        edit_json("bids/dataset_description.json", drop("BIDSVersion")), "missing_key",
    ),
    "empty file": (
        in_bids(lambda path: path.with_name(f"{path.name[:12]}_task-x_beh.json").write_bytes(b"")),
        "empty_file",
    ),
    "non-numeric onset": (in_bids(events), "wrong_type"),
    "stim_file gone": (in_bids(events), "missing_stimulus"),
    "foreign file in sub-*": (
        in_bids(lambda path: path.with_name("notes.docx").write_bytes(b"x")), "foreign_file",
    ),
    "duplicate row_id": (cell("trials.csv", "row_id", "2"), "duplicate_row_id"),
    "column not in variableMeasured": (
        edit_json(
            "psych-ds/dataset_description.json",
            lambda said: said["variableMeasured"].pop(),
        ),
        "undescribed_column",
    ),
    "misspelt RAI field": (
        edit_json("croissant.json", put(**{"rai:dataUseCase": "Recognition."})),
        "unknown_key",
    ),
    "unknown Frictionless key": (package(put(licence="CC0-1.0")), "unknown_key"),
    "unknown key of a field": (
        package(lambda said: said["resources"][0]["schema"]["fields"][0].update(unit="s")),
        "unknown_key",
    ),
    "personal id in a table": (cell("trials.csv", "participant", "P03"), "personal_data"),
    "date in a table": (cell("trials.csv", "flags", "2026-03-02"), "personal_data"),
    "date in a sentence": (cell("trials.csv", "flags", "rated on 2 March 2026"), "personal_data"),
    "time of a day": (cell("trials.csv", "flags", "09:15"), "personal_data"),
    "seconds since 1970": (cell("trials.csv", "flags", "1772442000"), "personal_data"),
    "picture cut": (lambda folder: os.truncate(folder / "figures/figure_2.png", 99),
                    "broken_picture"),
    "people in the text of Croissant": (
        edit_json("croissant.json", put(**{"rai:dataCollection": "9 participants rated 7 clips"})),
        "count_differs",
    ),
    "path in a text": (append("README.md", b"\nsee /home/mueller/study\n"), "personal_data"),
    "e-mail in a text": (append("DATASHEET.md", b"\nmueller@example.org\n"), "personal_data"),
    "counts that do not fit between files": (
        edit_table("raw_video_ratings.csv", lambda rows: rows.__setitem__(1, rows[-1])),
        "counts_differ_between_files",
    ),
    "counts that do not fit the facts": (
        edit_json("release.json", lambda said: said["counts"].update(clips=999)), "count_differs",
    ),
    "counts that do not fit the text": (
        text("README.md", "Ratings of ", "Ratings of 1"), "count_differs",
    ),
    "leakage between lists": (leak, "shared_clip"),
    "wrong label": (
        cell("test_set.csv", "tfrecord_filename", "diving/x.tfrecord"), "record_of_another_clip",
    ),
    "new name in another folder": (
        cell("test_set.csv", "new_filename", "diving/none_1.mp4"), "new_filename_elsewhere",
    ),
    "another title": (edit_json("datacite.json", put(titles=[{"title": "Other"}])),
                      "descriptions_differ"),
    "another version": (
        text("CITATION.cff", 'version: "', 'version: "9'), "descriptions_differ",
    ),
    "a refused key of DataCite": (edit_json("datacite.json", put(identifiers=[])), "unknown_key"),
    "column of BIDS renamed": (in_bids(rename_column), "undescribed_column"),
    "row of BIDS changed": (
        in_bids(lambda path: path.write_text(path.read_text().replace("annotation", "training"))),
        "rows_differ",
    ),
    "table of Psych-DS changed": (
        lambda folder: append(
            sorted(folder.glob("psych-ds/data/*trials*"))[0].relative_to(folder).as_posix(), b"\n"
        )(folder),
        "rows_differ",
    ),
    "rows of Parquet": (
        lambda folder: cell("trials.csv", "rt_s", "0.123")(folder), "rows_differ",
    ),
    "value out of its list": (cell("trials.csv", "rating", "7"), "unknown_value"),
    "empty cell": (cell("clips.csv", "AVMIT_label", ""), "empty_cell"),
    "table without a description": (add("extra.csv", b"a,b\n1,2\n"), "unknown_table"),
    "primary key dropped": (
        package(lambda said: said["resources"][0]["schema"].pop("primaryKey")), "other_key",
    ),
    "resource outside": (
        package(lambda said: said["resources"][0].update(path="../x.csv")), "unsafe_path",
    ),
    "small group": (cell("trials.csv", "day", "77"), "small_group"),
    "owner in an archive": (other_owner, "archive_tells_owner"),
    "record missing": (without_a_record, "missing_record"),
    "record broken": (broken_record, "broken_record"),
    "archive cut": (
        lambda folder: os.truncate(next(folder.glob("AVMIT_*.tar")), 2000), "broken_archive",
    ),
    "crate without a step's file": (
        edit_json(
            "ro-crate-metadata.json",
            lambda said: said["@graph"][-1].update(result={"@id": "gone.csv"}),
        ),
        "broken_link",
    ),
    "dictionary without a column": (
        edit_table("data_dictionary.csv", lambda rows: rows.pop()), "undescribed_column",
    ),
    "configuration without a file": (
        text("README.md", "data_files: clips.csv", "data_files: clip.csv"), "undescribed_table",
    ),
    "labels that differ between tables": (
        cell("clips.csv", "MIT_label", "elsewhere"), "tables_differ",
    ),
    "agreement of other ratings": (
        cell("agreement.csv", "value", "0.123456"), "counts_differ_between_files",
    ),
    "agreement of other clips": (
        cell("agreement.csv", "n_clips", "7"), "counts_differ_between_files",
    ),
    "times that do not add up": (
        cell("trials.csv", "rt_with_interruptions_s", "99.0"), "times_differ",
    ),
    "positions that do not count": (cell("trials.csv", "position", "9"), "times_differ"),
    "number under its minimum": (cell("trials.csv", "n_replays", "-2"), "too_small"),
    "count of two people": (
        cell("left_out.csv", "n", "2"), "small_group",
    ),
    "column of thousands": (
        lambda folder: (folder / "rejects.csv").write_text(
            ",".join(f"c{n}" for n in range(100_000)) + "\n"
        ),
        "unreadable_table",
    ),
    "meaning in the dictionary": (
        text("data_dictionary.csv", "number of '1' ratings", "number of '3' ratings"),
        "descriptions_differ",
    ),
    "meaning in the package": (
        package(lambda said: said["resources"][0]["schema"]["fields"][1].update(description="x")),
        "descriptions_differ",
    ),
    "meaning in Croissant": (
        croissant_field(lambda field: field.update(description="x")), "descriptions_differ",
    ),
    "datasheet without its questions": (
        lambda folder: (folder / "DATASHEET.md").write_text("# None\n"), "count_differs",
    ),
    "another licence": (
        lambda folder: (folder / "LICENSE").write_text("All rights reserved.\n"),
        "descriptions_differ",
    ),
    "rows of another person in BIDS": (other_persons_row, "rows_differ"),
    "text chunk of a picture": (chunk(b"iTXt", b"Author"), "personal_data"),
    "unknown chunk of a picture": (chunk(b"prVt", b"seen by Mueller"), "personal_data"),
    "bytes behind a picture": (append("figures/figure_2.png", b"....IEND...."), "personal_data"),
    "script in a drawing": (
        text("figures/figure_2.svg", "</svg>", "<script>x()</script></svg>"), "active_picture",
    ),
    "address in a drawing": (
        text("figures/figure_2.svg", "</svg>", '<image href="https://x.org/a"/></svg>'),
        "active_picture",
    ),
    "name in a drawing": (
        text("figures/figure_2.svg", "</svg>", "<metadata><a>Mueller</a></metadata></svg>"),
        "personal_data",
    ),
    "remark in a Parquet file": (parquet_remark, "personal_data"),
    "archives in each other's place": (swapped_archives, "other_set"),
    "archive of another folder": (
        tar_members(lambda one: setattr(one, "name", f"x/{one.name.partition('/')[2]}")),
        "other_folder",
    ),
    "remark in an archive": (
        tar_members(lambda one: one.pax_headers.update(comment="by Mueller")),
        "archive_tells_owner",
    ),
    "mode in an archive": (
        tar_members(lambda one: setattr(one, "mode", 0o4755)), "archive_tells_owner",
    ),
    "bytes behind an archive": (
        lambda folder: append(next(folder.glob("AVMIT_*.tar")).name, b"Mueller")(folder),
        "archive_tells_owner",
    ),
    "note in an archive": (note_in_archive, "foreign_file"),
    "participant of BIDS gone": (
        lambda folder: shutil.rmtree(sorted(folder.glob("bids/sub-*"))[0]), "participants_differ",
    ),
}  # fmt: skip


def test_a_good_release_has_nothing_that_breaks_a_run(release):
    found = check_release(release)
    assert [str(one) for one in found if one.breaks] == []


def test_a_release_that_was_sealed_again_is_as_good(release):
    seal(release)
    assert breaking(release) == set()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_although_all_digests_fit(fault, release):
    plant, code = FAULTS[fault]
    plant(release)
    seal(release)
    found = breaking(release)
    assert code in found
    assert not {"changed_file", "extra_file"} & found


@pytest.mark.parametrize(
    ("plant", "code"),
    [
        (append("trials.csv", b"\n"), "changed_file"),
        (append("figures/figure_2.png", b"x"), "changed_file"),
        (append("bids/README.md", b"x"), "changed_file"),
        (remove("AVMIT_train.csv"), "missing_file"),
        (remove("LICENSE"), "missing_file"),
        (add("notes.txt"), "extra_file"),
        (add("bids/.hidden"), "extra_file"),
    ],
)
def test_a_changed_missing_or_extra_file_is_found_by_its_checksum(plant, code, release):
    plant(release)
    assert code in breaking(release)


def test_a_key_that_stands_twice_is_found_because_programs_read_it_differently(release):
    path = release / "datapackage.json"
    said = path.read_text().replace('"version": "', '"version": "9.9.9", "version": "', 1)
    path.write_text(said)
    assert "unreadable_file" in breaking(release)


def test_a_file_that_is_named_twice_by_the_checksums_is_found(release):
    path = release / "CHECKSUMS.sha256"
    path.write_text(path.read_text() + path.read_text().splitlines()[0] + "\n")
    assert breaking(release) == {"odd_checksum"}


def test_an_archive_that_nobody_can_hold_is_neither_read_nor_unpacked(release):
    path = release / "AVMIT_VGGish_VGG16.tar"
    head = tarfile.TarInfo("AVMIT_VGGish_VGG16/barking/x.tfrecord")
    head.size = 10**14
    with path.open("wb") as file:
        file.write(head.tobuf(tarfile.GNU_FORMAT))
        file.truncate(10**13)
    assert {"too_large", "broken_archive", "changed_file"} <= breaking(release)


def test_hostile_files_are_findings_and_no_tracebacks(release):
    (release / "link.csv").symlink_to("/etc/passwd")
    os.mkfifo(release / "pipe.csv")
    (release / "test_set.csv").write_bytes(b"filename,\xff\xfe\n")
    (release / "croissant.json").write_text("[" * 100_000)
    (release / "datapackage.json").write_text('{"resources": [1, {"path": ["x"]}, {"schema": 3}]}')
    (release / "datacite.json").write_text("null")
    (release / "ro-crate-metadata.json").write_text('{"@graph": {"@id": 7}}')
    (release / "trials.parquet").write_bytes(b"PAR1" * 10)
    (release / "CITATION.cff").write_text("a: &a [*a, *a]\n")
    with (release / "huge.csv").open("wb") as file:
        file.truncate(10**12)
    codes = breaking(release)
    assert {"link", "odd_file", "unreadable_table", "unreadable_file", "too_large"} <= codes


def test_findings_are_json_for_programs(release):
    (release / "LICENSE").unlink()
    said = json.loads(as_json(release, check_release(release)))
    assert said["n_breaking"] == sum(one["breaks"] for one in said["findings"]) > 0
    assert "missing_file" in {one["code"] for one in said["findings"]}


def test_a_folder_that_is_no_release_is_refused_in_one_line(tmp_path):
    with pytest.raises(StudyError, match="is empty"):
        check_release(tmp_path)
    with pytest.raises(StudyError, match="no folder"):
        check_release(tmp_path / "none")


def test_the_command_ends_with_1_where_something_breaks_a_run(release):
    from typer.testing import CliRunner

    from lab.__main__ import app

    good = CliRunner().invoke(app, ["check-release", str(release)])
    assert good.exit_code == 0, good.output
    (release / "trials.csv").unlink()
    bad = CliRunner().invoke(app, ["check-release", str(release), "--json"])
    assert bad.exit_code == 1
    assert "break a run" in str(bad.exception)
