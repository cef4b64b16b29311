"""What all tests share: a cache of their own, their order, and which of them measure time."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# On a busy machine an example may take any time; pytest's own limit ends what hangs.
settings.register_profile(
    "any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any_machine")

# Small networks compile for longer than they train, and arrays of this size are faster on one
# thread than on two that wait for each other; programs that tests start inherit both.
_QUICKLY_COMPILED = (
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
    " --xla_cpu_parallel_codegen_split_count=1"
)
os.environ.setdefault("XLA_FLAGS", _QUICKLY_COMPILED)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

TIMING = "timing: measures time in the window, and runs alone, after all others"
TESTS = Path(__file__).parent
_KINDS = ("e2e", "integration", "unit")  # what comes late should be short: no worker ends alone


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and let Ctrl-C reach what tests start.

    A program in the background of a script ignores it, and so do the programs that it starts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", TIMING)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no other tests where only those that measure time are asked for: there are few."""
    if config.option.markexpr != "timing" or collection_path.is_dir():
        return None
    return None if "mark.timing" in collection_path.read_text(encoding="utf-8") else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first."""
    items.sort(key=lambda item: _KINDS.index(item.path.relative_to(TESTS).parts[0]))


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no test read what the user has kept; graphs are made once for all workers."""
    before = os.environ.get("AVMIT_CACHE")
    folder = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ  # whose folder lies in that of the run
    os.environ["AVMIT_CACHE"] = str((folder.parent if is_worker else folder) / "cache")
    yield
    if before is None:
        del os.environ["AVMIT_CACHE"]
    else:
        os.environ["AVMIT_CACHE"] = before
