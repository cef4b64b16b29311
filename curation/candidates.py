"""From the Moments-in-Time tree to candidates: every clip is admitted or rejected."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from study.classes import ClassList
from study.errors import ConfigError
from study.store.candidates import Candidate, Reject
from study.store.clip_audits import ClipAudit

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


def decide(audit: ClipAudit, avmit_label: str) -> Candidate | Reject:
    """Admit or reject a clip by its audit.

    Parameters
    ----------
    audit : ClipAudit
        What was found.
    avmit_label : str
        The class it is shown under.

    Returns
    -------
    Candidate or Reject
        A reject carries the audit's reason code.

    Notes
    -----
    Paper: Selection of MIT Videos.
    """
    if audit.reason:
        return Reject(
            audit.filename,
            audit.video_location,
            audit.mit_label,
            audit.reason,
            _MEANINGS.get(audit.reason, ""),
        )
    return Candidate(
        filename=audit.filename,
        video_location=audit.video_location,
        mit_label=audit.mit_label,
        avmit_label=avmit_label,
        sha256=audit.sha256,
        duration_s=audit.duration_s or 0.0,
        frame_rate_hz=audit.frame_rate_hz or 0.0,
        width_px=audit.width_px or 0,
        height_px=audit.height_px or 0,
        peak=audit.peak or 0.0,
    )


_MEANINGS = {
    "empty": "the file has no bytes",
    "missing": "there is no file",
    "no_audio": "there is no sound stream",
    "no_video": "there is no picture",
    "outside_root": "a link leads out of the tree",
    "silent": "all samples are 0",
    "unreadable": "it cannot be decoded to the end",
}
