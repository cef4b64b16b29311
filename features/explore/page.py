"""The page of `features explore`: a map of the clips, and those that a curator should look at."""

import html
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd

from features.explore import neighbours
from features.records.manifest import MANIFEST_NAME, Manifest, read_manifest
from study.clips.extraction import decode_for_extraction
from study.errors import ClipError, RecordError
from study.reports.html import html_page, html_table, image_to_data_uri
from study.tools.files import written_atomically
from study.tools.progress import track

N_SHOWN = 40  # suspects and pairs with pictures
N_OUTLIERS = 20
_FEWEST = 3  # records that can be laid out
_MAP_PX, _THUMBNAIL_PX = 760, 120

Picture = Callable[[str], str]

_STYLE = """
.map circle { stroke: none; fill-opacity: .75 }
.legend span { display: inline-block; margin-right: 1em }
.suspects { display: flex; flex-wrap: wrap; gap: 1em }
.suspects figure { width: 15em; margin: 0 }
.suspects img { height: 120px }
.suspects figcaption { overflow-wrap: anywhere; font-size: .85em }
"""


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
    paths : sequence of Path
        Its records.
    mit_root : Path or None
        Folder of the clips; None for a page without pictures.
    max_clips : int
        How many to draw where there are more.
    seed : int
        Of the drawing and of the map.

    Returns
    -------
    neighbourhoods, duplicates : DataFrame
        What the page shows.

    Raises
    ------
    RecordError
        If there are fewer than three records, or one is broken.
    """
    manifest = read_manifest(folder) if (folder / MANIFEST_NAME).is_file() else None
    is_untrained = manifest is not None and manifest.recipe.is_untrained
    drawn = _drawn(paths, max_clips, seed)
    clips = neighbours.read_clips(folder, track(drawn, "records read"))
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
    title : str
        Heads the page.
    stamp : str
        A band above it; empty for none.
    picture : callable
        Takes a record's name and returns HTML with the clip's picture, or nothing.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    suspects = neighbourhoods[
        neighbourhoods["suggested_label"] != neighbourhoods["label"]
    ].sort_values(["agreement", "tfrecord_filename"])
    outliers = neighbourhoods.sort_values("isolation", ascending=False)
    body = "\n".join(
        [
            f"<p>{len(neighbourhoods)} clips, {neighbourhoods['label'].nunique()} classes. Places "
            "and neighbours follow from the mean audio and visual embeddings of each clip.</p>",
            "<h2>Map</h2>",
            _map(neighbourhoods, places),
            "<h2>By class</h2>",
            _by_class(neighbourhoods),
            f"<h2>Clips among clips of another class ({len(suspects)})</h2>",
            _figures(suspects.head(N_SHOWN), picture, _contradiction),
            f"<h2>Outliers: the {min(N_OUTLIERS, len(outliers))} clips farthest from their "
            "neighbours</h2>",
            _figures(outliers.head(N_OUTLIERS), picture, _distance),
            f"<h2>Near-duplicates ({len(duplicates)})</h2>",
            _duplicates(duplicates.head(N_SHOWN), picture),
        ]
    )
    return html_page(title, body, style=_STYLE, stamp=stamp)


def pictures_of(manifest: Manifest | None, mit_root: Path | None, folder: Path) -> Picture:
    """Return a function that shows the first frame of a record's clip.

    Parameters
    ----------
    manifest : Manifest or None
        Says which clip a record is of.
    mit_root : Path or None
        Folder of the clips; None for pages without pictures.
    folder : Path
        Where to put pictures meanwhile.

    Returns
    -------
    callable
        From record name to HTML; clips that cannot be shown give nothing.
    """
    if manifest is None or mit_root is None:
        return lambda name: ""
    rows: Mapping[Any, Mapping[Any, str]] = manifest.rows.set_index("tfrecord_filename")[
        ["video_location", "filename"]
    ].to_dict("index")

    def picture(name: str) -> str:
        row = rows.get(name)
        if row is None:
            return ""
        path = mit_root / row["video_location"] / row["filename"]
        try:
            clip = decode_for_extraction(path, choose=_first, keep=_small)
        except ClipError:
            return ""
        if not clip.images:
            return ""
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".jpg") as file:
            cv2.imwrite(file.name, clip.images[0])
            return f'<img alt="" src="{image_to_data_uri(Path(file.name))}">'

    return picture


def _drawn(paths: Sequence[Path], max_clips: int, seed: int) -> Sequence[Path]:
    if len(paths) < _FEWEST:
        raise RecordError(f"{len(paths)} records are no map: at least {_FEWEST} are needed")
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


def _map(clips: pd.DataFrame, places: npt.NDArray[np.float64]) -> str:
    labels = sorted(clips["label"].unique())
    colours = {label: _colour(index, len(labels)) for index, label in enumerate(labels)}
    dots = "\n".join(
        f'<circle cx="{10 + x * (_MAP_PX - 20):.1f}" cy="{10 + y * (_MAP_PX - 20):.1f}" r="4" '
        f'fill="{colours[label]}"><title>{html.escape(f"{label}: {name}")}</title></circle>'
        for (x, y), label, name in zip(
            places, clips["label"], clips["tfrecord_filename"], strict=True
        )
    )
    legend = "".join(
        f'<span><svg width="12" height="12"><circle cx="6" cy="6" r="5" fill="{colour}"/></svg> '
        f"{html.escape(label)}</span>"
        for label, colour in colours.items()
    )
    return (
        f'<svg class="map" role="img" aria-label="map of the clips" viewBox="0 0 {_MAP_PX} '
        f'{_MAP_PX}" width="{_MAP_PX}">{dots}</svg>\n<p class="legend">{legend}</p>'
    )


def _colour(index: int, n_colours: int) -> str:
    # Neighbouring classes differ in lightness too, for readers who see hues alike.
    return f"hsl({360 * index / n_colours:.0f} 70% {(38, 52, 66)[index % 3]}%)"


def _by_class(clips: pd.DataFrame) -> str:
    groups = clips.groupby("label")[["agreement", "correspondence"]].mean()
    groups.insert(0, "n_clips", clips["label"].value_counts())
    ordered = groups.sort_values("correspondence").reset_index()
    rows = [tuple(row.values()) for row in ordered.round(2).to_dict("records")]
    by_chance = min(1.0, neighbours.N_NEIGHBOURS / max(1, len(clips) - 1))
    return html_table(
        ("class", "clips", "neighbours of the class", "nearest in sound also nearest in picture"),
        rows,
        caption="How well embeddings tell the class, and how well sound and picture agree "
        f"(by chance {by_chance:.2f})",
    )


def _figures(
    clips: pd.DataFrame, picture: Picture, caption: Callable[[Mapping[Any, Any]], str]
) -> str:
    figures = "\n".join(
        f"<figure>{picture(row['tfrecord_filename'])}<figcaption>"
        f"<b>{html.escape(row['label'])}</b>, {html.escape(caption(row))}<br>"
        f"{html.escape(row['filename'])}</figcaption></figure>"
        for row in clips.to_dict("records")
    )
    return f'<div class="suspects">{figures}</div>' if len(clips) else "<p>None.</p>"


def _contradiction(row: Mapping[Any, Any]) -> str:
    return f"neighbours: {row['suggested_label']} ({row['agreement']:.0%} agree)"


def _distance(row: Mapping[Any, Any]) -> str:
    return f"mean distance {row['isolation']:.2f}"


def _duplicates(pairs: pd.DataFrame, picture: Picture) -> str:
    figures = "\n".join(
        f"<figure>{picture(row['first'])} {picture(row['second'])}<figcaption>"
        f"{html.escape(row['first'])}<br>{html.escape(row['second'])}<br>"
        f"similarity {row['similarity']:.4f}"
        f"{'' if row['same_label'] else ', <b>different labels</b>'}</figcaption></figure>"
        for row in pairs.to_dict("records")
    )
    return f'<div class="suspects">{figures}</div>' if len(pairs) else "<p>None.</p>"
