"""Sound and pictures of stimuli, and their measures, against plain sums."""

import numpy as np
import pytest

from curation.manipulation.making import measuring
from curation.manipulation.making.encoding import ticks_of
from curation.manipulation.making.picture import after_cut, film_of
from curation.manipulation.making.sound import (
    HIGHEST_PEAK,
    RATE_HZ,
    Noise,
    coloured_noise,
    mixed,
    shift_of,
)
from curation.manipulation.planning.conditions import Condition
from study.errors import ClipError
from tests.references.finished_clips import in_band, lag_near, snr_db

N = RATE_HZ


def a_sound(seed=1, peak=0.3):
    rng = np.random.default_rng(seed)
    bursts = rng.standard_normal((N, 2)) * (np.arange(N)[:, None] % 9000 < 3000)
    return (peak * bursts / np.abs(bursts).max()).astype(np.float32)


def track_of(sound, *, late=0, edge="silence", colour=None, snr=0.0):
    noise = None if colour is None else Noise(colour, snr)
    shift = shift_of(len(sound), late, edge)
    return mixed(sound, shift, noise=noise, rng=np.random.default_rng(2))


@pytest.mark.parametrize("colour", ["white", "pink", np.linspace(1, 0, 2049)])
@pytest.mark.parametrize("snr", [-10.0, 0.0, 12.0])
@pytest.mark.parametrize("late", [0, -4800, 4800])
def test_noise_is_mixed_at_its_ratio_and_measured_so(colour, snr, late):
    track = track_of(a_sound(), late=late, colour=colour, snr=snr)
    sound, noise = in_band(track.source), in_band(track.noise)
    assert 10 * np.log10((sound**2).sum() / (noise**2).sum()) == pytest.approx(snr, abs=1e-3)
    found = measuring.sound_figures(track, track.samples)
    assert found.snr_db == pytest.approx(snr, abs=0.01)
    assert snr_db(track.samples, track.source) == pytest.approx(snr, abs=0.3)  # chance


def test_a_ratio_that_is_missed_is_measured_as_it_is():
    track = track_of(a_sound(), colour="white", snr=0.0)
    louder = track.source + np.float32(2) * track.noise
    found = measuring.sound_figures(track, louder)
    assert found.snr_db == pytest.approx(-20 * np.log10(2), abs=0.01)


def test_the_mixture_has_the_level_of_the_sound_and_no_clipped_sample():
    track = track_of(a_sound(), colour="pink", snr=-5.0)
    assert np.sqrt((track.samples**2).mean()) == pytest.approx(
        np.sqrt((a_sound() ** 2).mean()), rel=1e-4
    )
    loud = track_of(a_sound(peak=1.0))
    assert np.abs(loud.samples).max() == pytest.approx(HIGHEST_PEAK, rel=1e-4)
    assert loud.gain_db == pytest.approx(-1.0, abs=1e-3)


def test_pink_noise_loses_three_decibels_an_octave():
    power = np.abs(np.fft.rfft(coloured_noise(40 * N, "pink", np.random.default_rng(1)))) ** 2
    hertz = np.fft.rfftfreq(40 * N, 1 / RATE_HZ)
    octaves = [power[(hertz > f) & (hertz < 2 * f)].mean() for f in (100, 200, 400, 800, 1600)]
    assert np.diff(10 * np.log10(octaves)) == pytest.approx(-3.01, abs=0.3)
    assert power[(hertz > 0) & (hertz < 45)].sum() < 1e-6 * power.sum()


@pytest.mark.parametrize("late", [1, -1, 4801, -4801, 20_000])
@pytest.mark.parametrize("edge", ["silence", "cut"])
@pytest.mark.parametrize("colour", [None, "white"])
def test_a_shifted_sound_is_found_where_it_is(late, edge, colour):
    track = track_of(a_sound(), late=late, edge=edge, colour=colour)
    lag, peaks = measuring.lag_of(track.samples, track.whole, track.origin)
    in_file = late if edge == "silence" else min(late, 0)
    assert (lag, peaks) == (in_file, measuring.UNIQUE)
    assert lag_near(track.samples, a_sound(), in_file) == in_file
    assert len(track.samples) == (N if edge == "silence" else N - abs(late))


def test_a_file_whose_sound_begins_later_than_asked_is_measured_so():
    track = track_of(a_sound(), late=480)
    primed = np.concatenate([np.zeros((1024, 2), np.float32), track.samples])
    assert measuring.lag_of(primed, track.whole, track.origin) == (1504, measuring.UNIQUE)


def test_the_time_of_a_hum_is_not_told():
    hum = np.sin(2 * np.pi * 100 * np.arange(N) / RATE_HZ)[:, None] * np.ones((1, 2))
    track = track_of((0.3 * hum).astype(np.float32))
    assert measuring.lag_of(track.samples, track.whole, 0) == (None, measuring.SEVERAL)


def test_silence_has_no_time():
    track = track_of(np.zeros((N, 2), np.float32))
    assert measuring.lag_of(track.samples, track.whole, 0) == (None, measuring.SILENT)


@pytest.mark.parametrize("late", [N, -N, 2 * N])
def test_a_sound_that_leaves_the_clip_is_refused(late):
    with pytest.raises(ClipError, match="cannot be moved"):
        shift_of(N, late, "silence")


def gratings(cycles, n=4, size=64):
    place = (np.arange(size) + 0.5) / size
    wave = 128 + 60 * np.cos(2 * np.pi * cycles * place)[None, None, :, None]
    return np.broadcast_to(wave, (n, size, size, 3)).round().astype(np.uint8)


def contrast_left(pictures, condition):
    times_s = np.arange(len(pictures)) / 25
    film = film_of(pictures, times_s, 1.0, condition, np.random.default_rng(1))
    return np.ptp(film.pictures[0].astype(float)) / np.ptp(pictures[0].astype(float))


@pytest.mark.parametrize(
    ("changes", "cycles", "left"),
    [
        ({"low_pass_cpp": 8.0}, 2, 1.0),
        ({"low_pass_cpp": 8.0}, 8, 0.5),
        ({"low_pass_cpp": 8.0}, 16, 0.0),
        ({"high_pass_cpp": 8.0}, 2, 0.0),
        ({"high_pass_cpp": 8.0}, 8, 0.5),
        ({"high_pass_cpp": 8.0}, 16, 1.0),
        ({"contrast": 0.25}, 4, 0.25),
        ({"blur_px": 2.0}, 8, np.exp(-2 * (np.pi * 2 * 8 / 64) ** 2)),
    ],
)
def test_a_grating_keeps_the_contrast_that_the_filter_leaves(changes, cycles, left):
    found = contrast_left(gratings(cycles), Condition(name="c", **changes))
    assert found == pytest.approx(left, abs=0.03)


def test_filters_keep_the_mean_of_a_picture():
    for changes in ({"high_pass_cpp": 8.0}, {"low_pass_cpp": 3.0}, {"contrast": 0.1}):
        pictures = gratings(5)
        condition = Condition(name="c", **changes)
        film = film_of(pictures, np.arange(4) / 25, 1.0, condition, np.random.default_rng(1))
        assert film.pictures.mean() == pytest.approx(pictures.mean(), abs=0.5)


def test_pixel_noise_has_its_standard_deviation_and_is_another_in_every_picture():
    pictures = np.full((6, 48, 64, 3), 128, np.uint8)
    condition = Condition(name="c", pixel_noise=0.1)
    film = film_of(pictures, np.arange(6) / 25, 1.0, condition, np.random.default_rng(1))
    assert film.pictures.std() / 255 == pytest.approx(0.1, rel=0.02)
    assert not np.array_equal(film.pictures[0], film.pictures[1])
    found = measuring.picture_figures(film, film.pictures[list(film.sampled)])
    assert found.noise == pytest.approx(0.1, rel=0.03)


def test_a_cut_begins_with_the_picture_that_stands():
    pictures = np.arange(5, dtype=np.uint8)[:, None, None, None]
    times_s = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    left, left_s = after_cut(pictures, times_s, 0.15, 0.4)
    assert left.ravel().tolist() == [1, 2, 3]
    assert left_s == pytest.approx([0.0, 0.05, 0.15])


def test_time_stamps_never_stand_still():
    assert ticks_of(np.array([0.0, 0.0001, 0.0002, 0.5]), 1000).tolist() == [0, 1, 2, 500]
