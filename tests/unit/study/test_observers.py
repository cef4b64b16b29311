import numpy as np
import pytest

from study.rehearsal.observers import RULES, Shown, SimulatedObserver, confusions

CLASSES = [f"class {i:02}" for i in range(8)]
SHOWN = {
    1: Shown("class 03", "class 03"),
    2: Shown("class 03", ""),
    3: Shown("", "class 03"),
    4: Shown("class 03", "class 05"),
    5: Shown("class 03", "class 03", asynchrony_ms=2000),
    6: Shown("", ""),
}


def observer(name, seed=1):
    return SimulatedObserver(RULES[name], CLASSES, SHOWN, np.random.default_rng(seed))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("stimulus", SHOWN)
def test_answers_are_probabilities(name, stimulus):
    probabilities = observer(name).probabilities(stimulus)
    assert probabilities.min() >= 0
    assert probabilities.sum() == pytest.approx(1)


def test_the_product_is_that_of_eye_and_ear():
    who = observer("combining")
    product = who.probabilities(2) * who.probabilities(3)
    assert who.probabilities(1) == pytest.approx(product / product.sum())


def test_independent_channels_know_it_by_either_or_guess():
    who, n = observer("independent"), len(CLASSES)
    eye, ear = ((who.probabilities(i)[3] - 1 / n) / (1 - 1 / n) for i in (2, 3))
    missed = (1 - eye) * (1 - ear)
    assert who.probabilities(1)[3] == pytest.approx(1 - missed + missed / n)


def test_a_sound_that_is_far_off_is_not_combined():
    who = observer("combining")
    assert who.probabilities(5) == pytest.approx(who.probabilities(2), abs=1e-6)


def test_a_foreign_sound_pulls_the_one_who_combines_and_not_the_one_who_looks():
    combining, eye = observer("combining"), observer("eye")
    assert combining.probabilities(4)[5] > combining.probabilities(2)[5]
    assert eye.probabilities(4) == pytest.approx(eye.probabilities(2))


def test_answers_come_as_often_as_the_rule_says():
    who = observer("combining")
    drawn = np.bincount([who.on_question(2, 8)[0] for _ in range(4000)], minlength=8) / 4000
    assert np.abs(drawn - who.probabilities(2)).max() < 0.03


def test_the_sure_one_is_right_and_the_guessing_one_at_chance():
    assert observer("sure").probabilities(1)[3] == 1
    assert observer("guessing").probabilities(1) == pytest.approx(np.full(8, 1 / 8))


def test_confusions_are_rows_that_sum_to_one_and_the_same_for_all():
    rows = confusions(0.6, 8, 0)
    assert rows.sum(axis=1) == pytest.approx(np.ones(8))
    assert (rows == confusions(0.6, 8, 0)).all()
    assert abs(rows.diagonal().mean() - 0.6) < 0.08
    assert (rows != confusions(0.6, 8, 1)).any()


def test_the_seed_decides_and_confidence_has_all_its_levels():
    answers = [[observer("combining", s).on_question(1, 8) for _ in range(3)] for s in (1, 1, 2)]
    assert answers[0] == answers[1] != answers[2]
    who = observer("combining")
    levels = set()
    for _ in range(300):
        who.on_question(2, 8)
        levels.add(who.on_confidence(4)[0])
    assert levels <= set(range(4))
    assert len(levels) > 1
