"""The player with a window and headphones that were made up, on a clock that costs no time."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotator.task.layout import task_layout
from annotator.task.trial import PlaybackBegan, PlaybackDisturbed, PlaybackEnded, SoundLost
from annotator.window import player
from annotator.window.player import MAX_RESTARTS, MAX_STANDSTILL_S, Player
from annotator.window.sound.paths import SOUND_GONE, SOUND_LATE
from study.clips.display import PlayableClip
from study.config.screen import Screen

PERIOD_S = 0.02
LEAD_S, SAFE_LEAD_S = 0.03, 0.05
CLIP = PlayableClip(
    path=Path("clip.mp4"),
    sha256="",
    frames=np.zeros((10, 4, 4, 3), np.uint8),
    times_s=np.arange(10) * 0.1,
    sound=np.zeros((48000, 2), np.float32),
    sample_rate_hz=48000,
    duration_s=1.0,
    scale=1.0,
)


class NoTexture:
    def __init__(self, win, *, smooth=False):
        pass

    def upload(self, frame):
        pass

    def draw(self, place):
        pass


class Rig:
    """Window, headphones and clock in one."""

    win, period_s = None, PERIOD_S

    def __init__(self, *, load_s=0.0, late_s=0.0, starts=True):
        self.now_s = 0.0
        self._load_s, self._late_s, self._starts = load_s, late_s, starts
        self.due_s = self.left_s = None
        self.is_gone = False

    def next_flip_s(self):
        return (math.floor(self.now_s / PERIOD_S + 1e-6) + 1) * PERIOD_S

    def load(self, sound):
        self.now_s += self._load_s

    def start_at(self, t_s):
        self.due_s = t_s
        self.left_s = t_s - self.now_s

    def started_s(self):
        if not self._starts or self.now_s < self.due_s + self._late_s:
            return None
        return self.due_s + self._late_s

    def broke_off(self):
        return self.is_gone

    def stop(self):
        pass

    def n_xruns(self):
        return 0


@pytest.fixture
def player_on(monkeypatch):
    monkeypatch.setattr(player, "Texture", NoTexture)

    def on(rig):
        layout = task_layout(Screen(), 1280, 800)
        made = Player(
            rig,
            rig,
            layout,
            clock=lambda: rig.now_s,
            lead_s=LEAD_S,
            safe_lead_s=SAFE_LEAD_S,
            start_s=0.0,
        )
        made.show_first(CLIP)
        return made

    return on


def played(made, rig, *, still=None):
    """Flip until something but the beginning happens; `still` is a span without a flip."""
    found = []
    for _ in range(1000):
        frame = made.draw()
        rig.now_s = rig.next_flip_s()
        if still is not None and still[0] <= rig.now_s < still[1]:
            rig.now_s = still[1]
        found += made.flipped(rig.now_s, frame)
        if found and not isinstance(found[-1], PlaybackBegan):
            return found
    raise AssertionError(f"it plays for ever, after {found}")


def test_a_clip_begins_and_ends_on_its_sounds_clock(player_on):
    rig = Rig()
    made = player_on(rig)
    made.start(CLIP, None)
    began, ended = played(made, rig)
    assert began == PlaybackBegan(pytest.approx(rig.due_s, abs=PERIOD_S))
    assert ended == PlaybackEnded(pytest.approx(rig.due_s + CLIP.duration_s))
    (shown,) = made.take_presentations()
    assert (shown.interrupted, shown.disturbed, shown.n_frames_shown) == (False, False, 10)


def test_a_clip_that_ends_before_the_driver_speaks_waits_for_it(player_on):
    rig = Rig(late_s=0.09)
    made = player_on(rig)
    made.start(replace(CLIP, duration_s=0.05), None)
    assert isinstance(played(made, rig)[-1], PlaybackEnded)
    assert made.take_presentations()[0].sound_started_s == pytest.approx(rig.due_s + 0.09)


@pytest.mark.parametrize("load_s", [0.0, 0.015, 2.5])
def test_the_sound_has_its_lead_however_long_it_took_to_load_it(player_on, load_s):
    rig = Rig(load_s=load_s)
    made = player_on(rig)
    made.start(CLIP, None)
    assert LEAD_S - 1e-6 <= rig.left_s <= LEAD_S + PERIOD_S
    made.start_sound(CLIP.sound)
    assert rig.left_s == pytest.approx(LEAD_S)


def test_a_picture_that_stood_still_is_played_again_a_few_times_and_then_let_be(player_on):
    rig = Rig()
    made = player_on(rig)
    for n in range(MAX_RESTARTS + 1):
        made.start(CLIP, None)
        still = (rig.now_s + 0.3, rig.now_s + 0.3 + 1.5 * MAX_STANDSTILL_S)
        last = played(made, rig, still=still)[-1]
        assert isinstance(last, PlaybackDisturbed if n < MAX_RESTARTS else PlaybackEnded)
    shown = made.take_presentations()
    assert [one.disturbed for one in shown] == [True] * MAX_RESTARTS + [False]
    assert shown[-1].n_frames_dropped > 0


def test_a_new_clip_has_all_of_its_restarts(player_on):
    rig = Rig(late_s=0.2)
    made = player_on(rig)
    for _ in range(2):
        made.allow_restarts()
        for _ in range(MAX_RESTARTS):
            made.start(CLIP, None)
            assert isinstance(played(made, rig)[-1], PlaybackDisturbed)


@pytest.mark.parametrize("duration_s", [0.2, 1.0, 5.0])
def test_a_sound_that_never_begins_is_lost_after_a_few_tries(player_on, duration_s):
    clip = replace(CLIP, duration_s=duration_s)
    rig = Rig(starts=False)
    made = player_on(rig)
    for _ in range(MAX_RESTARTS):
        made.start(clip, None)
        assert isinstance(played(made, rig)[-1], PlaybackDisturbed)
    made.start(clip, None)
    lost = played(made, rig)[-1]
    assert isinstance(lost, SoundLost)
    assert lost.problem == SOUND_LATE


def test_headphones_that_go_away_break_the_clip_off(player_on):
    rig = Rig()
    made = player_on(rig)
    made.start(CLIP, None)
    while not made.is_in_middle:
        frame = made.draw()
        rig.now_s = rig.next_flip_s()
        made.flipped(rig.now_s, frame)
    rig.is_gone = True
    lost = played(made, rig)[-1]
    assert isinstance(lost, SoundLost)
    assert lost.problem == SOUND_GONE
    assert made.take_presentations()[0].interrupted


def lead_of_next(made, rig):
    made.stop(rig.now_s)
    made.start(CLIP, None)
    return rig.left_s


def test_a_short_lead_is_kept_while_sounds_begin_on_time_and_given_up_at_the_first_late_one(
    player_on,
):
    rig = Rig()
    made = player_on(rig)
    made.start(CLIP, None)
    assert LEAD_S <= rig.left_s < LEAD_S + PERIOD_S
    played(made, rig)
    assert LEAD_S <= lead_of_next(made, rig) < LEAD_S + PERIOD_S
    rig._late_s = 0.005  # two buffers; nobody notices, and the picture waits for it
    (_, ended) = played(made, rig)
    assert isinstance(ended, PlaybackEnded)
    assert SAFE_LEAD_S <= lead_of_next(made, rig) < SAFE_LEAD_S + PERIOD_S
