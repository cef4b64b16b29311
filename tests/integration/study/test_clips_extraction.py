"""The one decoding pass gives OpenCV's frames and pydub's sound."""

import shutil

import av
import numpy as np
import pytest

from features.inputs.frames import choose_frames, shrink
from study.clips.sampling import decode_for_extraction
from study.errors import ClipError
from study.rehearsal.odd import make_odd_clip
from tests.paths import SHARED
from tests.references.clips import published_frames, write_changing_sound, write_colourful_clip

REAL = sorted((SHARED / "clips").glob("*.mp4"))


def decode(path, step_ms=480):
    return decode_for_extraction(path, choose=lambda t: choose_frames(t, step_ms), keep=shrink)


def assert_frames_are_the_published_ones(path, step_ms=480):
    clip = decode(path, step_ms)
    frames, times_ms = published_frames(path, step_ms)
    assert frames, "the loop gave no frame"
    assert len(clip.images) == len(frames)
    np.testing.assert_array_equal(np.stack(clip.images), np.stack(frames))
    np.testing.assert_allclose(np.array(clip.image_times_s) * 1000, times_ms)


@pytest.mark.skipif(not REAL, reason="no real clips beside the repository")
@pytest.mark.parametrize("path", REAL, ids=[path.stem for path in REAL])
@pytest.mark.parametrize("step_ms", [480, 960])
def test_frames_of_real_clips_are_opencvs_to_the_pixel(path, step_ms):
    assert_frames_are_the_published_ones(path, step_ms)


@pytest.mark.parametrize("rate", ["30", "25", "24", "60", "15", "30000/1001"])
def test_frames_are_the_published_ones_at_every_frame_rate(tmp_path, rate):
    from fractions import Fraction

    rate = Fraction(rate)
    path = write_colourful_clip(tmp_path / "clip.mp4", rate=rate, n_frames=round(3 * rate))
    assert_frames_are_the_published_ones(path)


@pytest.mark.parametrize("colour", [1, 5, 9], ids=["bt709", "bt601", "bt2020"])
def test_colours_are_opencvs_whatever_the_clip_says_about_them(tmp_path, colour):
    assert_frames_are_the_published_ones(
        write_colourful_clip(tmp_path / "clip.mp4", colour=colour, n_frames=20)
    )


@pytest.mark.parametrize("size", [(322, 242), (640, 360), (360, 640), (64, 48)])
def test_pictures_of_any_size_are_opencvs(tmp_path, size):
    assert_frames_are_the_published_ones(
        write_colourful_clip(tmp_path / "clip.mp4", size=size, n_frames=20)
    )


@pytest.mark.parametrize(
    "options", [{"bf": "0"}, {"bf": "8", "b-pyramid": "normal"}, {"g": "1"}, {"refs": "6"}]
)
def test_frames_survive_every_order_of_packets(tmp_path, options):
    assert_frames_are_the_published_ones(
        write_colourful_clip(tmp_path / "clip.mp4", options=options)
    )


ODD_KINDS = [
    *("vfr", "rotated", "two_tracks", "odd_size", "anamorphic", "picture_late", "one_frame"),
    *("short", "long", "fps60", "surround", "no_audio"),
]


@pytest.mark.parametrize("kind", ODD_KINDS)
def test_frames_of_odd_clips_are_the_published_ones(tmp_path, kind):
    assert_frames_are_the_published_ones(make_odd_clip(kind, tmp_path / f"{kind}.mp4"))


def test_damaged_packets_are_passed_over_and_counted(tmp_path):
    clip = decode(make_odd_clip("truncated", tmp_path / "clip.mp4"))
    assert clip.n_damaged_packets > 0
    assert len(clip.images) == 2
    assert decode(make_odd_clip("plain", tmp_path / "plain.mp4")).n_damaged_packets == 0


def test_a_stream_without_a_container_is_refused(tmp_path):
    source = write_colourful_clip(tmp_path / "clip.mp4", options={"bf": "0"})
    with av.open(str(source)) as opened, av.open(str(tmp_path / "clip.h264"), "w") as raw:
        video = opened.streams.video[0]
        stream = raw.add_stream_from_template(video)
        for packet in opened.demux(video):
            if packet.size:
                packet.stream = stream
                raw.mux(packet)
    with pytest.raises(ClipError, match="not a clip") as error:
        decode(tmp_path / "clip.h264")
    assert error.value.reason == "unreadable"


@pytest.mark.parametrize(
    ("suffix", "codec"), [("avi", "mpeg4"), ("mkv", "libx264"), ("mov", "mpeg4")]
)
def test_other_containers_and_codecs_give_the_published_frames(tmp_path, suffix, codec):
    path = write_colourful_clip(tmp_path / f"clip.{suffix}", n_frames=45, codec=codec)
    assert_frames_are_the_published_ones(path)


def test_sound_is_pydubs_to_the_bit_or_nearly(tmp_path):
    pydub = pytest.importorskip("pydub")
    if shutil.which("ffmpeg") is None:
        pytest.skip("pydub needs the ffmpeg program")
    path = write_colourful_clip(tmp_path / "clip.mp4", n_frames=30)
    segment = pydub.AudioSegment.from_file(path)
    expected = np.asarray(segment.get_array_of_samples()).reshape(-1, segment.channels)
    clip = decode(path)
    assert clip.sample_rate_hz == segment.frame_rate
    assert clip.samples.shape == expected.shape
    # Another build of FFmpeg may round single samples the other way.
    difference = np.abs(clip.samples.astype(int) - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01


def test_sound_keeps_its_channels(tmp_path):
    assert decode(make_odd_clip("surround", tmp_path / "a.mp4")).samples.shape[1] == 6
    assert decode(make_odd_clip("mono", tmp_path / "b.mp4")).samples.shape[1] == 1
    assert decode(make_odd_clip("no_audio", tmp_path / "c.mp4")).samples is None


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("empty", "empty"), ("not_media", "unreadable"), ("audio_only", "no_video")],
)
def test_what_is_no_clip_is_refused_with_a_reason(tmp_path, kind, reason):
    with pytest.raises(ClipError) as error:
        decode(make_odd_clip(kind, tmp_path / "clip.mp4"))
    assert error.value.reason == reason


def test_a_missing_clip_is_refused_with_a_reason(tmp_path):
    with pytest.raises(ClipError) as error:
        decode(tmp_path / "none.mp4")
    assert error.value.reason == "missing"


def test_a_stream_that_no_decoder_knows_is_a_reject_and_no_crash(tmp_path):
    path = write_colourful_clip(tmp_path / "clip.mp4", n_frames=10)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(ClipError, match="no decoder here knows") as error:
        decode(path)
    assert error.value.reason == "unreadable"


@pytest.mark.parametrize("layouts", [("mono", "stereo"), ("stereo", "mono")])
def test_sound_that_changes_its_channels_keeps_those_of_its_beginning(tmp_path, layouts):
    pydub = pytest.importorskip("pydub")
    if shutil.which("ffmpeg") is None:
        pytest.skip("pydub needs the ffmpeg program")
    path = write_changing_sound(tmp_path / "clip.ts", layouts)
    segment = pydub.AudioSegment.from_file(path)
    expected = np.asarray(segment.get_array_of_samples()).reshape(-1, segment.channels)
    clip = decode(path)
    assert clip.samples.shape == expected.shape
    assert np.abs(clip.samples.astype(int) - expected).max() <= 1


def test_further_streams_and_marked_colours_are_noted(tmp_path):
    plain = decode(write_colourful_clip(tmp_path / "plain.mp4", n_frames=10))
    marked = decode(write_colourful_clip(tmp_path / "marked.mp4", n_frames=10, colour=1))
    assert (plain.is_bt601, marked.is_bt601) == (True, False)
    two = decode(make_odd_clip("two_tracks", tmp_path / "two.mp4"))
    assert (plain.n_video_streams, plain.n_audio_streams) == (1, 1)
    assert max(two.n_video_streams, two.n_audio_streams) == 2
