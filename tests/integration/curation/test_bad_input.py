"""What a tree, a list or a disk may hold that it should not: one test for each kind of it.

Every clip goes in and comes out as a candidate or as a row of `rejects.csv` with a reason; a list
that is wrong stops the run with one line, and nothing is left half-written.
"""

import csv
import os
import subprocess
import sys
import unicodedata

import pandas as pd
import pytest

from curation.clips import admission
from curation.release.tables import write_report
from study.clips.contents import inspect
from study.clips.thumbnails import contact_sheet
from study.errors import ConfigError
from study.rehearsal.odd import make_odd_clip
from study.store import open_store, transaction
from study.store.clips import candidates, clip_audits, record_names
from tests.paths import ROOT
from tests.worlds.commands import run_command
from tests.worlds.curated import AT, candidate, fill, new_study


@pytest.fixture
def folder(tmp_path):
    new_study(tmp_path, "protocol.class_min_prominent=1", "protocol.test_size_per_class=1")
    (tmp_path / "mit/training/barking").mkdir(parents=True)
    return tmp_path


def admit(folder, *, again=()):
    """Run `candidates`; return the reasons of the rejects and the flags of the candidates."""
    result = run_command("curation", "candidates", "--study", folder, *again)
    assert result.returncode == 0, result.stderr
    rejects = pd.read_csv(folder / "release/rejects.csv")
    with transaction(open_store(study_url(folder))) as db:
        admitted = candidates.frame(db)
        audits = pd.concat(clip_audits.frames(db))
    n_clips = int(result.stdout.splitlines()[-1].split()[0])
    assert n_clips == len(admitted) + len(rejects)
    reasons = dict(zip(rejects["filename"], rejects["reason"], strict=True))
    flags = audits.loc[audits["reason"] == ""].set_index("filename")["flags"].to_dict()
    assert set(flags) == set(admitted["filename"])
    return reasons, flags


def study_url(folder):
    return f"sqlite:///{folder / 'store.sqlite'}"


def put(folder, kind, name="clip_1.mp4"):
    return make_odd_clip(kind, folder / "mit/training/barking" / name)


@pytest.mark.parametrize("kept", [0.15, 0.3, 0.5, 0.7, 0.9, 0.95])
@pytest.mark.parametrize("kind", ["plain", "silent", "no_audio"])
@pytest.mark.parametrize("header", ["first", "last"])
def test_a_truncated_clip_is_unreadable_wherever_it_is_cut(folder, kind, kept, header):
    whole = make_odd_clip(kind, folder / "whole.mp4")
    placed = folder / "placed.mp4"
    flags = ["-movflags", "+faststart"] if header == "first" else []
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(whole), "-c", "copy", *flags, str(placed)], check=True
    )
    content = placed.read_bytes()
    path = folder / "mit/training/barking/cut_1.mp4"
    path.write_bytes(content[: int(len(content) * kept)])
    admission.admit(_study(folder), at=AT)
    with transaction(open_store(study_url(folder))) as db:
        assert candidates.rejects(db)["reason"].tolist() == ["unreadable"]


def _study(folder):
    from study.config.study import find_study

    return find_study(folder)


def test_a_corrupt_clip_is_unreadable_though_its_header_is_whole(folder):
    path = put(folder, "plain")
    content = bytearray(path.read_bytes())
    content[5000:9000] = bytes(4000)
    path.write_bytes(content)
    assert admit(folder) == ({"barking/clip_1.mp4": "unreadable"}, {})


def test_a_zero_byte_file_is_empty(folder):
    put(folder, "empty")
    assert admit(folder) == ({"barking/clip_1.mp4": "empty"}, {})


def test_a_clip_without_an_audio_stream_is_no_audio(folder):
    put(folder, "no_audio")
    assert admit(folder) == ({"barking/clip_1.mp4": "no_audio"}, {})


def test_digital_silence_is_silent_and_near_silence_is_kept_and_flagged(folder):
    put(folder, "silent")
    put(folder, "faint", "faint_2.mp4")
    expected = {"barking/clip_1.mp4": "silent"}, {"barking/faint_2.mp4": "near_silent"}
    assert admit(folder) == expected


def test_an_audio_only_file_is_no_video(folder):
    put(folder, "audio_only")
    assert admit(folder) == ({"barking/clip_1.mp4": "no_video"}, {})


def test_a_variable_frame_rate_is_flagged_and_bars_a_clip_from_the_test_set(folder):
    put(folder, "vfr")
    put(folder, "plain", "plain_2.mp4")
    assert admit(folder)[1] == {"barking/clip_1.mp4": "vfr", "barking/plain_2.mp4": ""}
    assert "left out, variable frame rate: 1" in _test_set(folder)


def test_two_video_streams_are_flagged_and_bar_a_clip_from_the_test_set(folder):
    plain = put(folder, "plain", "plain_2.mp4")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(plain), "-f", "lavfi", "-i", "testsrc=s=64x48:d=3",
         "-map", "0:v", "-map", "0:a", "-map", "1:v", "-c:v:1", "libx264", "-c:v:0", "copy",
         "-c:a", "copy", str(plain.with_name("clip_1.mp4"))],
        check=True,
    )  # fmt: skip
    flags = {"barking/clip_1.mp4": "two_video_streams", "barking/plain_2.mp4": ""}
    assert admit(folder)[1] == flags
    assert "left out, two video streams: 1" in _test_set(folder)


def _test_set(folder):
    from tests.worlds.curated import add_people, add_ratings

    study = _study(folder)
    with transaction(open_store(study.store_url)) as db:
        people = ["P01", "P02", "P03"]
        add_people(db, study, people, "human")
        ids = candidates.frame(db)["candidate_id"]
        add_ratings(db, [(int(i), person, 3) for i in ids for person in people])
    assert run_command("curation", "export-ratings", "--study", folder).returncode == 0
    result = run_command("curation", "test-set", "--study", folder)
    assert result.returncode == 0, result.stderr
    assert pd.read_csv(folder / "release/test_set.csv")["filename"].tolist() == [
        "barking/plain_2.mp4"
    ]
    return result.stdout


def test_a_rotated_clip_is_told_and_shown_upright(folder):
    import cv2
    import numpy as np

    path = put(folder, "rotated")
    admit(folder)
    with transaction(open_store(study_url(folder))) as db:
        row = candidates.frame(db).iloc[0]
    assert (row["width_px"], row["height_px"]) == (240, 320)
    sheet = cv2.imdecode(np.frombuffer(contact_sheet(path), np.uint8), cv2.IMREAD_COLOR)
    assert sheet.shape[0] > sheet.shape[1]


def test_a_huge_picture_costs_bounded_memory(folder):
    path = folder / "mit/training/barking/huge_1.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=7680x4320:r=5:d=1", "-f",
         "lavfi", "-i", "sine=440:d=1", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt",
         "yuv420p", "-c:a", "aac", str(path)],
        check=True,
    )  # fmt: skip
    code = (
        "import sys; from pathlib import Path; from study.clips.contents import *\n"
        "inspect(Path(sys.argv[1]), hashed_frames=spread(5))\n"
        # Not getrusage: its peak begins with that of the process that started this one.
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert inspect(path).n_frames == 5
    assert int(done.stdout) < 2048 * 1024
    assert admit(folder)[1] == {"barking/huge_1.mp4": "odd_duration"}


NAMES = (
    "caf\u00e9_1.mp4",
    unicodedata.normalize("NFD", "nai\u0308ve_2.mp4"),
    "two words, 'and' \"quotes\"_3.mp4",
    "line\nbreak_4.mp4",
    "-i_5.mp4",
    "concat:x_6.mp4",
    "=HYPERLINK(1)_7.mp4",
    "\u72ac_8.mp4",
)


def test_names_with_accents_spaces_commas_quotes_and_newlines_go_all_the_way(folder):
    for name in NAMES:
        put(folder, "short", name)
    reasons, flags = admit(folder)
    assert reasons == {}
    assert set(flags) == {f"barking/{name}" for name in NAMES}
    from tests.worlds.curated import add_people, add_ratings

    study = _study(folder)
    with transaction(open_store(study.store_url)) as db:
        add_people(db, study, ["P01", "P02", "P03"], "human")
        ids = candidates.frame(db)["candidate_id"]
        add_ratings(db, [(int(i), p, 3) for i in ids for p in ("P01", "P02", "P03")])
    assert run_command("curation", "export-ratings", "--study", folder).returncode == 0
    assert run_command("curation", "test-set", "--study", folder).returncode == 0
    table = pd.read_csv(folder / "release/video_ratings.csv")
    assert set(table["filename"]) == set(flags)
    result = run_command("curation", "materialise", "--study", folder, "--to", folder / "clips")
    assert result.returncode == 0, result.stderr
    check = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder / "clips", check=False,
                           capture_output=True)  # fmt: skip
    assert check.returncode == 0


def test_a_name_that_no_table_can_hold_is_rejected_under_one_that_it_can(folder):
    path = put(folder, "short")
    os.rename(path, bytes(path.parent) + b"/caf\xe9_1.mp4")  # noqa: PTH104
    put(folder, "short", "carriage\rreturn_2.mp4")
    expected = {"barking/caf\\xe9_1.mp4": "bad_name", "barking/carriage\\rreturn_2.mp4": "bad_name"}
    assert admit(folder) == (expected, {})


def test_a_name_of_255_bytes_gets_a_record_name_that_fits_a_disk(folder):
    name = "x" * 251 + ".mp4"
    put(folder, "short", name)
    assert admit(folder)[1] == {f"barking/{name}": "odd_duration"}
    with transaction(open_store(study_url(folder))) as db:
        record = record_names.frame(db)["tfrecord_filename"].item()
    assert len(record.partition("/")[2].encode()) <= 255
    (folder / record.partition("/")[2]).touch()


def test_a_list_that_leads_out_of_the_tree_stops_the_run_and_admits_nothing(folder):
    put(folder, "short")
    (folder / "mit/trainingSet.csv").write_text("barking/clip_1.mp4,barking\n../x.mp4,barking\n")
    result = run_command("curation", "candidates", "--study", folder)
    assert result.returncode == 1
    assert "trainingSet.csv, line 2: '../x.mp4'" in result.stderr
    assert "outside_root" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    with transaction(open_store(study_url(folder))) as db:
        assert candidates.n_known(db) == 0


def test_a_link_out_of_the_tree_is_outside_root_and_one_within_it_is_a_clip(folder):
    inside = put(folder, "short")
    outside = make_odd_clip("short", folder / "outside.mp4")
    inside.with_name("away_2.mp4").symlink_to(outside)
    inside.with_name("within_3.mp4").symlink_to(inside)
    inside.with_name("loop_4.mp4").symlink_to(inside.with_name("loop_4.mp4"))
    reasons, flags = admit(folder)
    assert reasons == {"barking/away_2.mp4": "outside_root", "barking/loop_4.mp4": "missing"}
    assert set(flags) == {"barking/clip_1.mp4", "barking/within_3.mp4"}


def test_listed_clips_that_are_missing_and_clips_that_are_not_listed_are_told(folder):
    put(folder, "short")
    put(folder, "short", "stray_2.mp4")
    rows = "barking/clip_1.mp4,barking,3,0\nbarking/gone_3.mp4,barking,3,0\n"
    (folder / "mit/trainingSet.csv").write_text(rows)
    expected = {"barking/gone_3.mp4": "missing", "barking/stray_2.mp4": "unlisted"}
    assert admit(folder)[0] == expected
    put(folder, "short", "gone_3.mp4")
    (folder / "mit/trainingSet.csv").write_text(rows + "barking/stray_2.mp4,barking,3,0\n")
    assert admit(folder)[0] == {}


def test_text_that_a_spreadsheet_takes_for_a_formula_is_disarmed_in_reports_only(tmp_path):
    cells = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "barking/=1.mp4", "plain"]
    write_report(pd.DataFrame({"note": cells, "n": range(8)}), tmp_path / "r.csv", overwrite=False)
    with (tmp_path / "r.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["note", "n"],
        *([f"'{cell}".replace("\r", "\\r"), str(n)] for n, cell in enumerate(cells[:6])),
        *([cell, str(n)] for n, cell in enumerate(cells[6:], start=6)),
    ]


@pytest.mark.parametrize("name", ["=cmd", "-x", "", "../up", "a/b"])
def test_a_class_whose_name_cannot_name_a_folder_or_a_cell_is_refused(tmp_path, name):
    from study.classes import read_classes

    path = tmp_path / "classes.csv"
    path.write_text(f"avmit_label,mit_label,origin\nbarking,{name},own\n")
    with pytest.raises(ConfigError, match="names a class"):
        read_classes(path)


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 16 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def _rated(folder):
    clips = [candidate(f"barking/yt-{i:04d}_1.mp4", "barking") for i in range(400)]
    fill(_study(folder), clips, lambda place: (3, 3, 3))


def _export(folder, out):
    return run_command("curation", "export-ratings", "--study", folder, "--out", out)


def test_a_full_disk_is_one_line_and_leaves_no_half_table(folder, small_disk):
    _rated(folder)
    result = run_command(
        "curation", "export-ratings", "--study", folder, "--out", small_disk / "out"
    )
    assert (result.returncode, len(result.stderr.strip().splitlines())) == (1, 1)
    assert "Make room" in result.stderr
    assert [path.name for path in (small_disk / "out").iterdir()] == []


def test_a_read_only_folder_is_one_line_that_names_it(folder, small_disk):
    _rated(folder)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    result = run_command(
        "curation", "export-ratings", "--study", folder, "--out", small_disk / "out"
    )
    assert (result.returncode, len(result.stderr.strip().splitlines())) == (1, 1)
    assert str(small_disk) in result.stderr


def test_a_file_where_a_folder_belongs_is_one_line(folder):
    _rated(folder)
    (folder / "file").touch()
    result = _export(folder, folder / "file")
    assert (result.returncode, len(result.stderr.strip().splitlines())) == (1, 1)
    assert str(folder / "file") in result.stderr


def test_ctrl_c_in_the_middle_keeps_what_was_finished(folder):
    import signal
    import time

    source = make_odd_clip("short", folder / "short.mp4").read_bytes()
    for i in range(400):
        (folder / f"mit/training/barking/c_{i}.mp4").write_bytes(source)
    process = subprocess.Popen(
        # Who runs the tests behind others has Ctrl-C ignored, and children inherit it.
        ["env", "--default-signal=INT", sys.executable, "-m", "curation", "candidates",
         "--jobs", "1", "--study", str(folder)],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while _n_known(folder) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.strip().splitlines()[-1].startswith("error: stopped by the keyboard")
    n_kept = _n_known(folder)
    assert 0 < n_kept < 400
    counts = admission.admit(_study(folder), at=AT, n_processes=1)
    assert (counts.n_clips, counts.n_known) == (400, n_kept)


def _n_known(folder):
    with transaction(open_store(study_url(folder))) as db:
        return candidates.n_known(db)
