"""Plots of trainings and evaluations; they take an axes, and neither show nor save."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def figure_of(n_rows: int, n_columns: int, *, width: float = 4.5, height: float = 3.2) -> Any:  # noqa: ANN401
    """Return an empty figure that no screen knows of, and its axes.

    Parameters
    ----------
    n_rows, n_columns : int
        Number of axes.
    width, height : float
        Of each, in inches.

    Returns
    -------
    tuple of Figure and ndarray of Axes, shape (n_rows, n_columns)
        The figure and its axes.
    """
    figure = Figure(figsize=(width * n_columns, height * n_rows), layout="constrained")
    return figure, figure.subplots(n_rows, n_columns, squeeze=False)


def plot_history(history: pd.DataFrame, loss_ax: Axes, accuracy_ax: Axes) -> tuple[Axes, Axes]:
    """Plot loss and accuracy over the epochs.

    Parameters
    ----------
    history : DataFrame
        The columns of `models.training.Epoch`.
    loss_ax, accuracy_ax : Axes
        Where to draw.

    Returns
    -------
    tuple of Axes
        The axes.
    """
    for ax, name in ((loss_ax, "loss"), (accuracy_ax, "accuracy")):
        ax.plot(history["epoch"], history[name], label="training")
        ax.plot(history["epoch"], history[f"val_{name}"], label="validation")
        ax.set(xlabel="epoch", ylabel=name)
        ax.legend()
    best = int(history["epoch"].iloc[int(history["val_loss"].argmin())])
    loss_ax.axvline(best, color="grey", linewidth=0.8)
    return loss_ax, accuracy_ax
