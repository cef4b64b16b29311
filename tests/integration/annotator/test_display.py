"""Odd clips, decoded for showing: every picture upright and on time, sound where it belongs."""

import gc
import hashlib
import struct
import subprocess
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from study.clips.display import decode_for_display
from study.errors import ClipError
from study.rehearsal.odd import ODD_KINDS, is_flash, make_odd_clip

RATE_HZ = 48_000
BOX_PX = (640, 480)
SHARED = Path("../shared/clips")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("odd")


def decoded(folder, kind, box_px=BOX_PX):
    path = folder / f"{kind}.mp4"
    if not path.exists():
        make_odd_clip(kind, path)
    return decode_for_display(path, box_px=box_px, sample_rate_hz=RATE_HZ)


def flash_times_s(clip):
    """Return when the field turns white."""
    white = clip.frames[:, clip.height_px // 2, clip.width_px // 2].min(axis=1) > 200
    rises = np.flatnonzero(white & ~np.roll(white, 1))
    return [float(clip.times_s[i]) for i in rises if i > 0]


def beep_times_s(clip):
    """Return when the beep sets in."""
    loud = np.abs(clip.sound).max(axis=1) > 0.5 * np.abs(clip.sound).max()
    samples = np.flatnonzero(loud)
    first = samples[np.flatnonzero(np.diff(samples, prepend=-RATE_HZ) > RATE_HZ / 10)]
    return [float(s / RATE_HZ) for s in first]


SHOWN = sorted(set(ODD_KINDS) - {
    "no_audio", "audio_only", "truncated", "empty", "not_media", "silent", "one_frame", "short",
    "long", "two_tracks",
})  # fmt: skip


@pytest.mark.parametrize("kind", SHOWN)
def test_flash_and_beep_are_where_the_file_has_them(folder, kind):
    clip = decoded(folder, kind)
    flashes, beeps = flash_times_s(clip), beep_times_s(clip)
    shift_s = 0.4 if kind == "sound_late" else 0.0
    # A flash is seen at the first frame after it begins.
    assert flashes[0] == pytest.approx(0.5, abs=0.04)
    assert beeps[0] - flashes[0] == pytest.approx(shift_s, abs=0.04)


@pytest.mark.parametrize("kind", SHOWN)
def test_frames_begin_at_zero_and_sound_lasts_to_the_end(folder, kind):
    clip = decoded(folder, kind)
    assert clip.times_s[0] == 0.0
    assert (np.diff(clip.times_s) > 0).all()
    assert clip.times_s[-1] < clip.duration_s
    assert clip.sound.shape == (pytest.approx(clip.duration_s * RATE_HZ, abs=1), 2)
    assert (clip.sound.dtype, clip.frames.dtype) == (np.float32, np.uint8)


@pytest.mark.parametrize(("kind", "duration_s"), [("sound_long", 4.5), ("sound_short", 3.0)])
def test_a_clip_lasts_until_its_longer_stream_ends(folder, kind, duration_s):
    assert decoded(folder, kind).duration_s == pytest.approx(duration_s, abs=0.05)


def test_a_variable_rate_keeps_every_frames_own_time(folder):
    clip = decoded(folder, "vfr")
    intervals_s = np.diff(clip.times_s)
    assert set(np.round(intervals_s * 30).astype(int)) == {1, 2}
    assert clip.n_frames == 75
    white = clip.frames[:, 100, 100].min(axis=1) > 200
    # Times are rounded to the container's clock.
    expected = [is_flash(round(t * 30) / 30) for t in clip.times_s]
    assert white.tolist() == expected


def test_a_rotated_clip_is_shown_upright(folder):
    clip = decoded(folder, "rotated")
    assert (clip.width_px, clip.height_px) == (240, 320)
    assert clip.frames[0, 4, -4].tolist() == pytest.approx([200, 40, 40], abs=30)  # turned right
    assert clip.frames[0, 4, 4].max() < 130


def test_pixels_that_are_not_square_are_stretched(folder):
    clip = decoded(folder, "anamorphic")
    plain = decoded(folder, "plain")
    assert clip.height_px == plain.height_px
    assert clip.width_px == round(plain.width_px * 4 / 3)


def test_a_large_clip_is_scaled_down_and_says_so(folder):
    clip = decoded(folder, "plain", box_px=(100, 480))
    assert (clip.width_px, clip.height_px) == (100, 100)
    assert clip.scale == pytest.approx(100 / 256)
    assert decoded(folder, "plain").scale == 1.0


def test_one_channel_is_heard_on_both_ears_and_two_stay_apart(folder):
    mono, right = decoded(folder, "mono").sound, decoded(folder, "right_only").sound
    assert np.array_equal(mono[:, 0], mono[:, 1])
    assert np.abs(mono).max() == pytest.approx(0.5, abs=0.05)
    assert np.abs(right[:, 0]).max() < 0.01
    assert np.abs(right[:, 1]).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("no_audio", "no_audio"),
        ("audio_only", "no_video"),
        ("truncated", "unreadable"),
        ("empty", "empty"),
        ("not_media", "unreadable"),
    ],
)
def test_what_cannot_be_shown_says_why(folder, kind, reason):
    with pytest.raises(ClipError, match=kind) as caught:
        decoded(folder, kind)
    assert caught.value.reason == reason


def test_a_missing_clip_says_so(folder):
    with pytest.raises(ClipError, match="no clip at") as caught:
        decode_for_display(folder / "nowhere.mp4", box_px=BOX_PX, sample_rate_hz=RATE_HZ)
    assert caught.value.reason == "missing"


def test_a_clip_too_long_for_the_memory_is_refused(folder, monkeypatch):
    monkeypatch.setattr("study.clips.showing.MAX_FRAMES_BYTES", 1_000_000)
    with pytest.raises(ClipError, match="too long") as caught:
        decoded(folder, "plain")
    assert caught.value.reason == "too_large"


def test_a_decoder_and_its_threads_are_gone_with_the_last_frame(folder):
    decoded(folder, "rotated")  # what is made once, is made
    gc.collect()
    gc.disable()
    try:
        n_threads = psutil.Process().num_threads()
        for _ in range(3):
            decoded(folder, "rotated")
        assert psutil.Process().num_threads() == n_threads
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_the_digest_is_of_the_bytes_that_were_decoded(folder):
    clip = decoded(folder, "plain")
    assert clip.sha256 == hashlib.sha256(clip.path.read_bytes()).hexdigest()


def test_the_frame_at_a_time_is_the_last_one_whose_time_has_come(folder):
    clip = decoded(folder, "plain")
    assert [clip.frame_at(t) for t in (-1.0, 0.0, 0.03, 0.0334, 99.0)] == [0, 0, 0, 1, 89]


def remuxed(source, path, change=lambda packet: True, title=""):
    """Copy a clip's packets into another file; `change` may alter a packet or leave it out."""
    with av.open(str(source)) as read, av.open(str(path), "w") as written:
        written.metadata["title"] = title
        streams = {s.index: written.add_stream_from_template(s) for s in read.streams}
        for packet in read.demux():
            if packet.dts is not None and change(packet):
                packet.stream = streams[packet.stream.index]
                written.mux(packet)
    return path


def shown(path):
    return decode_for_display(path, box_px=BOX_PX, sample_rate_hz=RATE_HZ)


def test_what_is_missing_from_the_sound_is_silent_and_the_rest_stays_in_place(folder):
    plain = decoded(folder, "plain")

    def outside_the_gap(packet):
        return packet.stream.type == "video" or not 0.8 < float(packet.pts * packet.time_base) < 1.8

    clip = shown(remuxed(plain.path, folder / "gap.mkv", outside_the_gap))
    assert beep_times_s(clip) == pytest.approx([0.5, 2.5], abs=0.03)
    assert flash_times_s(clip) == pytest.approx([0.5, 1.5, 2.5], abs=0.04)
    assert not clip.sound[int(0.9 * RATE_HZ) : int(1.75 * RATE_HZ)].any()


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [((-1, 0, 0, 1), (0, -1)), ((1, 0, 0, -1), (-1, 0)), ((0, 1, 1, 0), (0, 0))],
    ids=["mirrored", "upside down", "transposed"],
)
def test_a_mirrored_clip_is_shown_as_its_file_says(folder, matrix, corner):
    content = bytearray(decoded(folder, "plain").path.read_bytes())
    place = content.find(b"tkhd") + 4 + 40  # behind version, flags, times, id, layer and volume
    a, b, c, d = (0x10000 * n for n in matrix)
    content[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    path = folder / f"matrix{matrix}.mp4"
    path.write_bytes(content)
    frame = shown(path).frames[0]
    red = {
        (row, column)
        for row in (0, -1)
        for column in (0, -1)
        if int(frame[4 * (2 * row + 1), 4 * (2 * column + 1), 0]) > 150
    }
    assert red == {corner}


def test_frames_without_presentation_times_are_shown_in_their_order(folder):
    plain = decoded(folder, "plain")
    path = folder / "plain.avi"
    # AVI stamps packets in the order of decoding, and these hold frames ahead of their turn.
    command = ["ffmpeg", "-v", "error", "-i", plain.path, "-c:v", "libx264", "-bf", "2", path]
    subprocess.run(command, check=True)
    clip = shown(path)
    assert (np.diff(clip.times_s) > 0).all()
    expected = [is_flash(i / 30) for i in range(plain.n_frames)]
    assert (clip.frames[:, 128, 128].min(axis=1) > 200).tolist() == expected


def test_a_matroska_file_that_breaks_off_is_refused(folder):
    whole = remuxed(decoded(folder, "plain").path, folder / "whole.mkv").read_bytes()
    path = folder / "half.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ClipError, match=r"breaks off after 1\.\d+ of 3\.\d+ s"):
        shown(path)


def test_wrong_time_stamps_do_not_fill_the_memory(folder):
    def a_day_later(packet):
        if packet.stream.type == "audio":
            packet.pts += round(86_400 / packet.time_base)
            packet.dts = packet.pts
        return True

    path = remuxed(decoded(folder, "plain").path, folder / "late.mkv", a_day_later)
    with pytest.raises(ClipError, match="at most 120 s") as caught:
        shown(path)
    assert caught.value.reason == "too_large"


@pytest.mark.parametrize(("codec", "kind"), [(b"A_AAC", "audio"), (b"V_MPEG4/ISO/AVC", "video")])
def test_a_codec_that_nobody_knows_is_named(folder, codec, kind):
    content = remuxed(decoded(folder, "plain").path, folder / "named.mkv").read_bytes()
    assert codec in content
    path = folder / f"unknown_{kind}.mkv"
    path.write_bytes(content.replace(codec, b"A_ZZ9" if kind == "audio" else b"V_ZZZZZZ/ISO/ZZ"))
    with pytest.raises(ClipError, match=f"first {kind} stream in a format that no decoder"):
        shown(path)


def test_a_title_in_another_encoding_keeps_no_clip_from_being_shown(folder):
    plain = decoded(folder, "plain")
    path = remuxed(plain.path, folder / "latin.mp4", title="a dog")
    content = path.read_bytes()
    assert b"a dog" in content
    path.write_bytes(content.replace(b"a dog", "ä dög".encode("latin-1")))
    assert shown(path).n_frames == plain.n_frames


@pytest.mark.skipif(not SHARED.exists(), reason="the real clips of shared/ are not here")
def test_real_clips_are_decoded_whole():
    clip = decode_for_display(SHARED / "bento.mp4", box_px=BOX_PX, sample_rate_hz=RATE_HZ)
    assert (clip.width_px, clip.height_px, clip.n_frames) == (270, 480, 11)
    assert clip.duration_s == pytest.approx(1.1)
