"""From the Moments-in-Time tree to candidates: every clip is admitted or rejected."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from study.classes import ClassList
from study.clips.inspection import inspect
from study.clips.probe import probe
from study.errors import ClipError, ConfigError
from study.files import sha256_of
from study.store.candidates import Candidate, Reject

LOCATIONS = ("training", "validation")


@dataclass(frozen=True, slots=True)
class TreeClip:
    """A file of the tree that may become a candidate.

    Parameters
    ----------
    path : Path
        Where it lies.
    video_location : {"training", "validation"}
        The part of Moments in Time.
    mit_label, avmit_label : str
        Its folder, and the class it is shown under.
    """

    path: Path
    video_location: str
    mit_label: str
    avmit_label: str

    @property
    def filename(self) -> str:
        """The released name, ``<MIT class>/<clip>.mp4``."""
        return f"{self.mit_label}/{self.path.name}"


def tree_clips(mit_root: Path, classes: ClassList) -> Iterator[TreeClip]:
    """Yield the clips of a study's classes.

    Parameters
    ----------
    mit_root : Path
        Folder with ``training/<class>/<clip>.mp4`` and ``validation/...``.
    classes : ClassList
        Which Moments-in-Time classes are wanted, and what they are shown as.

    Yields
    ------
    TreeClip
        By location, class and name, so that the order is the same on every machine.

    Raises
    ------
    ConfigError
        If the tree, or every folder of the classes in it, is missing.
    """
    folders = [
        (location, mit_label, mit_root / location / mit_label)
        for location in LOCATIONS
        for mit_label in sorted(classes.label_of)
    ]
    if not any(folder.is_dir() for _, _, folder in folders):
        raise ConfigError(
            f"no folder of the study's classes under {mit_root}. Expected "
            f"training/<class>/<clip>.mp4; correct mit_root in study.toml"
        )
    for location, mit_label, folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not path.name.startswith("."):
                yield TreeClip(path, location, mit_label, classes.label_of[mit_label])


def missing_classes(mit_root: Path, classes: ClassList) -> list[str]:
    """Return the Moments-in-Time classes that have no folder in the tree.

    Parameters
    ----------
    mit_root : Path
        The tree.
    classes : ClassList
        The study's classes.

    Returns
    -------
    list of str
        MIT labels in alphabetical order.
    """
    return [
        mit_label
        for mit_label in sorted(classes.label_of)
        if not any((mit_root / location / mit_label).is_dir() for location in LOCATIONS)
    ]


def examine(clip: TreeClip, mit_root: Path) -> Candidate | Reject:
    """Decide on one clip: decode it to its last frame and listen for a sound.

    Parameters
    ----------
    clip : TreeClip
        The clip.
    mit_root : Path
        The tree, which a link must not leave.

    Returns
    -------
    Candidate or Reject
        Reason codes: ``empty``, ``missing``, ``no_audio``, ``no_video``, ``outside_root``,
        ``silent``, ``unreadable``.

    Notes
    -----
    Paper: Selection of MIT Videos.
    """
    if not clip.path.resolve().is_relative_to(mit_root.resolve()):
        return _reject(clip, "outside_root", f"leads to {clip.path.resolve()}")
    try:
        found = probe(clip.path)
        seen = inspect(clip.path)
    except ClipError as error:
        return _reject(clip, error.reason, str(error))
    if seen.peak == 0:
        return _reject(clip, "silent", "all samples are 0")
    return Candidate(
        filename=clip.filename,
        video_location=clip.video_location,
        mit_label=clip.mit_label,
        avmit_label=clip.avmit_label,
        sha256=sha256_of(clip.path),
        duration_s=found.duration_s,
        frame_rate_hz=found.frame_rate_hz,
        width_px=found.width_px,
        height_px=found.height_px,
        peak=seen.peak,
    )


def _reject(clip: TreeClip, reason: str, detail: str) -> Reject:
    return Reject(clip.filename, clip.video_location, clip.mit_label, reason, detail)
