"""Published networks of TensorFlow Hub: resolved and cached by it, downloaded within limits."""

import hashlib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from study.errors import ConfigError

_WAIT_S = 600  # for another process that downloads the same


def resolve(handle: str, download: Callable[[Path], None], default_cache: Path) -> Path:
    """Return the folder of a handle in TensorFlow Hub's cache; download it where it is not there.

    The place is that in which ``tensorflow_hub.load`` looks for the handle.

    Parameters
    ----------
    handle : str
        The address of the network.
    download : callable
        Takes an empty folder and fills it.
    default_cache : Path
        Where to cache if ``TFHUB_CACHE_DIR`` says nothing.
    """
    resolver = _resolver()
    cache = resolver.tfhub_cache_dir(str(default_cache))
    name = hashlib.sha1(handle.encode(), usedforsecurity=False).hexdigest()
    return Path(
        resolver.atomic_download(
            handle,
            lambda _, folder: download(Path(folder)),
            resolver.create_local_module_dir(cache, name),
            _WAIT_S,
        )
    )


def _resolver() -> Any:  # noqa: ANN401
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pkg_resources, which it imports
            from tensorflow_hub import resolver  # starts TensorFlow
    except ImportError as error:
        raise ConfigError(
            f"tensorflow-hub cannot be used: {error}. Install it: pip install 'avmit-lab[features]'"
        ) from error
    return resolver
