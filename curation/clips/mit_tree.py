"""The Moments-in-Time tree: its clips, class folder by class folder, and what its lists say."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from curation.clips.manifests import (
    CATEGORIES_NAME,
    MANIFEST_NAMES,
    MitManifest,
    read_categories,
    read_manifest,
    spelling,
)
from study.classes import ClassList
from study.errors import ConfigError
from study.tools.wording import counted
from study.vocabulary import VIDEO_LOCATIONS

Standing = Literal["", "unlisted", "missing", "bad_name"]


@dataclass(frozen=True, slots=True)
class TreeClip:
    """A file of the tree, or a row of its lists, that may become a candidate.

    Parameters
    ----------
    filename : str
        The released name, ``<folder>/<clip>.mp4``.
    video_location : {"training", "validation"}
        The part of Moments in Time.
    mit_label, avmit_label : str
        Its class, and the class it is shown under.
    standing : str
        Empty, or why it need not be looked at: ``unlisted`` (there, but not in the tree's list),
        ``missing`` (in the list, but not there), ``bad_name`` (no UTF-8, or a carriage return).
    """

    path: Path
    filename: str
    video_location: str
    mit_label: str
    avmit_label: str
    standing: Standing = ""

    def leaves(self, root: Path) -> bool:
        """Return whether a link leads out of a tree.

        Returns
        -------
        bool
            False for a link that leads nowhere, such as to itself: its file is missing.
        """
        real = os.path.realpath(self.path)
        return not Path(real).is_relative_to(os.path.realpath(root))


class MitTree:
    """The part of a tree that belongs to a study's classes.

    Memory holds one class folder's names at a time and, where the tree has its lists, the names
    that those have of the study's classes.

    Parameters
    ----------
    root : Path
        Folder with ``training/<class>/<clip>.mp4`` and ``validation/...``, with or without
        `trainingSet.csv`, `validationSet.csv` and `moments_categories.txt`.
    classes : ClassList
        Which Moments-in-Time classes are wanted, and what they are shown as.
    """

    def __init__(self, root: Path, classes: ClassList) -> None:
        self.root = root
        self.label_of = classes.label_of

    @cached_property
    def manifests(self) -> dict[str, MitManifest]:
        """The tree's lists by location; a location without one is absent."""
        wanted = frozenset(self.label_of)
        paths = {location: self.root / name for location, name in MANIFEST_NAMES.items()}
        return {k: read_manifest(path, wanted) for k, path in paths.items() if path.is_file()}

    def folders(self) -> list[tuple[str, str]]:
        """Return the class folders to look into, by location and class.

        Returns
        -------
        list of tuple of str
            Location and folder: those of the study's classes, and those in which a list has clips
            of these classes.

        Raises
        ------
        ConfigError
            If the tree, or every folder of the classes in it, is missing.
        """
        found = [
            (location, folder)
            for location in VIDEO_LOCATIONS
            for folder in sorted(self._wanted_folders(location))
            if (self.root / location / folder).is_dir()
        ]
        if not found:
            raise ConfigError(
                f"no folder of the study's classes under {self.root}. Expected "
                f"training/<class>/<clip>.mp4; correct mit_root in study.toml"
            )
        return found

    def clips(self, location: str, folder: str) -> Iterator[TreeClip]:
        """Yield the clips of one class folder.

        Parameters
        ----------
        location : {"training", "validation"}
            The part of the tree.

        Yields
        ------
        TreeClip
            By name, so that the order is the same on every machine: first the files that are
            there, then what is listed and is not there.
        """
        manifest = self.manifests.get(location)
        listed = {} if manifest is None else dict(manifest.labels.get(folder, {}))
        for name in _file_names(self.root / location / folder):
            clip, standing = _readable(name)
            label = folder if manifest is None else listed.pop(spelling(clip), "")
            if not label:
                label, standing = folder, standing or "unlisted"
            if label in self.label_of:
                yield self._clip(location, folder, name, clip, label, standing)
        for clip, label in sorted(listed.items()):
            if label in self.label_of:
                yield self._clip(location, folder, clip, clip, label, "missing")

    def n_clips(self) -> int:
        """Return how many clips there are to decide on, without keeping their names."""
        return sum(1 for place in self.folders() for _ in self.clips(*place))

    def notices(self) -> list[str]:
        """Return what a curator should know of the tree before its clips are examined.

        Returns
        -------
        list of str
            Classes without a folder, classes that Moments in Time does not have, and what its
            lists say of clips that are out of reach.
        """
        lines = []
        missing = [
            label
            for label in sorted(self.label_of)
            if not any((self.root / location / label).is_dir() for location in VIDEO_LOCATIONS)
        ]
        if missing:
            lines.append(
                f"no folder for {counted(len(missing), 'class', 'classes')}: {', '.join(missing)}"
            )
        categories = self.root / CATEGORIES_NAME
        if categories.is_file():
            unknown = sorted(set(self.label_of) - read_categories(categories))
            if unknown:
                lines.append(f"{CATEGORIES_NAME} does not have: {', '.join(unknown)}")
        return lines + [line for place in self.manifests for line in self._notices_of(place)]

    def _notices_of(self, location: str) -> list[str]:
        name, manifest = MANIFEST_NAMES[location], self.manifests[location]
        away = [
            sum(label in self.label_of for label in clips.values())
            for folder, clips in manifest.labels.items()
            if not (self.root / location / folder).is_dir()
        ]
        lines = [f"{name} lists {counted(manifest.n_rows, 'clip')} of all classes"]
        if sum(away):
            lines.append(
                f"{name}: {counted(sum(away), 'clip')} of this study are in folders not there"
            )
        if manifest.n_repeated:
            lines.append(
                f"{name}: {counted(manifest.n_repeated, 'row')} "
                f"name{'s' * (manifest.n_repeated == 1)} a clip again; the first counts"
            )
        return lines

    def _wanted_folders(self, location: str) -> set[str]:
        wanted = set(self.label_of)
        manifest = self.manifests.get(location, MitManifest())
        return wanted | {
            folder for folder, clips in manifest.labels.items() if wanted & set(clips.values())
        }

    def _clip(
        self, location: str, folder: str, name: str, clip: str, label: str, standing: Standing
    ) -> TreeClip:
        return TreeClip(
            self.root / location / folder / name,
            f"{folder}/{clip}",
            location,
            label,
            self.label_of[label],
            standing,
        )


def _file_names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        # A link is a file here, wherever it leads: the audit tells.
        return sorted(
            entry.name
            for entry in entries
            if not entry.name.startswith(".") and not entry.is_dir(follow_symlinks=False)
        )


def _readable(name: str) -> tuple[str, Standing]:
    # Bytes that are no UTF-8 cannot be kept in a store, a carriage return ends a table's line.
    spelt = os.fsencode(name).decode(errors="backslashreplace").replace("\r", "\\r")
    return spelt, "" if spelt == name else "bad_name"
