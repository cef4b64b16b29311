"""What is lost of a clip's sound makes none of the rest play early or late, or too loud."""

import subprocess

import av
import numpy as np
import pytest

from study.clips.display import decode_for_display
from study.clips.sampling import decode_for_extraction
from study.clips.sound.one_form import EarMixer, form_of
from study.clips.sound.placing import Stretch, stretches
from tests.references.bursts import shifts_s, sound_with_bursts, write_bursts

LATEST_S = 0.001
KINDS = [("aac", "mp4"), ("aac", "mkv"), ("libmp3lame", "mkv"), ("libopus", "mkv"),
         ("pcm_s16le", "mkv"), ("flac", "mp4"), ("ac3", "ts")]  # fmt: skip


def heard(path):
    return decode_for_display(path, box_px=(64, 64), sample_rate_hz=48_000).sound


def ffmpeg(*arguments):
    command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def by_ffmpeg(path):
    """Return the sound as FFmpeg's own filter fills its gaps."""
    fill = "aresample=48000:async=1:min_hard_comp=0.001:first_pts=0"
    raw = ffmpeg("-i", path, "-map", "0:a", "-af", fill, "-f", "f32le", "-ac", "2", "-")
    return np.frombuffer(raw, np.float32).reshape(-1, 2)


@pytest.mark.parametrize(("codec", "ending"), KINDS)
def test_sound_behind_gaps_is_heard_at_its_own_time(tmp_path, codec, ending):
    write_bursts(tmp_path / f"whole.{ending}", codec)
    whole = heard(tmp_path / f"whole.{ending}")
    rng = np.random.default_rng(7)
    for turn in range(3):
        path = tmp_path / f"gaps{turn}.{ending}"
        begins_s = rng.uniform(0.3, 2.4, 2)
        gaps_s = [(begin, begin + float(np.exp(rng.uniform(-6.9, -0.7)))) for begin in begins_s]
        lost = write_bursts(path, codec, gaps_s=gaps_s)
        late_s = np.abs(shifts_s(heard(path), whole, lost))
        assert len(late_s) >= 3
        assert late_s.max() <= LATEST_S


def test_four_lost_packets_move_nothing_and_ffmpeg_agrees(tmp_path):
    write_bursts(tmp_path / "whole.mp4", "aac")
    whole = heard(tmp_path / "whole.mp4")
    lost = write_bursts(tmp_path / "clip.mp4", "aac", gaps_s=[(0.8, 0.885)])
    assert len(lost) == 4
    sound = heard(tmp_path / "clip.mp4")
    assert np.abs(shifts_s(sound, whole, lost)).max() <= LATEST_S
    assert np.abs(shifts_s(sound, by_ffmpeg(tmp_path / "clip.mp4"), lost)).max() <= LATEST_S
    begin, end = round(0.82 * 48_000), round(0.87 * 48_000)
    assert not sound[begin:end].any()


def test_a_gap_between_fragments_moves_nothing(tmp_path):
    lost = write_bursts(tmp_path / "clip.mp4", "aac", gaps_s=[(1.3, 1.345)])
    flags = "frag_keyframe+empty_moov+default_base_moof"
    path = tmp_path / "fragments.mp4"
    ffmpeg("-i", tmp_path / "clip.mp4", "-c", "copy", "-movflags", flags, "-frag_duration",
           "200000", path)  # fmt: skip
    late_s = shifts_s(heard(path), by_ffmpeg(path), lost)
    assert np.abs(late_s).max() <= LATEST_S


@pytest.mark.parametrize("offset_s", [0.4, 0.037, -0.2])
def test_sound_that_begins_late_or_early_is_heard_so_and_its_rows_say_so(tmp_path, offset_s):
    write_bursts(tmp_path / "whole.mkv", "pcm_s16le")
    path = tmp_path / "clip.mkv"
    ffmpeg("-i", tmp_path / "whole.mkv", "-itsoffset", offset_s, "-i", tmp_path / "whole.mkv",
           "-map", "0:v", "-map", "1:a", "-c", "copy", path)  # fmt: skip
    late_s = np.array(shifts_s(heard(path), sound_with_bursts(3.0, 48_000), []))
    assert np.abs(late_s - max(offset_s, 0.0)).max() <= LATEST_S
    clip = decode_for_extraction(path, choose=lambda times_ms: [0], keep=lambda image: image)
    assert clip.sound_time_s(0.48) == pytest.approx(0.48 + max(offset_s, 0.0), abs=LATEST_S)
    assert clip.picture_begin_s == pytest.approx(max(-offset_s, 0.0), abs=LATEST_S)


def test_the_networks_hear_pydubs_samples_and_their_rows_tell_the_time_behind_a_gap(tmp_path):
    lost = write_bursts(tmp_path / "clip.mkv", "pcm_s16le", gaps_s=[(0.5, 0.7)])
    clip = decode_for_extraction(
        tmp_path / "clip.mkv", choose=lambda times_ms: [0], keep=lambda image: image
    )
    missing_s = sum(last - first for first, last in lost)
    raw = ffmpeg("-i", tmp_path / "clip.mkv", "-f", "s16le", "-")  # as pydub asks for them
    assert np.array_equal(clip.samples, np.frombuffer(raw, np.int16).reshape(-1, 2))
    told = [clip.sound_time_s(at_s) for at_s in (0.0, 0.4, 0.6, 1.44)]
    expected = [0.0, 0.4, 0.6 + missing_s, 1.44 + missing_s]
    assert told == pytest.approx(expected, abs=LATEST_S)


def test_sound_whose_stamps_jump_back_is_cut_so_that_the_rest_is_in_time():
    lengths_s = [0.02] * 20
    times_s = [0.02 * n for n in range(10)] + [0.14 + 0.02 * n for n in range(10)]
    found = stretches(times_s, lengths_s, 1 / 48_000)
    assert [cut.first for cut in found] == [0, 10]
    assert [cut.begin_s for cut in found] == pytest.approx([0.0, 0.14])


def test_rounded_stamps_are_no_gaps_and_one_wrong_stamp_moves_nothing():
    lengths_s = [1024 / 44_100] * 120
    exact_s = np.cumsum([0.0, *lengths_s[:-1]])
    rounded_s = np.round(exact_s, 3)
    assert stretches(rounded_s.tolist(), lengths_s, 0.001) == [
        Stretch(0, pytest.approx(0.0, abs=0.0003))
    ]
    wrong_s = exact_s.copy()
    wrong_s[60] += 0.3
    assert len(stretches(wrong_s.tolist(), lengths_s, 1 / 44_100)) == 1
    assert len(stretches([0.0, *[None] * 119], lengths_s, 0.001)) == 1


@pytest.mark.parametrize("layout", ["quad", "5.0", "5.1", "5.1(side)", "6.1", "7.1", "22.2"])
def test_a_mix_of_full_scale_stays_within_full_scale(layout):
    n_channels = av.AudioLayout(layout).nb_channels
    loud = np.ones((1, 4800 * n_channels), np.float32)
    frame = av.AudioFrame.from_ndarray(loud, format="flt", layout=layout)
    frame.sample_rate = 48_000
    mixer = EarMixer(form_of(frame), 48_000)
    mixed = np.concatenate([*mixer.mix(frame), *mixer.mix(None)])
    assert mixed.shape == (4800, 2)
    assert np.abs(mixed).max() == pytest.approx(1.0, abs=1e-6)


def test_surround_is_mixed_as_ffmpeg_mixes_whole_numbers(tmp_path):
    write_bursts(tmp_path / "clip.mkv", "pcm_s16le", n_channels=6, duration_s=1.0)
    raw = ffmpeg("-i", tmp_path / "clip.mkv", "-ac", "2", "-f", "s16le", "-")
    expected = np.frombuffer(raw, np.int16).reshape(-1, 2) / 32768
    assert np.abs(heard(tmp_path / "clip.mkv")[: len(expected)] - expected).max() < 1e-4
