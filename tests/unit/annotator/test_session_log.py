from pathlib import Path

import pytest

from annotator.log import trial_lines
from annotator.rig.check import what_sleeps
from study.vocabulary import KeyPress, Presentation, Rating, Response, Stimulus, TrialRecord

BARK = Stimulus(7, Path("mit/training/barking/dog.mp4"), "barking")
SHOWN = Presentation(
    onset_s=1.0, offset_s=4.0, sound_requested_s=1.0, sound_started_s=1.002, n_frames_shown=90
)


def test_a_trial_is_told_with_its_evidence():
    record = TrialRecord(
        BARK,
        Response(Rating.VERY_CLEAN, rt_s=0.75, n_replays=0, n_early_presses=1),
        (Presentation(0.5, 0.9, interrupted=True), SHOWN),
        (KeyPress("2", 0.9, early=True), KeyPress("3", 4.75)),
    )
    assert trial_lines(record) == [
        "trial: candidate 7 (barking) mit/training/barking/dog.mp4",
        "presentation: 0.5000 to 0.9000, interrupted, no sound, 0 frames shown, 0 dropped, 0 late, "
        "0 xruns",
        "presentation: 1.0000 to 4.0000, sound +2.00 ms, 90 frames shown, 0 dropped, 0 late, "
        "0 xruns",
        "key: 2 at 0.9000, too early",
        "key: 3 at 4.7500",
        "rating: 3 after 0.7500 s, 0 replays, 1 early press",
    ]


@pytest.mark.parametrize(
    ("failure", "line"), [("no_audio", "failure: no_audio"), (None, "left without a rating")]
)
def test_a_trial_without_a_rating_says_why(failure, line):
    assert trial_lines(TrialRecord(BARK, None, failure=failure))[-1] == line


def test_screens_that_go_to_sleep_are_seen():
    asleep = "Screen Saver:\n  timeout:  600    cycle:  600\nDPMS (Energy Star):\n  DPMS is Enabled"
    assert what_sleeps(asleep) == ["display power saving", "screen saver after 600 s"]
    assert what_sleeps("  timeout:  0    cycle:  600\n  DPMS is Disabled") == []
