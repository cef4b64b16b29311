from pathlib import Path

import numpy as np
import pytest

from study.rehearsal.simulated_people import PROFILES, Profile, SimulatedPerson
from study.vocabulary import Rating, Stimulus

BARK = Stimulus(1, Path("bark.mp4"), "barking")
DOCUMENTED = {"perfect": 1.0, "good": 0.94}
DOCUMENTED |= {"eager": 0.94, "sloppy": 0.80, "fast-clicker": 0.45, "tired": 0.93}


def person(name, seed=1, truth=Rating.VERY_CLEAN):
    return SimulatedPerson(PROFILES[name], np.random.default_rng(seed), lambda _: truth)


def presses(simulated, n):
    rated = []
    while len(rated) < n:
        key, delay_s = simulated.on_prompt(BARK)
        if key != "space":
            rated.append((key, delay_s))
    return rated


def test_profiles_have_the_accuracy_that_their_comments_state():
    assert {name: round(p.accuracy, 2) for name, p in PROFILES.items()} == DOCUMENTED


@pytest.mark.parametrize("name", PROFILES)
def test_probabilities_of_every_truth_add_up_to_one(name):
    for truth in Rating:
        for n_trials_done in (0, 100, 10_000):
            probabilities = PROFILES[name].press_probabilities(truth, n_trials_done)
            assert probabilities.sum() == pytest.approx(1)
            assert (probabilities >= 0).all()


def test_perfect_person_presses_the_truth_never_early_and_never_replays():
    for truth in Rating:
        simulated = person("perfect", truth=truth)
        for _ in range(200):
            assert simulated.on_play(BARK) is None
            assert simulated.on_prompt(BARK)[0] == str(int(truth))


@pytest.mark.parametrize("name", ["good", "sloppy", "fast-clicker"])
@pytest.mark.parametrize("truth", list(Rating))
def test_presses_follow_the_confusion_matrix(name, truth):
    keys = [int(key) for key, _ in presses(person(name, truth=truth), 4000)]
    shares = np.bincount(keys, minlength=4)[1:] / 4000
    assert shares == pytest.approx(np.array(PROFILES[name].confusion[truth - 1]), abs=0.03)


def test_response_times_are_log_normal_about_the_median():
    delays = np.log([delay_s for _, delay_s in presses(person("good"), 4000)])
    assert np.exp(np.median(delays)) == pytest.approx(PROFILES["good"].median_rt_s, rel=0.05)
    assert delays.std() == pytest.approx(PROFILES["good"].rt_spread, rel=0.05)


def test_replays_and_early_presses_come_at_their_rates():
    simulated = person("sloppy")
    early = [simulated.on_play(BARK) for _ in range(4000)]
    replays = [simulated.on_prompt(BARK)[0] == "space" for _ in range(4000)]
    assert np.mean([e is not None for e in early]) == pytest.approx(0.04, abs=0.01)
    assert np.mean(replays) == pytest.approx(0.03, abs=0.01)
    assert all(0 < e[1] < 3 and e[0] in "123" for e in early if e is not None)


def test_a_tired_person_errs_more_at_the_end_than_at_the_start():
    right = [key == "3" for key, _ in presses(person("tired"), 3000)]
    assert np.mean(right[:100]) > 0.85
    assert np.mean(right[-1000:]) == pytest.approx(0.94 * 0.7 + 0.1, abs=0.04)


def test_the_same_generator_gives_the_same_person():
    assert presses(person("good", seed=7), 50) == presses(person("good", seed=7), 50)
    assert presses(person("good", seed=7), 50) != presses(person("good", seed=8), 50)


def test_a_good_person_passes_the_screening_more_often_than_not_and_a_sloppy_one_hardly_ever():
    def pass_rate(profile: Profile):
        rng = np.random.default_rng(3)
        return np.mean(rng.binomial(41, profile.accuracy, size=2000) >= 38)

    assert pass_rate(PROFILES["good"]) > 0.7
    assert pass_rate(PROFILES["sloppy"]) < 0.05
