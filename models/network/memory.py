"""Memory that runs out on the processor or the graphics card, as an error with a way out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jax

from study.errors import StudyError


@contextmanager
def memory_errors(folder: Path) -> Iterator[None]:
    """Turn a want of memory in this block into an error with a way out.

    Parameters
    ----------
    folder : Path
        The model or result on which the block works; the message names it.
    """
    try:
        yield
    except (jax.errors.JaxRuntimeError, MemoryError) as error:
        if isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        device = jax.default_backend().upper()
        raise StudyError(
            f"{folder}: the {device} has no memory left. Close what else runs on it, or set "
            "JAX_PLATFORMS=cpu, then run the command again (train with --resume): what was "
            "finished is kept"
        ) from error
