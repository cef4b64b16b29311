"""The page of `features explore`: a map of the clips, and those that a curator should look at."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd

from features.explore import neighbours
from features.records.folder import column_of, manifest_of, set_of_most
from features.records.manifest import RecordManifest
from study.clips.sampling import decode_for_extraction
from study.errors import ClipError, RecordError
from study.reading.clip_files import clip_file
from study.reports.html import image_to_data_uri, render
from study.tools.files import written_atomically
from study.tools.progress_bars import track
from study.tools.wording import counted

N_SHOWN = 40  # suspects and pairs with pictures
N_OUTLIERS = 20
_FEWEST = 3  # records that can be laid out
_MAP_PX, _MARGIN_PX, _THUMBNAIL_PX = 760, 10, 120

Picture = Callable[[str], str | None]


def write_page(
    out: Path,
    folder: Path,
    paths: Sequence[Path],
    *,
    mit_root: Path | None,
    max_clips: int,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Explore the records of a folder and write the page.

    Parameters
    ----------
    out : Path
        The page; replaced.
    folder : Path
        The folder of an embedding set; records that others made have no manifest, and get no
        pictures.
    mit_root : Path or None
        Folder of the clips; None for a page without pictures.
    max_clips : int
        How many to draw where there are more.
    """
    manifest = manifest_of(folder)
    is_untrained = manifest is not None and manifest.recipe.is_untrained
    drawn = _drawn(paths, max_clips, seed)
    clips = neighbours.read_clips(
        folder,
        track(drawn, "records read"),
        set_of_most(drawn, str(folder)),
        column_of(manifest, "filename"),
    )
    neighbourhoods, duplicates = neighbours.neighbourhoods(clips), neighbours.near_duplicates(clips)
    with tempfile.TemporaryDirectory() as pictures:
        page = explore_page(
            neighbourhoods,
            neighbours.project(clips.joint, seed),
            duplicates,
            title=f"{folder.name} embeddings",
            stamp="untrained networks: a rehearsal" if is_untrained else "",
            picture=pictures_of(manifest, mit_root, Path(pictures)),
        )
    with written_atomically(out) as part:
        part.write_text(page, encoding="utf-8")
    return neighbourhoods, duplicates


def explore_page(
    neighbourhoods: pd.DataFrame,
    places: npt.NDArray[np.float64],
    duplicates: pd.DataFrame,
    *,
    title: str,
    stamp: str,
    picture: Picture,
) -> str:
    """Return the page.

    Parameters
    ----------
    neighbourhoods : DataFrame
        From `features.explore.neighbours.neighbourhoods`.
    places : ndarray of float64, shape (n_clips, 2)
        From `features.explore.neighbours.project`.
    duplicates : DataFrame
        From `features.explore.neighbours.near_duplicates`.
    stamp : str
        A band above it; empty for none.
    picture : callable
        Takes a record's name and returns the clip's picture as a ``data:`` address, or None.
    """
    suspects = neighbourhoods[
        neighbourhoods["suggested_label"] != neighbourhoods["label"]
    ].sort_values(["agreement", "tfrecord_filename"])
    outliers = neighbourhoods.sort_values("isolation", ascending=False).head(N_OUTLIERS)
    labels = sorted(neighbourhoods["label"].unique())
    return render(
        "features.explore",
        "explore.html",
        title=title,
        stamp=stamp,
        n_clips=len(neighbourhoods),
        map_px=_MAP_PX,
        colours={label: _colour(index, len(labels)) for index, label in enumerate(labels)},
        dots=_dots(neighbourhoods, places),
        by_class=_by_class(neighbourhoods),
        by_chance=min(1.0, neighbours.N_NEIGHBOURS / max(1, len(neighbourhoods) - 1)),
        n_suspects=len(suspects),
        suspects=_figures(suspects.head(N_SHOWN), picture, _contradiction),
        outliers=_figures(outliers, picture, _distance),
        n_duplicates=len(duplicates),
        duplicates=[_pair(row, picture) for row in duplicates.head(N_SHOWN).to_dict("records")],
    )


def pictures_of(manifest: RecordManifest | None, mit_root: Path | None, folder: Path) -> Picture:
    """Return a function from a record's name to its clip's first frame as a ``data:`` address."""
    if manifest is None or mit_root is None:
        return lambda name: None
    rows: Mapping[Any, Mapping[Any, str]] = manifest.rows.set_index("tfrecord_filename")[
        ["video_location", "filename"]
    ].to_dict("index")

    def picture(name: str) -> str | None:
        row = rows.get(name)
        if row is None:
            return None
        path = clip_file(mit_root, row["video_location"], row["filename"])
        if not path.resolve().is_relative_to(mit_root.resolve()):  # what a manifest says is a claim
            return ""
        try:
            clip = decode_for_extraction(path, choose=_first, keep=_small)
        except ClipError:
            return None
        if not clip.images:
            return None
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".jpg") as file:
            cv2.imwrite(file.name, clip.images[0])
            return image_to_data_uri(Path(file.name))

    return picture


def _drawn(paths: Sequence[Path], max_clips: int, seed: int) -> Sequence[Path]:
    if len(paths) < _FEWEST:
        raise RecordError(
            f"{counted(len(paths), 'record is', 'records are')} too few for a map: at least "
            f"{_FEWEST} are needed. "
            "Extract more, or name another folder"
        )
    if len(paths) <= max_clips:
        return paths
    drawn = np.random.default_rng(seed).choice(len(paths), max_clips, replace=False)
    return [paths[index] for index in sorted(drawn)]


def _first(times_ms: npt.NDArray[np.float64]) -> list[int]:
    return [0][: len(times_ms)]


def _small(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    height, width = image.shape[:2]
    size = (max(1, width * _THUMBNAIL_PX // height), _THUMBNAIL_PX)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _dots(
    clips: pd.DataFrame, places: npt.NDArray[np.float64]
) -> list[tuple[float, float, str, str]]:
    span_px = _MAP_PX - 2 * _MARGIN_PX
    at = _MARGIN_PX + span_px * places
    return list(zip(at[:, 0], at[:, 1], clips["label"], clips["tfrecord_filename"], strict=True))


def _colour(index: int, n_colours: int) -> str:
    # Neighbouring classes differ in lightness too, for readers who see hues alike.
    return f"hsl({360 * index / n_colours:.0f} 70% {(38, 52, 66)[index % 3]}%)"


def _by_class(clips: pd.DataFrame) -> list[tuple[object, ...]]:
    groups = clips.groupby("label")[["agreement", "correspondence"]].mean()
    groups.insert(0, "n_clips", clips["label"].value_counts())
    ordered = groups.sort_values("correspondence").reset_index()
    return [tuple(row.values()) for row in ordered.round(2).to_dict("records")]


def _figures(
    clips: pd.DataFrame, picture: Picture, told: Callable[[Mapping[Any, Any]], str]
) -> list[dict[str, Any]]:
    return [
        {
            "label": row["label"],
            "told": told(row),
            "names": [row["filename"]],
            "pictures": _there(picture(row["tfrecord_filename"])),
        }
        for row in clips.to_dict("records")
    ]


def _contradiction(row: Mapping[Any, Any]) -> str:
    return f"neighbours: {row['suggested_label']} ({row['agreement']:.0%} agree)"


def _distance(row: Mapping[Any, Any]) -> str:
    return f"mean distance {row['isolation']:.2f}"


def _pair(row: Mapping[Any, Any], picture: Picture) -> dict[str, Any]:
    told = f"similarity {row['similarity']:.4f}"
    return {
        "label": "" if row["same_label"] else "different labels",
        "told": told,
        "names": [row["first"], row["second"]],
        "pictures": _there(picture(row["first"]), picture(row["second"])),
    }


def _there(*pictures: str | None) -> list[str]:
    return [picture for picture in pictures if picture is not None]
