"""One release for all tests that look into it."""

import pytest

from tests.worlds.answered import answered_study, rated_and_answered_study, released_answers
from tests.worlds.releases import ReleasedStudy, make_released


@pytest.fixture(scope="session")
def released_study(tmp_path_factory) -> ReleasedStudy:
    """Return a study and its release; neither is changed by a test."""
    return make_released(tmp_path_factory.mktemp("released"))


@pytest.fixture(scope="session")
def answers_alone(tmp_path_factory) -> ReleasedStudy:
    """Return a study that is a recognition experiment alone, and its release."""
    folder = tmp_path_factory.mktemp("alone")
    return released_answers(answered_study(folder), folder / "release")


@pytest.fixture(scope="session")
def answers_beside_ratings(tmp_path_factory) -> ReleasedStudy:
    """Return a study with ratings and a recognition experiment, and its release."""
    folder = tmp_path_factory.mktemp("both")
    return released_answers(rated_and_answered_study(folder), folder / "release")
