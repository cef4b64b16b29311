"""What a release holds, what must not leave with it, and that it is all or nothing."""

import csv
import hashlib
import json
import os
import re
import shutil
import tarfile
import time
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from curation.__main__ import app as curation
from features.records.manifest import read_manifest, rows_from, write_manifest
from lab.__main__ import app
from lab.checking.all_checks import check_release
from lab.release.descriptions.folders import read_rows, rows_sha256
from study.config.study import find_study
from study.errors import StudyError
from study.store import open_store, store_transaction, transaction
from study.store.people import pseudonyms, removals
from study.store.tables import AssignmentRow, PseudonymRow
from tests.worlds.releases import (
    FIRST_DAY,
    HOST,
    LONELY_DAY,
    PEOPLE,
    REMARKS,
    SECRETS,
    changed,
    finished_study,
    released,
)
from tests.worlds.sealing import seal


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def trials(released_study):
    return pd.read_csv(released_study.folder / "trials.csv", dtype={"flags": str})


@pytest.fixture
def study(released_study, tmp_path):
    """Return a copy of the study, to be changed."""
    shutil.copytree(released_study.study.folder, tmp_path / "study")
    return find_study(tmp_path / "study")


def test_it_holds_the_four_components_of_the_paper_and_all_texts(released_study):
    expected = {
        "video_ratings.csv", "raw_video_ratings.csv", "test_set.csv", "AVMIT_train.csv",
        "AVMIT_validation.csv", "MIT16_train.csv", "MIT16_validation.csv",
        "AVMIT_VGGish_VGG16.tar", "AVMIT_YamNet_EffNetB0.tar", "trials.csv", "trials.parquet",
        "clips.csv", "rejects.csv", "agreement.csv", "left_out.csv", "data_dictionary.csv",
        "README.md", "LICENSE", "CITATION.cff", ".zenodo.json", "DATASHEET.md",
        "CHECKSUMS.sha256", "release.json", "croissant.json", "datapackage.json", "datacite.json",
        "ro-crate-metadata.json", "bids", "psych-ds", "figures",
    }  # fmt: skip
    assert {path.name for path in released_study.folder.iterdir()} == expected


def test_every_file_has_its_checksum_and_no_other_is_named(released_study):
    found = files_of(released_study.folder)
    said = dict(
        reversed(line.split("  ", 1))
        for line in found.pop("CHECKSUMS.sha256").decode().splitlines()
    )
    assert said == {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}


def test_the_same_store_and_configuration_give_the_same_bytes_on_every_machine(
    released_study, study, tmp_path, monkeypatch
):
    # Another person, zone, place and umask, and settings of matplotlib of their own.
    for name in ("USER", "LOGNAME"):
        monkeypatch.setenv(name, "hans-mueller")
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    umask = os.umask(0o077)
    try:
        with mpl.rc_context({"font.family": "serif", "savefig.dpi": 300, "svg.fonttype": "none"}):
            again = released(study, tmp_path / "again")
    finally:
        os.umask(umask)
        monkeypatch.undo()
        time.tzset()
    assert files_of(again.folder) == files_of(released_study.folder)
    assert (again.folder / "bids").stat().st_mode & 0o777 == 0o755


def test_nothing_that_the_store_keeps_for_itself_is_in_any_byte(released_study):
    private = [*SECRETS, str(released_study.study.folder), "2026-03-0", "2026-03-1"]
    for name, content in files_of(released_study.folder).items():
        told = [word for word in private if word.encode() in content]
        assert told == [], name


def test_archives_name_no_owner_no_time_and_one_mode(released_study):
    for path in released_study.folder.glob("*.tar"):
        with tarfile.open(path) as archive:
            members = archive.getmembers()
        assert {(m.uname, m.gname, m.uid, m.gid, m.mtime, m.mode) for m in members} == {
            ("", "", 0, 0, 0, 0o644)
        }
        assert members[0].name == f"{path.stem}/manifest.parquet"
        assert len(members) == 25


def test_files_and_folders_have_one_mode_each(released_study):
    root = released_study.folder
    assert {p.stat().st_mode & 0o777 for p in root.rglob("*") if p.is_file()} == {0o644}
    assert {p.stat().st_mode & 0o777 for p in [root, *root.rglob("*")] if p.is_dir()} == {0o755}


def test_a_day_a_session_or_a_grade_is_shared_by_three_people_or_empty(trials):
    for column in ("day", "session", "attempt", "rig_grade"):
        shared = trials.dropna(subset=[column]).groupby(column)
        assert (shared["participant"].nunique() >= 3).all()
        assert (trials.groupby(["participant", column]).size() >= 3).all()
    assert set(trials["day"].dropna()) == {0, 1}
    assert trials["day"].isna().sum() == 9  # of the day on which one person was alone
    assert LONELY_DAY not in set(trials["day"])


def test_phases_of_fewer_than_three_people_stay_inside_and_are_counted(released_study, trials):
    assert set(trials["phase"]) == {"annotation"}
    rows = read_rows(released_study.folder / "left_out.csv")
    assert [row[:4] for row in list(rows)[1:]] == [
        ["ratings", "training", "few_people", ""],  # two, which is fewer than three
        ["trials", "annotation", "failed", ""],
    ]


def test_pseudonyms_are_kept_by_the_next_release_and_go_with_an_erased_person(study, tmp_path):
    with store_transaction(study.store_url) as db:
        before = pseudonyms.given(db)
        assert set(before) == set(PEOPLE)
        assert pseudonyms.give(db, [*PEOPLE, "EXPERT"], FIRST_DAY).items() > before.items()
        removals.remove_person(db, "EXPERT", payee="erased-1")
        assert pseudonyms.given(db) == before


def test_two_studies_with_the_same_seed_and_ids_have_other_pseudonyms(released_study, tmp_path):
    other = finished_study(tmp_path / "other")
    released(other, tmp_path / "release", embeddings=None)
    with transaction(open_store(other.store_url)) as db:
        theirs = set(pseudonyms.given(db).values())
    with transaction(open_store(released_study.study.store_url)) as db:
        assert not theirs & set(pseudonyms.given(db).values())


def test_parquet_and_both_folders_have_the_rows_of_the_trials(released_study, trials):
    root = released_study.folder
    parquet = pq.read_table(root / "trials.parquet").to_pandas()
    assert list(parquet.columns) == list(trials.columns)
    assert parquet["rt_s"].tolist() == trials["rt_s"].tolist()
    heading, *rows = read_rows(root / "trials.csv")
    from_bids = []
    for path in sorted(root.glob("bids/sub-*/beh/*_beh.tsv")):
        first, *own = (line.split("\t") for line in path.read_text().splitlines())
        assert first == heading
        from_bids += [["" if cell == "n/a" else cell for cell in row] for row in own]
    from_bids.sort(key=lambda row: int(row[0]))
    said = json.loads((root / "release.json").read_text())["rows_sha256"]["trials.csv"]
    assert from_bids == rows
    assert rows_sha256([heading, *from_bids]) == said
    copy = root / "psych-ds/data/study-avmit_description-trials_data.csv"
    assert copy.read_bytes() == (root / "trials.csv").read_bytes()


def test_tables_are_those_that_curation_writes(released_study):
    own = released_study.study.folder / "release"
    for name in ("video_ratings", "raw_video_ratings", "test_set", "AVMIT_train", "MIT16_train"):
        path = f"{name}.csv"
        assert (released_study.folder / path).read_bytes() == (own / path).read_bytes()


def test_the_datasheet_counts_its_blanks_and_uses_the_answers_of_the_lab(study, tmp_path):
    answers = study.folder / "datasheet.toml"
    text = answers.read_text()
    n_open = len(re.findall(r'^\w+ = ""$', text, flags=re.M))
    answers.write_text(text.replace('funding = ""', 'funding = "A grant."'))
    done = released(study, tmp_path / "release", embeddings=None)
    sheet = (done.folder / "DATASHEET.md").read_text()
    assert done.facts.n_blanks == sheet.count("[blank:") == n_open - 1
    assert f"{n_open - 1} questions are left blank" in sheet
    assert "A grant." in sheet


def test_clips_of_erased_people_and_their_number_are_counted_until_the_next_version(
    study, tmp_path
):
    from study.store import audit

    with store_transaction(study.store_url) as db:
        for number in range(3):
            audit.add(db, actor="AB", action="erase", subject=f"erased-{number}", detail={},
                      at=FIRST_DAY)  # fmt: skip
    for version, is_counted in (("1.0.0", True), ("1.1.0", False)):
        done = released(changed(study, version=version), tmp_path / version, embeddings=None)
        counted = "participants,all,erase,3," in (done.folder / "left_out.csv").read_text()
        assert counted == is_counted
    done = released(changed(study, version="1.1.0"), tmp_path / "again", embeddings=None)
    assert files_of(done.folder) == files_of(tmp_path / "1.1.0")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda s: s.out.mkdir() or (s.out / "note.txt").write_text("x"), "is not empty"),
        (lambda s: s.out.write_text("x"), "is not a folder"),
        (lambda s: (s.folder / "release/test_set.csv").unlink(), "test_set.csv not found"),
        (lambda s: next((s.folder / "embeddings/VGGish_VGG16").glob("*/*.tfrecord")).unlink(),
         "without a record in VGGish_VGG16"),
        (lambda s: shutil.rmtree(s.folder / "embeddings/YamNet_EffNetB0"), "no folder"),
        (lambda s: s.unrate(), "1 of 24 clips do not have all their ratings"),
        (lambda s: s.answer("contact = \"ask QQ07\""), "datasheet.toml: contact says 'QQ07'"),
        (lambda s: s.answer("contact = \"/home/jane/data\""), "says '/home/jane/data'"),
        (lambda s: s.answer("colour = \"red\""), "there is no question 'colour'"),
        (lambda s: s.answer("contact = 3"), "is not text"),
        (lambda s: s.answer("contact = \"ask at station-mueller\""), "says 'station-mueller'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_and_nothing_is_written(study, tmp_path, spoil, words):
    class Spoiled:
        folder, out = study.folder, tmp_path / "out"

        def unrate(self):
            with store_transaction(study.store_url) as db:
                row = db.query(AssignmentRow).first()
                db.add(AssignmentRow(candidate_id=row.candidate_id, slot=4,
                                     participant_id=PEOPLE[3], position=900))  # fmt: skip

        def answer(self, line):
            (self.folder / "datasheet.toml").write_text(f"{line}\n")

    spoil(Spoiled())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StudyError) as error:
        released(study, tmp_path / "out")
    assert words in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    after = [path for path in sorted(tmp_path.rglob("*")) if "store.sqlite-" not in path.name]
    assert after == [path for path in before if "store.sqlite-" not in path.name]


def test_a_list_of_other_ratings_than_the_stores_stops_the_release(study, tmp_path):
    path = study.folder / "release/AVMIT_train.csv"
    heading, *rows = read_rows(path)
    rows[0][1:4] = ["0", "1", "2"]
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([heading, *rows])
    with pytest.raises(
        StudyError, match="drawn from other ratings than the store has now: 1 of its"
    ):
        released(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_ratings_that_were_taken_along_do_not_leave_in_the_counts_of_a_list(study, tmp_path):
    with store_transaction(study.store_url) as db:
        removals.remove_ratings(db, PEOPLE[0])
    with pytest.raises(StudyError, match=r"test_set.csv was drawn from other ratings"):
        released(study, tmp_path / "out", allow_unfinished=True)
    assert not (tmp_path / "out").exists()


def test_a_machine_that_stands_in_a_file_name_stops_the_release(study, tmp_path):
    with store_transaction(study.store_url) as db:
        from study.store.tables import RejectRow

        db.query(RejectRow).update({"filename": "barking/station-mueller.mp4"})
    with pytest.raises(StudyError, match=r"would hold 'station-mueller'"):
        released(study, tmp_path / "out", embeddings=None)
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*.part"))


def test_a_machine_that_stands_in_the_manifest_of_an_archive_stops_the_release(study, tmp_path):
    folder = study.folder / "embeddings/VGGish_VGG16"
    found = read_manifest(folder)
    recipe = replace(found.recipe, audio=replace(found.recipe.audio, weights=f"{HOST}.h5"))
    write_manifest(folder, recipe, found.software, rows_from(found.rows))
    with pytest.raises(StudyError, match=r"AVMIT_VGGish_VGG16.tar would hold 'station-mueller'"):
        released(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_typed_into_study_toml_does_not_let_itself_through(study, tmp_path):
    for words in (
        {"description": "Rated on station-mueller."},
        {"contact": "QQ07"},
        {"description": "Rated until 3 March 2026."},
        {"institution_url": "https://station-mueller.example.org/"},
    ):
        says = r"study.toml: release.\w+ says '(station-m|QQ07|3 March)"
        with pytest.raises(StudyError, match=says):
            released(changed(study, **words), tmp_path / "out", embeddings=None)
    assert not (tmp_path / "out").exists()


def test_a_read_only_store_without_pseudonyms_is_refused(study, tmp_path, monkeypatch):
    with store_transaction(study.store_url) as db:
        db.query(PseudonymRow).delete()
    monkeypatch.setattr("curation.release.trial_table.table.is_read_only", lambda url: True)
    with pytest.raises(StudyError, match="4 participants have no pseudonym yet"):
        released(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_nothing_behind(study, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lab.release.writing.rocrate.described", full)
    with pytest.raises(OSError, match="No space left"):
        released(study, tmp_path / "out", embeddings=None)
    assert [path.name for path in tmp_path.iterdir()] == ["study"]


def test_an_unfinished_study_says_so_in_every_description(study, tmp_path):
    (study.folder / "release/test_set.csv").unlink()
    done = released(study, tmp_path / "out", allow_unfinished=True, embeddings=None)
    says = "Not finished: test_set.csv has not been drawn."
    for name in ("README.md", "CITATION.cff", ".zenodo.json", "croissant.json", "datapackage.json",
                 "datacite.json", "ro-crate-metadata.json", "psych-ds/dataset_description.json",
                 "bids/README.md", "DATASHEET.md"):  # fmt: skip
        assert says in (done.folder / name).read_text(), name


def test_clips_travel_with_the_release_where_they_are_asked_for(study, tmp_path):
    with store_transaction(study.store_url) as db:
        from study.store.tables import CandidateRow, PresentationRow

        content = b"not really a film"
        digest = hashlib.sha256(content).hexdigest()
        for row in db.query(CandidateRow):
            row.sha256 = digest
            path = study.clip_path(row.video_location, row.filename)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        db.query(PresentationRow).update({"clip_sha256": digest})
    done = released(study, tmp_path / "out", with_clips=True, embeddings=None)
    first = next(done.folder.glob("bids/sub-*/beh/*.tsv")).read_text().splitlines()[1].split("\t")
    assert (done.folder / "bids/stimuli" / first[-1]).read_bytes() == content
    stimuli = sorted((done.folder / "bids/stimuli").rglob("*.mp4"))
    stimuli[0].unlink()
    stimuli[1].write_bytes(b"another film")
    seal(done.folder)
    found = {one.code for one in check_release(done.folder)}
    assert {"missing_stimulus", "other_stimulus"} <= found
    path.write_bytes(b"another film")
    with pytest.raises(StudyError, match="is not the file that was admitted"):
        released(study, tmp_path / "other", with_clips=True, embeddings=None)
    assert not (tmp_path / "other").exists()


def test_the_command_says_what_it_wrote_and_what_is_missing(study, tmp_path):
    result = CliRunner().invoke(
        app, ["release", "--study", str(study.folder), "--out", str(tmp_path / "out"),
              "--without-embeddings"]
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "13 questions of the datasheet are left blank" in result.output
    assert "24 clips, 72 trials, 12 tables" in result.output
    assert not list((tmp_path / "out").glob("*.tar"))


def test_curation_writes_the_same_table_of_trials(released_study, study, tmp_path):
    result = CliRunner().invoke(
        curation, ["export-trials", "--study", str(study.folder), "--out", str(tmp_path / "t")]
    )
    assert result.exit_code == 0, result.output
    assert "72 trials of 4 participants" in result.output
    assert "2 ratings of the training left out" in result.output
    for name in ("trials.csv", "trials.parquet"):
        assert (tmp_path / "t" / name).read_bytes() == (released_study.folder / name).read_bytes()


def test_a_store_on_a_server_gives_the_same_tables(released_study, postgres_url, tmp_path):
    study = finished_study(tmp_path / "study", url=postgres_url)
    done = released(study, tmp_path / "out", embeddings=None)
    for name in ("video_ratings.csv", "clips.csv", "left_out.csv", "agreement.csv"):
        assert (done.folder / name).read_bytes() == (released_study.folder / name).read_bytes()
    of_file, of_server = (
        pd.read_csv(folder / "trials.csv").drop(columns=["row_id", "participant"])
        for folder in (released_study.folder, done.folder)
    )
    keys = ["filename", "day", "position", "rt_s"]
    pd.testing.assert_frame_equal(
        of_file.sort_values(keys, ignore_index=True), of_server.sort_values(keys, ignore_index=True)
    )


def test_remarks_and_ids_are_what_the_gate_looks_for(released_study):
    from study.store.people.private import private_words

    with transaction(open_store(released_study.study.store_url)) as db:
        found = private_words(db)
    assert found.ids >= {*PEOPLE, "XYZ"}
    assert found.machines >= {"station-mueller", "SN-4711-0815"}
    assert found.remarks >= set(REMARKS)
    assert os.sep not in "".join(found.ids)
