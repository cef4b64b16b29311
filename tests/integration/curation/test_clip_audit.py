"""Every clip is audited once: what it is, what it sounds like, and which others it repeats."""

import errno
import multiprocessing
import os
import signal
import subprocess
import time
from dataclasses import fields, replace

import av
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from curation.__main__ import app
from curation.clips import admission, batches
from curation.clips.clip_audit import Asked, audit_clip
from curation.clips.duplicates import MAX_SOUND_BITS
from curation.clips.mit_tree import TreeClip
from curation.release.export import all_clips
from curation.selection.filters import filter_clips
from curation.selection.picture_facts import with_picture_facts
from study.clips.contents import frame_hash, inspect, sound_hash, spread
from study.clips.probe import probe
from study.clips.wholeness import ends_early
from study.errors import StoreError
from study.rehearsal.odd import make_odd_clip
from study.store import open_store, transaction
from study.store.clips import clip_audits
from study.store.clips.clip_audits import ClipAudit
from study.store.tables import ClipAuditRow
from tests.worlds.curated import AT, candidate, fill, new_study


def _audit(path, **more):
    clip = TreeClip(path, f"barking/{path.name}", "training", "barking", "barking")
    return audit_clip(clip, path.parent, **more)


def _film(path, *filters, seed=1, frequency=440):
    """Make a small clip of moving noise with ffmpeg."""
    noise = f"testsrc2=s=160x120:r=30:d=2,rotate={seed}*t*0.3+{seed}"
    sound = f"aevalsrc='0.3*sin({frequency}*2*PI*t*(1+{seed}*t/5))':d=2:s=44100"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", ",".join([noise, *filters]), "-f",
         "lavfi", "-i", sound, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)],
        check=True,
    )  # fmt: skip
    return path


def _ffmpeg(*arguments):
    """Run ffmpeg and return what it says."""
    command = ["ffmpeg", "-v", "error", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


@pytest.mark.parametrize(
    ("kind", "reason", "flags"),
    [
        ("plain", "", ""),
        ("faint", "", "near_silent"),
        ("vfr", "", "vfr"),
        ("sound_late", "", "av_offset,odd_duration"),
        ("picture_late", "", "av_offset,odd_duration"),
        ("short", "", "odd_duration"),
        ("two_tracks", "", "two_audio_streams"),
        ("sound_short", "", "unequal_lengths"),
        ("sound_long", "", "unequal_lengths,odd_duration"),
        ("rotated", "", ""),
        ("silent", "silent", ""),
        ("no_audio", "no_audio", ""),
        ("audio_only", "no_video", ""),
        ("truncated", "unreadable", ""),
        ("not_media", "unreadable", ""),
        ("empty", "empty", ""),
    ],
)
def test_each_kind_of_clip_gets_its_reason_and_flags(tmp_path, kind, reason, flags):
    found = _audit(make_odd_clip(kind, tmp_path / "clip.mp4"))
    assert (found.reason, found.flags) == (reason, flags)
    assert (found.n_bytes > 0) == (kind != "empty")
    assert len(found.sha256) == (64 if kind != "empty" else 0)


def test_a_frame_that_the_decoder_had_to_make_up_bars_a_clip(tmp_path):
    path = _film(tmp_path / "clip.mp4")
    with av.open(str(path)) as container:
        inside = [
            packet.pos + packet.size // 2 for packet in container.demux(video=0) if packet.pos
        ]
    content = bytearray(path.read_bytes())
    for place in inside[10:50:10]:
        content[place : place + 4] = bytes(byte ^ 0x55 for byte in content[place : place + 4])
    path.write_bytes(content)
    assert "concealing" in _ffmpeg("-v", "info", "-i", path, "-f", "null", "-")  # it plays
    assert _audit(path).reason == "unreadable"


@pytest.mark.parametrize(("ending", "codecs"), [("mkv", []), ("webm", ["libvpx", "libopus"])])
def test_a_cut_file_without_an_index_is_unreadable_under_any_name(tmp_path, ending, codecs):
    flags = ["-c:v", codecs[0], "-c:a", codecs[1]] if codecs else ["-c", "copy"]
    whole = tmp_path / f"whole.{ending}"
    _ffmpeg("-i", _film(tmp_path / "film.mp4"), *flags, whole)
    path = tmp_path / "clip.mp4"
    path.write_bytes(whole.read_bytes())
    assert _audit(path).reason == ""
    path.write_bytes(whole.read_bytes()[:-5000])
    assert _audit(path).reason == "unreadable"


def test_a_length_counts_from_where_the_clip_begins(tmp_path):
    path = tmp_path / "clip.mp4"
    _ffmpeg("-i", _film(tmp_path / "film.mp4"), "-c", "copy", "-f", "mpegts", path)
    assert probe(path).duration_s == pytest.approx(2.0, abs=0.06)


def test_a_segment_of_unknown_length_is_never_too_short(tmp_path):
    path = tmp_path / "live.webm"
    head = b"\x1aE\xdf\xa3\x82ab" + b"\x18S\x80g"
    path.write_bytes(head + b"\x01" + b"\xff" * 7 + b"abc")
    assert not ends_early(path)
    path.write_bytes(head + b"\x84abc")
    assert ends_early(path)
    path.write_bytes(head + b"\x84abcd")
    assert not ends_early(path)


def test_two_video_streams_are_flagged_and_the_first_is_taken(tmp_path):
    plain = make_odd_clip("plain", tmp_path / "plain.mp4")
    path = tmp_path / "both.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(plain), "-f", "lavfi", "-i", "testsrc=s=64x48:d=3",
         "-map", "0:v", "-map", "0:a", "-map", "1:v", "-c:v:1", "libx264", "-c:v:0", "copy",
         "-c:a", "copy", str(path)],
        check=True,
    )  # fmt: skip
    found = _audit(path)
    assert found.flags == "two_video_streams"
    assert (found.n_video_streams, found.width_px) == (2, 256)


def test_a_huge_picture_is_audited_in_bounded_memory(tmp_path):
    path = tmp_path / "huge.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=s=3840x2160:r=5:d=1", "-f", "lavfi",
         "-i", "sine=440:d=1", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(path)],
        check=True,
    )  # fmt: skip
    found = _audit(path, asked=Asked(clip_s=1.0))
    assert (found.reason, found.width_px, found.frame_hash) == ("", 3840, "")


def test_loudness_is_that_of_ffmpegs_meter(tmp_path):
    path = _film(tmp_path / "clip.mp4")
    told = subprocess.run(
        ["ffmpeg", "-hide_banner", "-i", str(path), "-af", "ebur128", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
    expected = float(told.rsplit("I:", 1)[1].split("LUFS")[0])
    assert _audit(path).loudness_lufs == pytest.approx(expected, abs=0.06)


def test_a_scaled_and_encoded_copy_is_a_near_duplicate_and_another_clip_is_not(tmp_path):
    folder = tmp_path / "mit/training/barking"
    folder.mkdir(parents=True)
    _film(folder / "one_1.mp4", seed=1)
    _film(folder / "again_2.mp4", "scale=320:240", "eq=brightness=0.05")
    _film(folder / "other_3.mp4", seed=4, frequency=900)
    study = new_study(tmp_path)
    admission.admit(study, at=AT)
    audits = _audits(study).set_index("filename")
    for column in ("duplicate_group", "same_sound_group"):
        assert audits[column].dropna().to_dict() == {
            "barking/again_2.mp4": 1,
            "barking/one_1.mp4": 1,
        }
    with transaction(open_store(study.store_url)) as db:
        assert clip_audits.group_sizes(db) == {
            "duplicate_group": (2, 1),
            "same_sound_group": (2, 1),
        }
        assert clip_audits.duplicates(db).to_dict() == {
            ("training", "barking/again_2.mp4"): 1,
            ("training", "barking/one_1.mp4"): 1,
        }


def test_a_copy_without_its_sound_is_a_near_duplicate_too(tmp_path):
    # Lists of every clip have clips without sound: a copy must not stand on another side.
    folder = tmp_path / "mit/training/barking"
    folder.mkdir(parents=True)
    heard = _film(folder / "heard_1.mp4")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(heard), "-an", "-c:v", "copy",
         str(folder / "mute_2.mp4")],
        check=True,
    )  # fmt: skip
    study = new_study(tmp_path)
    admission.admit(study, at=AT)
    audits = _audits(study).set_index("filename")
    assert audits["reason"].to_dict() == {
        "barking/heard_1.mp4": "",
        "barking/mute_2.mp4": "no_audio",
    }
    assert audits["duplicate_group"].tolist() == [1, 1]


def _audits(study):
    with transaction(open_store(study.store_url)) as db:
        return pd.concat(clip_audits.frames(db), ignore_index=True)


def test_flat_pictures_and_silence_are_alike_to_nothing():
    grey = np.full((8, 9), 90, dtype=np.uint8)
    assert frame_hash(grey)[1] is False
    assert sound_hash(np.zeros(44100, dtype=np.int16), 44100) == ""
    assert sound_hash(np.ones(100, dtype=np.int16), 44100) == ""


def test_steady_noise_of_one_colour_is_not_the_same_sound():
    rng = np.random.default_rng(0)
    hashes = [
        int(sound_hash((rng.normal(size=132300) * 3000).astype(np.int16), 44100), 16)
        for _ in range(20)
    ]
    apart = [(a ^ b).bit_count() for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(apart) > MAX_SOUND_BITS * 2


def test_hashed_frames_lie_in_the_clip():
    assert spread(90) == (9, 27, 45, 63, 81)
    assert spread(1) == (0, 0, 0, 0, 0)
    assert max(spread(2)) == 1


def test_decoding_alone_finds_the_same_peak_as_the_full_audit(tmp_path):
    path = make_odd_clip("plain", tmp_path / "clip.mp4")
    n_frames = probe(path).n_frames
    full, plain = inspect(path, hashed_frames=spread(n_frames)), inspect(path)
    assert (full.peak, full.n_frames, full.n_samples) == (
        plain.peak,
        plain.n_frames,
        plain.n_samples,
    )
    assert (plain.frame_hash, plain.loudness_lufs) == ("", None)


def _tree(root, n_clips):
    folder = root / "training" / "barking"
    folder.mkdir(parents=True)
    source = make_odd_clip("short", root / "short.mp4").read_bytes()
    for i in range(n_clips):
        (folder / f"c_{i}.mp4").write_bytes(source)
    (folder / "bad_1.mp4").write_bytes(source[:700])
    return root


def test_the_report_counts_every_clip_once_and_writes_the_audit(tmp_path):
    new_study(tmp_path, f'mit_root="{_tree(tmp_path / "mit", 3)}"')
    result = CliRunner().invoke(app, ["candidates", "--report", "--study", str(tmp_path)])
    assert result.exit_code == 0, result.output
    report = pd.read_csv(tmp_path / "release/candidates_report.csv")
    row = report.set_index("mit_label").loc["barking"]
    assert row[["clips", "candidates", "unreadable"]].tolist() == [4, 3, 1]
    assert "flagged, odd_duration: 3" in result.output
    assert "flagged, near_duplicate: 3 in 1 groups" in result.output
    audits = pd.read_parquet(tmp_path / "release/clip_audit.parquet")
    assert audits["reason"].value_counts().to_dict() == {"": 3, "unreadable": 1}
    assert audits["duplicate_group"].dropna().tolist() == [1, 1, 1]
    assert (tmp_path / "release/candidates.svg").exists()


def _admit_in_a_process(folder, n_processes):
    from study.config.study import find_study

    batches.BATCH_SIZE = 4
    admission.admit(find_study(folder), at=AT, n_processes=n_processes)


def test_a_killed_run_goes_on_where_it_stopped(tmp_path):
    study = new_study(tmp_path, f'mit_root="{_tree(tmp_path / "mit", 40)}"')
    context = multiprocessing.get_context("spawn")
    killed_at = []
    for wait_s in (0.1, 0.3):
        process = context.Process(target=_admit_in_a_process, args=(tmp_path, 1))
        process.start()
        before = _n_audits(study)
        deadline = time.monotonic() + 60
        while _n_audits(study) == before and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(wait_s / 10)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        killed_at.append(_n_audits(study))
    assert 0 < killed_at[0] < 41
    counts = admission.admit(study, at=AT, n_processes=1)
    assert (counts.n_clips, counts.n_known) == (41, killed_at[-1])
    with transaction(open_store(study.store_url)) as db:
        assert len(all_clips(db, study)) == 40
    audits = _audits(study)
    assert len(audits) == 41
    assert audits["filename"].is_unique


def test_a_run_killed_before_it_compared_its_clips_is_made_good(tmp_path):
    study = new_study(tmp_path, f'mit_root="{_tree(tmp_path / "mit", 3)}"')
    admission.admit(study, at=AT, n_processes=1)
    compared = _audits(study)
    engine = open_store(study.store_url)
    with transaction(engine) as db:
        db.execute(update(ClipAuditRow).values(duplicate_group=None, same_sound_group=None))
    with (
        transaction(engine) as db,
        pytest.raises(StoreError, match="near-duplicates are not known"),
    ):
        clip_audits.duplicates(db)
    counts = admission.admit(study, at=AT)
    assert counts.n_known == counts.n_clips
    pd.testing.assert_frame_equal(_audits(study), compared)


def test_a_clip_audited_while_others_are_compared_waits_for_the_next_run(tmp_path, monkeypatch):
    study = new_study(tmp_path, f'mit_root="{_tree(tmp_path / "mit", 3)}"')
    engine = open_store(study.store_url)

    def compare_slowly(words, max_bits):
        with transaction(engine) as db:  # somebody else writes meanwhile
            last = db.scalars(select(ClipAuditRow).order_by(ClipAuditRow.id.desc())).first()
            audit = ClipAudit(**{f.name: getattr(last, f.name) for f in fields(ClipAudit)})
            clip_audits.add_many(db, [replace(audit, filename=f"late/{max_bits}.mp4")], AT)
        return np.zeros(len(words), dtype=np.int64)

    monkeypatch.setattr(admission, "near_groups", compare_slowly)
    admission.admit(study, at=AT, n_processes=1)
    with transaction(engine) as db:
        assert not clip_audits.are_grouped(db, "sound_hash")


def _n_audits(study):
    return len(_audits(study))


def test_a_variable_frame_rate_bars_a_clip_from_the_test_set(tmp_path):
    study = new_study(tmp_path)
    clips = [candidate(f"barking/c_{i}.mp4", "barking") for i in range(2)]
    fill(study, clips, lambda place: (3, 3, 3))
    rated = pd.DataFrame(
        {
            "filename": ["barking/c_0.mp4", "barking/c_1.mp4"],
            "video_location": "training",
            "avmit_label": "barking",
            "mit_label": "barking",
            "r1": 0,
            "r2": 0,
            "r3": 3,
        }
    )
    audit = ClipAudit("barking/c_1.mp4", "training", "barking", 1, flags="vfr")
    with transaction(open_store(study.store_url)) as db:
        clip_audits.add_many(db, [audit], AT)
        known = with_picture_facts(db, rated, tmp_path, study.config.protocol)
    kept, left = filter_clips(known, ["barking"], study.config.protocol)
    assert kept["filename"].tolist() == ["barking/c_0.mp4"]
    assert left["variable frame rate"] == 1


def _test_set(tmp_path):
    study = new_study(tmp_path, "protocol.class_min_prominent=1", "protocol.test_size_per_class=2")
    folder = tmp_path / "mit/training/barking"
    folder.mkdir(parents=True)
    for name in ("plain", "ntsc"):
        make_odd_clip(name, folder / f"{name}_1.mp4")
    admission.admit(study, at=AT)
    rows = pd.DataFrame(
        {
            "filename": ["barking/plain_1.mp4", "barking/ntsc_1.mp4"],
            "AVMIT_label": "barking",
            "MIT_label": "barking",
            "video_location": "training",
            "new_filename": ["barking/barking_1.mp4", "barking/barking_2.mp4"],
            "tfrecord_filename": ["barking/plain_1.tfrecord", "barking/ntsc_1.tfrecord"],
        }
    )
    (tmp_path / "release").mkdir(exist_ok=True)
    rows.to_csv(tmp_path / "release/test_set.csv", index=False)
    return folder


@pytest.mark.parametrize("how", ["copy", "link", "symlink"])
def test_test_clips_stand_under_their_new_names_with_checksums(tmp_path, how):
    folder = _test_set(tmp_path)
    to = tmp_path / "clips"
    args = ["materialise", "--study", str(tmp_path), "--to", str(to), "--how", how]
    result = CliRunner().invoke(app, args)
    assert result.stdout.startswith("2 clips, 0 of them there before"), result.output
    assert (to / "barking/barking_1.mp4").read_bytes() == (folder / "plain_1.mp4").read_bytes()
    check = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=to, check=False)
    assert check.returncode == 0
    assert CliRunner().invoke(app, args).stdout.startswith("2 clips, 2 of them there before")


def test_a_clip_that_is_not_the_one_that_was_rated_is_refused(tmp_path):
    folder = _test_set(tmp_path)
    make_odd_clip("fps60", folder / "ntsc_1.mp4")
    args = ["materialise", "--study", str(tmp_path), "--to", str(tmp_path / "clips")]
    result = CliRunner().invoke(app, args)
    assert "ntsc_1.mp4 is not the file that was rated" in str(result.exception)
    assert not (tmp_path / "clips/SHA256SUMS").exists()


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("barking/barking_2.mp4", "../../escaped.mp4", "line 3: new_filename is not"),
        ("barking/barking_2.mp4", "barking/barking_1.mp4", "line 3: new_filename was given before"),
        (",training,", ",../..,", "line 2: video_location is neither"),
        ("barking/ntsc_1.mp4", "../../../ntsc_1.mp4", "line 3: filename is not"),
    ],
)
def test_a_list_that_places_clips_astray_is_refused(tmp_path, written, instead, said):
    _test_set(tmp_path)
    path = tmp_path / "release/test_set.csv"
    assert written in path.read_text()
    path.write_text(path.read_text().replace(written, instead))
    args = ["materialise", "--study", str(tmp_path), "--to", str(tmp_path / "clips")]
    assert said in str(CliRunner().invoke(app, args).exception)
    assert not list(tmp_path.parent.glob("escaped.mp4"))
    assert not (tmp_path / "clips/SHA256SUMS").exists()


@pytest.mark.parametrize("how", ["copy", "symlink"])
def test_a_link_that_leads_nowhere_is_not_written_over(tmp_path, how):
    _test_set(tmp_path)
    to = tmp_path / "clips/barking"
    to.mkdir(parents=True)
    (to / "barking_1.mp4").symlink_to("nowhere")
    args = ["materialise", "--study", str(tmp_path), "--to", str(to.parent), "--how", how]
    assert "barking_1.mp4 is another file" in str(CliRunner().invoke(app, args).exception)


def test_a_hard_link_to_another_disk_is_one_line(tmp_path, monkeypatch):
    _test_set(tmp_path)

    def refuse(source, target):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", refuse)
    args = ["materialise", "--study", str(tmp_path), "--to", str(tmp_path / "clips")]
    result = CliRunner().invoke(app, [*args, "--how", "link"])
    assert "Use --how copy" in str(result.exception)
