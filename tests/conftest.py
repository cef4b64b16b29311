"""What all tests share: a cache of their own, and which of them need the machine for themselves."""

import os
from collections.abc import Iterator

import pytest

WINDOW = "window: opens the window or plays sound, and runs alone, after all others"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", WINDOW)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that show or play something on a virtual station."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "station" in fixtures or hasattr(getattr(item, "module", None), "virtual_station"):
            item.add_marker(pytest.mark.window)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no test read what the user has kept."""
    before = os.environ.get("AVMIT_CACHE")
    os.environ["AVMIT_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["AVMIT_CACHE"]
    else:
        os.environ["AVMIT_CACHE"] = before
