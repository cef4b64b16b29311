"""A picture of a rehearsal's clips: what is seen, what is heard, and what should be said of it."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.clips.containers import frames_of, open_clip
from study.errors import ClipError, ConfigError
from study.rehearsal.mp4 import Picture
from study.vocabulary import Rating

_WORDS = {
    Rating.VERY_CLEAN: "3 very clean",
    Rating.MODERATELY_CLEAN: "2 moderately clean",
    Rating.UNCLEAN: "1 unclean",
}


def contact_sheet(scenes: pd.DataFrame, mit_root: Path, clips_per_rating: int = 2) -> Figure:
    """Draw clips of every class and every rating: the middle frame and the spectrogram.

    Returns one row per class; the caller saves it. Raises ConfigError if there is no clip with
    sound. Raises ClipError if a clip is missing or cannot be decoded.

    Parameters
    ----------
    scenes : DataFrame
        From `study.rehearsal.truth.read_scenes`; clips without sound are left out.
    """
    heard = scenes[scenes["audio"] == "sound"]
    if heard.empty:
        raise ConfigError(f"{mit_root} has no clip with sound. Make more clips")
    labels = sorted(set(heard["avmit_label"]))
    n_columns = 2 * clips_per_rating * len(_WORDS)
    figure, axes = plt.subplots(
        len(labels),
        n_columns,
        figsize=(0.95 * n_columns, 0.8 * len(labels)),
        layout="constrained",
        squeeze=False,
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for row, label in zip(axes, labels, strict=True):
        row[0].set_title(label, loc="left", fontsize=8, pad=2, fontweight="bold")
        for part, rating in enumerate(_WORDS):
            chosen = heard[(heard["avmit_label"] == label) & (heard["rating"] == int(rating))]
            for place, scene in enumerate(chosen.head(clips_per_rating).itertuples()):
                left = 2 * (part * clips_per_rating + place)
                path = mit_root / str(scene.video_location) / str(scene.filename)
                _draw_clip(row[left], row[left + 1], path)
                if left:
                    row[left].set_title(_WORDS[rating], loc="left", fontsize=6, pad=2)
    return figure


def _draw_clip(seen: Axes, heard: Axes, path: Path) -> None:
    picture, sound, sample_rate_hz = _middle_and_sound(path)
    seen.imshow(picture)
    quiet = 1e-5 * np.random.default_rng(0).normal(size=len(sound))  # no logarithm of nothing
    heard.specgram(sound + quiet, NFFT=512, Fs=sample_rate_hz, noverlap=256, vmin=-120, vmax=-40)
    heard.set_ylim(0, 8000)
    heard.set_aspect("auto")


def _middle_and_sound(path: Path) -> tuple[Picture, npt.NDArray[np.float32], int]:
    try:
        return _decoded(path)
    except ClipError as error:
        raise ClipError(
            f"{path} is not a clip that can be drawn ({error.reason}). Make the clips again",
            error.reason,
        ) from error


def _decoded(path: Path) -> tuple[Picture, npt.NDArray[np.float32], int]:
    with open_clip(path) as container:
        seen = frames_of(container, path, container.streams.video[:1])
        frames = [frame.to_ndarray(format="rgb24") for frame in seen]
    with open_clip(path) as container:
        streams = container.streams.audio[:1]
        rate = streams[0].rate
        sound = [frame.to_ndarray()[0] for frame in frames_of(container, path, streams)]
    return frames[len(frames) // 2], np.concatenate(sound), rate
