"""Versions of everything whose version may change an embedding."""

import platform
from importlib.metadata import version

import av

_PACKAGES = ("avmit-lab", "av", "ncnn", "numpy", "onnxruntime", "opencv-python")


def versions() -> dict[str, str]:
    """Return the versions of what decodes, prepares and calculates.

    Returns
    -------
    dict of str to str
        Versions by name, FFmpeg's libraries and the processor included.
    """
    found = {name: version(name) for name in _PACKAGES}
    libraries = {
        name: ".".join(str(part) for part in parts) for name, parts in av.library_versions.items()
    }
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **found,
        **libraries,
    }
