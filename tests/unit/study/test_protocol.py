import pytest
from pydantic import ValidationError

from study.config.protocol import Protocol


def test_defaults_are_the_papers_numbers():
    protocol = Protocol()
    assert protocol.clip_s == 3.0
    assert protocol.ratings_per_clip == 3
    assert protocol.bonus_pence == 10
    assert protocol.hourly_rate_pence == 600
    assert protocol.n_ground_truths == 2000
    assert protocol.class_min_prominent == 500
    assert protocol.test_size_per_class == 60


@pytest.mark.parametrize(
    ("n_classes", "mark"), [(41, 38), (40, 38), (16, 15), (8, 8), (6, 6), (82, 76), (1, 1)]
)
def test_pass_mark_is_38_of_41_scaled_and_rounded_up(n_classes, mark):
    assert Protocol().pass_mark(n_classes) == mark


def test_a_configured_pass_mark_wins():
    assert Protocol(screening_pass_mark=5).pass_mark(41) == 5


def test_unknown_keys_and_wrong_types_are_refused():
    with pytest.raises(ValidationError):
        Protocol(bonus=3)
    with pytest.raises(ValidationError):
        Protocol(bonus_pence="10")
