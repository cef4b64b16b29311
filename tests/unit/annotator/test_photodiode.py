"""True offsets from recordings that are made up, with events where they are known to be."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile
from typer.testing import CliRunner

from annotator.__main__ import app
from annotator.rig.flashes import play_whole
from annotator.rig.grades import LIMITS
from annotator.rig.photodiode import lines, read_recording, true_offset
from annotator.task.trial import (
    LeaveAsked,
    LeaveOrdered,
    PlaybackBegan,
    PlaybackDisturbed,
    PlaybackEnded,
    PlaybackFailed,
    SoundLost,
)
from study.errors import StageError
from study.vocabulary import Stimulus

RATE_HZ = 48_000


def recording(beep_after_ms, *, n=6, diode=0.6, sound=0.3, noise=0.002):
    """Flashes of 0.1 s each second, seen through a line-in that passes changes only; beeps."""
    rng = np.random.default_rng(1)
    samples = rng.normal(0, noise, (RATE_HZ * (n + 1), 2))
    decay = np.exp(-np.arange(RATE_HZ // 20) / (0.01 * RATE_HZ))
    beep = sound * np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ // 10) / RATE_HZ)
    delays_ms = np.broadcast_to(beep_after_ms, n)
    for i, delay_ms in enumerate(delays_ms):
        flash = round((0.5 + i) * RATE_HZ)
        off = flash + RATE_HZ // 10
        samples[flash : flash + len(decay), 0] += diode * decay
        samples[off : off + len(decay), 0] -= diode * decay
        if np.isnan(delay_ms):
            continue
        start = flash + round(delay_ms * RATE_HZ / 1000)
        samples[start : start + len(beep), 1] += beep
    return samples.astype(np.float32)


def test_the_offset_is_the_beep_minus_the_flash():
    for delay_ms in (-30.0, 0.0, 7.0):
        found = true_offset(recording(delay_ms), RATE_HZ)
        assert (found.n_flashes, found.n_beeps) == (6, 6)
        # A tone of 1 kHz reaches its threshold within a tenth of a millisecond.
        assert found.median_ms == pytest.approx(delay_ms, abs=0.15)
        assert found.spread_ms < 0.1


def test_one_play_that_came_late_moves_the_range_and_not_the_median():
    found = true_offset(recording([4.0, 4.0, 60.0, 4.0, 4.0, 4.0]), RATE_HZ)
    assert found.median_ms == pytest.approx(4.0, abs=0.15)
    assert found.offsets_ms.max() == pytest.approx(60.0, abs=0.15)


def test_a_missing_beep_makes_no_pair():
    found = true_offset(recording([4.0, np.nan, 4.0, 4.0, 4.0, 4.0]), RATE_HZ)
    assert (found.n_flashes, found.n_beeps, len(found.offsets_ms)) == (6, 5, 5)


@pytest.mark.parametrize(
    "faint",
    [{"diode": 0.02, "sound": 0.02}, {"noise": 0.05}, {"n": 2}],
    ids=["low", "noisy", "few"],
)
def test_noise_is_not_taken_for_flashes_and_beeps(faint):
    with pytest.raises(StageError, match="belong together"):
        true_offset(recording(5.0, **({"n": 12} | faint)), RATE_HZ)


def test_a_silent_channel_is_named():
    for quiet, name in (({"diode": 0.0}, "left channel"), ({"sound": 0.0}, "right channel")):
        with pytest.raises(StageError, match=f"nothing is on the {name}"):
            true_offset(recording(0.0, noise=1e-5, **quiet), RATE_HZ)


def test_the_grade_stands_below_with_what_to_change():
    assert lines(true_offset(recording(7.0), RATE_HZ))[-1].startswith("grade A")
    told = lines(true_offset(recording(35.0), RATE_HZ))
    assert told[-2].startswith("grade C")
    assert told[-1] == f"-> {LIMITS['av_offset'].advice}"


def test_a_recording_is_read_and_told_by_the_command(tmp_path):
    path = tmp_path / "recording.wav"
    wavfile.write(path, RATE_HZ, (recording(5.0) * 32767).astype(np.int16))
    samples, rate_hz = read_recording(path)
    assert (samples.shape, rate_hz) == ((RATE_HZ * 7, 2), RATE_HZ)
    told = CliRunner().invoke(app, ["photodiode", str(path)])
    assert told.exit_code == 0
    assert "6 flashes, 6 beeps, 6 pairs" in told.stdout
    assert "median +5.0" in told.stdout or "median +4.9" in told.stdout


def test_a_file_that_is_no_recording_of_two_channels_is_refused(tmp_path):
    mono = tmp_path / "mono.wav"
    wavfile.write(mono, RATE_HZ, np.zeros(100, dtype=np.int16))
    with pytest.raises(StageError, match="has 1 channel"):
        read_recording(mono)
    with pytest.raises(StageError, match="cannot be read"):
        read_recording(tmp_path / "none.wav")
    wavfile.write(tmp_path / "empty.wav", RATE_HZ, np.zeros((0, 2), np.int16))
    with pytest.raises(StageError, match="ends before its first sample"):
        read_recording(tmp_path / "empty.wav")
    (tmp_path / "note.wav").write_text("no recording")
    with pytest.raises(StageError, match="cannot be read"):
        read_recording(tmp_path / "note.wav")


class ScriptedStage:
    """A stage on which things happen that were written down; it only counts what is played."""

    def __init__(self, *polls):
        self._polls, self.n_plays = list(polls), 0

    def play(self, stimulus):
        self.n_plays += 1

    def poll(self):
        return [self._polls.pop(0)]


CLIP = Stimulus(0, Path("clip.mp4"), "flash and beep")


def test_a_disturbed_flash_clip_is_played_again_and_nobody_waits_for_ever():
    stage = ScriptedStage(PlaybackBegan(0.0), PlaybackDisturbed(0.1), PlaybackEnded(3.2))
    play_whole(stage, CLIP)
    assert stage.n_plays == 2


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (PlaybackFailed(0.0, "unreadable"), "could not be played: unreadable"),
        (SoundLost(0.0, "the sound device stopped"), "the sound device stopped"),
        (LeaveAsked(0.0), "the flashes were stopped"),
        (LeaveOrdered(0.0), "the flashes were stopped"),
    ],
)
def test_flashes_that_cannot_be_played_to_the_end_say_why(event, message):
    with pytest.raises(StageError, match=message):
        play_whole(ScriptedStage(event), CLIP)
