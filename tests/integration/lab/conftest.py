"""One release for all tests that look into it."""

import pytest

from tests.worlds.releases import ReleasedStudy, make_released


@pytest.fixture(scope="session")
def released_study(tmp_path_factory) -> ReleasedStudy:
    """Return a study and its release; neither is changed by a test."""
    return make_released(tmp_path_factory.mktemp("released"))
