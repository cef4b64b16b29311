"""What all tests share: a cache of their own, so that none reads what the user has kept."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("AVMIT_CACHE")
    os.environ["AVMIT_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["AVMIT_CACHE"]
    else:
        os.environ["AVMIT_CACHE"] = before
