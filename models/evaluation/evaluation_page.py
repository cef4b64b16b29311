"""The page of an evaluation: its figures, the confusion matrix and the calibration, drawn."""

from pathlib import Path

import numpy as np

from models.evaluation.plots import new_figure, plot_calibration, plot_confusion, save_figure
from models.evaluation.results import Evaluation, table_5_row
from study.reports.figures import figure_to_svg
from study.reports.html import render
from study.tools.files import written_atomically

_UNTRAINED = "embeddings of untrained networks: no figure of the paper's kind"


def write_page(evaluation: Evaluation, path: Path) -> list[Path]:
    """Write the page of an evaluation, and its drawings as PNG and SVG beside it.

    Parameters
    ----------
    path : Path
        Its JSON file; the page and the drawings are named after it.
    """
    classes = [each.label for each in evaluation.classes]
    confusion, axes = new_figure(
        1, 1, width=2 + 0.36 * len(classes), height=1.6 + 0.36 * len(classes)
    )
    plot_confusion(np.asarray(evaluation.confusion), classes, axes[0, 0])
    calibration, axes = new_figure(1, 1)
    bins = [each for each in evaluation.calibration if each.n_clips]
    plot_calibration(
        [each.confidence or 0.0 for each in bins],
        [each.accuracy or 0.0 for each in bins],
        [each.n_clips for each in bins],
        axes[0, 0],
    )
    drawn = [
        *save_figure(confusion, path.parent, f"{path.stem}-confusion"),
        *save_figure(calibration, path.parent, f"{path.stem}-calibration"),
    ]
    text = render(
        "models.evaluation",
        "evaluation.html",
        title=f"{evaluation.rnn.upper()} of {evaluation.training_set} on {evaluation.test.name}",
        stamp=_UNTRAINED if evaluation.untrained_embeddings else "",
        table_5_row=table_5_row(evaluation),
        facts=_facts(evaluation),
        confusion=figure_to_svg(confusion, alt="clips by class (rows) and prediction (columns)"),
        calibration_error=evaluation.calibration_error,
        calibration=figure_to_svg(calibration, alt="share of right clips over mean confidence"),
        classes=[
            (each.label, each.n_clips, _rounded(each.loss, 1), _rounded(each.top_1, 100))
            for each in evaluation.classes
        ],
        files=[each.name for each in (*drawn, path)],
    )
    page = path.with_suffix(".html")
    with written_atomically(page) as part:
        part.write_text(text, encoding="utf-8")
    return [page, *drawn]


def _facts(evaluation: Evaluation) -> list[tuple[str, str]]:
    rows = [
        ("clips", str(evaluation.test.n_clips)),
        ("modality", evaluation.modality),
        ("sound and picture", evaluation.pairing),
        ("seed of the training", str(evaluation.seed)),
        ("model, sha256", evaluation.model_sha256[:12]),
        ("records, sha256", evaluation.test.records_sha256[:12]),
    ]
    if evaluation.n_heard is not None:
        rows.append(("predicted to be of the sound's class", str(evaluation.n_heard)))
    if evaluation.overlap_allowed:
        rows.append(("clips may stand in the training lists too", "--allow-overlap"))
    return rows


def _rounded(value: float | None, factor: float) -> float | None:
    return None if value is None else round(factor * value, 3)
