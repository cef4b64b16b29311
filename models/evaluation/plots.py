"""Plots of trainings, searches and evaluations; they neither show nor save, `save_figure` does."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from study.reports.figures import write_figure

_SUFFIXES = (".png", ".svg")


def new_figure(n_rows: int, n_columns: int, *, width: float = 4.5, height: float = 3.2) -> Any:  # noqa: ANN401
    """Return an empty figure that no screen knows of, and its axes."""
    figure = Figure(figsize=(width * n_columns, height * n_rows), layout="constrained")
    return figure, figure.subplots(n_rows, n_columns, squeeze=False)


def save_figure(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Save a figure as PNG, to look at, and as SVG, for print.

    The same figure gives the same bytes.
    """
    return write_figure(figure, folder, name, _SUFFIXES)


def plot_history(history: pd.DataFrame, loss_ax: Axes, accuracy_ax: Axes) -> tuple[Axes, Axes]:
    """Plot loss and accuracy over the epochs.

    Parameters
    ----------
    history : DataFrame
        The columns of `models.network.spec.Epoch`.
    """
    for ax, name in ((loss_ax, "loss"), (accuracy_ax, "accuracy")):
        ax.plot(history["epoch"], history[name], label="training")
        ax.plot(history["epoch"], history[f"val_{name}"], label="validation")
        ax.set(xlabel="epoch", ylabel=name)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend()
    best = int(history["epoch"].iloc[int(history["val_loss"].argmin())])
    loss_ax.axvline(best, color="grey", linewidth=0.8)
    return loss_ax, accuracy_ax


def plot_parallel_coordinates(surrogates: pd.DataFrame, ax: Axes) -> Axes:
    """Plot each surrogate as a line over the hyperparameters, coloured by its loss.

    Parameters
    ----------
    surrogates : DataFrame
        Hyperparameters and ``val_loss`` of one cell, one row per surrogate.
    """
    names = [name for name in surrogates.columns if name != "val_loss"]
    heights = pd.DataFrame({name: _from_0_to_1(surrogates[name]) for name in names})
    norm = Normalize(float(surrogates["val_loss"].min()), float(surrogates["val_loss"].max()))
    # The best ones last, on top.
    for place in surrogates["val_loss"].argsort()[::-1]:
        colour = colormaps["viridis"](norm(surrogates["val_loss"].iloc[int(place)]))
        ax.plot(names, heights.iloc[int(place)], color=colour, linewidth=0.8)
    for x, name in enumerate(names):
        low, high = surrogates[name].min(), surrogates[name].max()
        ax.text(x, -0.04, _short(low), ha="center", va="top", fontsize="small")
        ax.text(x, 1.04, _short(high), ha="center", va="bottom", fontsize="small")
    ax.set(yticks=[], ylim=(-0.15, 1.15))
    ax.figure.colorbar(ScalarMappable(norm, "viridis"), ax=ax, label="validation loss")
    return ax


def _from_0_to_1(values: "pd.Series[Any]") -> "pd.Series[float]":
    codes = pd.Series(values.rank(method="dense"), dtype=float)
    if values.dtype == float:
        codes = pd.Series(values, dtype=float)
    spread = float(codes.max() - codes.min()) or 1.0
    return (codes - float(codes.min())) / spread


def _short(value: object) -> str:
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def plot_learning_curves(curves: pd.DataFrame, ax: Axes) -> Axes:
    """Plot the validation loss of each surrogate over the epochs.

    Parameters
    ----------
    curves : DataFrame
        ``number``, ``epoch`` and ``val_loss``, one row per surrogate and epoch.
    """
    for _, curve in curves.groupby("number"):
        ax.plot(curve["epoch"], curve["val_loss"], color="tab:blue", alpha=0.4, linewidth=0.8)
    ax.set(xlabel="epoch", ylabel="validation loss")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


def plot_confusion(counts: npt.NDArray[np.int64], classes: Sequence[str], ax: Axes) -> Axes:
    """Plot a confusion matrix: classes in rows, predictions in columns.

    Parameters
    ----------
    counts : ndarray of int, shape (n_classes, n_classes)
        Clips.
    """
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts > 0):
        colour = "white" if shares[row, column] > 0.5 else "black"
        said = str(counts[row, column])
        ax.text(column, row, said, ha="center", va="center", color=colour, fontsize="x-small")
    places = range(len(classes))
    ax.set_xticks(places, labels=classes, rotation=90)
    ax.set_yticks(places, labels=classes)
    ax.set(xlabel="prediction", ylabel="class")
    return ax


def plot_calibration(
    confidence: Sequence[float], accuracy: Sequence[float], n_clips: Sequence[int], ax: Axes
) -> Axes:
    """Plot how often a network was right against how sure it was.

    Parameters
    ----------
    n_clips : sequence of int
        Clips of each bin; the dots' size.
    """
    ax.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    sizes = 20 + 180 * np.asarray(n_clips) / max(n_clips)
    ax.scatter(confidence, accuracy, s=sizes, clip_on=False, zorder=3)
    ax.set(xlabel="mean confidence", ylabel="share right", xlim=(0, 1.02), ylim=(0, 1.06))
    return ax
