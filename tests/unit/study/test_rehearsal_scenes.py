from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from study.naming import source_of
from study.rehearsal.actions import ACTIONS, CLASSES, DEFAULT_CLASSES
from study.rehearsal.actions.beats import bursts, steady, stream
from study.rehearsal.describing import describe
from study.rehearsal.rendering import film_of, track_of
from study.rehearsal.scenes import Event, Scene, Source
from study.vocabulary import Rating

BARK = Event("barking", 0.2, 2.9, 0.8, 0.6, seen=True, heard=True, right=0.5, seed=3)
BELL = Event("ringing", 1.0, 2.0, 0.3, 0.1, seen=True, heard=True, right=0.1, seed=4)
ROOM = Source(128, 96, Fraction(30), 2, seed=5)


def scene(event=BARK, other=None, audio="sound"):
    return Scene(
        "training", "barking/yt-a_1.mp4", "barking", "barking", event, other, audio, ROOM, 3.0, 1
    )


@pytest.mark.parametrize(
    ("shown", "rating"),
    [
        (scene(), Rating.VERY_CLEAN),
        (scene(other=BELL), Rating.VERY_CLEAN),
        (scene(other=replace(BELL, size=0.9)), Rating.MODERATELY_CLEAN),
        (scene(other=replace(BELL, loudness=0.7)), Rating.MODERATELY_CLEAN),
        (scene(other=replace(BELL, start_s=0.0, end_s=3.0)), Rating.MODERATELY_CLEAN),
        (scene(event=replace(BARK, heard=False)), Rating.UNCLEAN),
        (scene(event=replace(BARK, seen=False)), Rating.UNCLEAN),
        (scene(event=None, other=BELL), Rating.UNCLEAN),
        (scene(audio="silent"), Rating.UNCLEAN),
        (scene(audio="none"), Rating.UNCLEAN),
    ],
)
def test_rating_follows_the_papers_two_questions(shown, rating):
    assert shown.rating is rating


def test_a_scene_depends_on_seed_class_and_index_alone():
    assert describe(1, "barking", 7) == describe(1, "barking", 7)
    others = [describe(2, "barking", 7), describe(1, "drumming", 7), describe(1, "barking", 8)]
    assert all(other != describe(1, "barking", 7) for other in others)


def test_six_of_ten_clips_with_sound_are_very_clean_and_all_ratings_occur():
    for label in DEFAULT_CLASSES:
        scenes = [describe(3, label, i) for i in range(200)]
        counts = Counter(s.rating for s in scenes if s.audio == "sound")
        shares = {rating: n / counts.total() for rating, n in counts.items()}
        assert shares[Rating.VERY_CLEAN] == pytest.approx(0.6, abs=0.06)
        assert shares[Rating.MODERATELY_CLEAN] == pytest.approx(0.2, abs=0.06)
        assert shares[Rating.UNCLEAN] == pytest.approx(0.2, abs=0.06)


def test_clips_of_a_source_share_camera_and_folder_and_differ_in_name():
    scenes = [describe(1, label, i) for label in CLASSES for i in range(120)]
    assert len({(s.video_location, s.filename) for s in scenes}) == len(scenes)
    of_source = {}
    for s in scenes:
        of_source.setdefault(source_of(s.filename), []).append(s)
    assert Counter(map(len, of_source.values())) == {1: 200, 2: 200, 3: 200}
    for clips in of_source.values():
        assert len({(s.source, s.mit_label, s.video_location) for s in clips}) == 1


def test_a_tree_holds_every_kind_of_clip():
    scenes = [describe(1, label, i) for label in DEFAULT_CLASSES for i in range(40)]
    assert {s.audio for s in scenes} == {"sound", "silent", "none"}
    assert {s.video_location for s in scenes} == {"training", "validation"}
    assert len({(s.source.width_px, s.source.height_px) for s in scenes}) == 5
    rates = Counter(s.source.frame_rate_hz for s in scenes)
    assert set(rates) == {Fraction(24), Fraction(25), Fraction(30_000, 1001), Fraction(30)}
    assert rates[Fraction(30)] > len(scenes) / 3
    relabelled = {(s.mit_label, s.avmit_label) for s in scenes if s.mit_label != s.avmit_label}
    assert ("boiling", "frying") in relabelled
    assert ("laughing", "giggling") in relabelled


@pytest.mark.parametrize("rhythm", [steady((0.2, 0.4), 0.1), bursts((1, 3), 0.2, 0.4, 0.1)])
def test_beats_stay_between_start_and_end(rhythm):
    for seed in range(50):
        beats = rhythm(np.random.default_rng(seed), 0.5, 2.0)
        assert len(beats.times_s) > 1
        assert (np.diff(beats.times_s) >= 0).all()
        assert beats.times_s[0] >= 0.5
        assert (beats.times_s + beats.lengths_s <= 2.0 + 2e-3).all()


def test_a_stream_is_as_dense_as_asked():
    beats = stream((50, 50), 0.1)(np.random.default_rng(1), 0.0, 2.0)
    assert len(beats.times_s) == 100


@pytest.mark.parametrize("action", ["barking", "drumming", "giggling", "tapping", "whistling"])
def test_picture_moves_when_the_sound_is_heard(action):
    shown = scene(event=replace(BARK, action=action))
    film, track = film_of(shown), track_of(shown)
    pictures = np.stack(list(film.pictures)).astype(float)
    per_frame = len(track.samples) // len(pictures)
    loudness = np.abs(track.samples[:, 0].reshape(len(pictures), per_frame)).max(axis=1)
    inside = slice(8, 85)  # the event's own beginning and end move the picture, too
    pictures, loudness = pictures[inside], loudness[inside]
    still = np.median(pictures[loudness <= np.quantile(loudness, 0.25)], axis=0)
    change = np.abs(pictures - still).mean(axis=(1, 2, 3))
    # A knock late within a frame is seen in the next one.
    at_once, a_frame_later = (
        np.corrcoef(loudness[: len(change) - lag], change[lag:])[0, 1] for lag in (0, 1)
    )
    assert max(at_once, a_frame_later) > 0.4


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_seen_and_heard(action):
    shown = scene(event=replace(BARK, action=action))
    empty = scene(event=None)
    middle = [list(film_of(s).pictures)[45].astype(int) for s in (shown, empty)]
    assert np.abs(middle[0] - middle[1]).max() > 50
    assert np.abs(track_of(shown).samples).max() > 0.25
    assert np.abs(track_of(empty).samples).max() < 0.01


def test_an_unseen_event_is_not_drawn_and_an_unheard_one_not_mixed_in():
    unseen, unheard = (
        scene(event=replace(BARK, seen=False)),
        scene(event=replace(BARK, heard=False)),
    )
    assert (
        list(film_of(unseen).pictures)[45] == list(film_of(scene(event=None)).pictures)[45]
    ).all()
    assert np.abs(track_of(unheard).samples).max() < 0.01


def test_silence_is_digital_and_a_clip_without_audio_has_no_track():
    assert np.abs(track_of(scene(audio="silent")).samples).max() == 0
    assert track_of(scene(audio="none")) is None
