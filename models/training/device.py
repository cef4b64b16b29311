"""Where training calculates: what JAX finds, a processor, or a GPU."""

import jax

from features.embedding_set import Device
from study.errors import ConfigError


def use_device(device: Device) -> None:
    """Let JAX calculate on a device from now on, or where it likes.

    Raises ConfigError if a GPU is asked for and JAX sees none.

    Parameters
    ----------
    device : {"auto", "cpu", "gpu"}
        ``"auto"`` leaves the choice to JAX, which takes a GPU that its build can use.
    """
    if device == "auto":
        return
    try:
        found = jax.devices(device)
    except RuntimeError as error:
        raise ConfigError(
            f"JAX sees no {device.upper()}. Install its build for one: pip install 'jax[cuda13]' "
            "(or cuda12, by the driver); or pass --device cpu"
        ) from error
    jax.config.update("jax_default_device", found[0])
