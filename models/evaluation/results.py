"""The results of evaluations on disk; nothing here starts JAX or Keras."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from models.network.spec import CELLS, TITLES, cell_of
from models.saving.card import DataCard
from models.saving.model_folder import EVALUATIONS_NAME
from study.errors import ConfigError
from study.reading.text import read_bytes
from study.tools.files import written_atomically

_MOST_BYTES = 100_000_000
_ORDER = {(cell.embedding_set, str(cell.rnn)): place for place, cell in enumerate(CELLS)}

TABLE_5_COLUMNS = ("Training Set", "Embeddings", "RNN", "Loss", "Top 1 Acc. (%)", "Top 5 Acc. (%)")

Modality = Literal["both", "audio", "visual"]
Pairing = Literal["congruent", "incongruent"]


class ClassScore(BaseModel):
    """How good a network is on one class."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    n_clips: int
    loss: float | None
    top_1: float | None


class CalibrationBin(BaseModel):
    """Clips whose highest probability lies between two values, and how often it was right."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float
    high: float
    n_clips: int
    confidence: float | None
    accuracy: float | None


class Evaluation(BaseModel):
    """How good a network is on a list.

    Parameters
    ----------
    training_set, embedding_set, rnn : str
        Which network, as Table 5 names it.
    test : DataCard
        What it was run on.
    modality : {"both", "audio", "visual"}
        What it could perceive; the other branch is neutral.
    pairing : {"congruent", "incongruent"}
        Whether the sound was the clip's own or that of a clip of another class.
    untrained_embeddings, overlap_allowed : bool
        What its reader has to know.
    loss, top_1, top_5 : float
        Mean cross-entropy in nats; shares of clips whose class got the highest, or one of the
        five highest probabilities.
    calibration_error : float
        Mean distance of confidence and accuracy over the bins, weighted by clips.
    confusion : tuple of tuple of int
        Clips by class (rows) and by prediction (columns).
    correct : tuple of bool
        Per clip in the order of the list, so that networks can be compared clip by clip.
    n_heard : int or None
        Of incongruent pairs: how many were given to the class of the sound.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    training_set: str
    embedding_set: str
    rnn: str
    seed: int | None
    model_sha256: str
    test: DataCard
    modality: Modality = "both"
    pairing: Pairing = "congruent"
    untrained_embeddings: bool = False
    overlap_allowed: bool = False
    loss: float
    top_1: float
    top_5: float
    calibration_error: float
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    calibration: tuple[CalibrationBin, ...]
    correct: tuple[bool, ...]
    losses: tuple[float, ...]
    n_heard: int | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> "Evaluation":
        cell_of(self.embedding_set, self.rnn)
        per_clip = {len(self.correct), len(self.losses), sum(map(sum, self.confusion))}
        per_class = {len(self.confusion), *map(len, self.confusion)}
        if per_clip != {self.test.n_clips} or per_class != {len(self.classes)}:
            raise ValueError("its figures are not of one list")
        return self


def evaluation_path(
    model: Path, test: str, modality: Modality = "both", pairing: Pairing = "congruent"
) -> Path:
    """Return where an evaluation belongs.

    Parameters
    ----------
    modality : {"both", "audio", "visual"}
        What the network could perceive.
    pairing : {"congruent", "incongruent"}
        Whose sound each clip had.
    """
    stem = re.sub(r"[^\w.-]", "_", test)
    if modality != "both":
        stem += f"-{modality}"
    if pairing != "congruent":
        stem += f"-{pairing}"
    return model / EVALUATIONS_NAME / f"{stem}.json"


def write_evaluation(evaluation: Evaluation, path: Path) -> None:
    """Write an evaluation.

    Parameters
    ----------
    path : Path
        A JSON file; an older evaluation of the same kind is replaced.
    """
    with written_atomically(path) as part:
        part.write_text(evaluation.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_evaluation(path: Path) -> Evaluation:
    """Read an evaluation.

    Parameters
    ----------
    path : Path
        A file that `write_evaluation` wrote.
    """
    try:
        return Evaluation.model_validate_json(read_bytes(path, largest=_MOST_BYTES))
    except ValueError as error:
        raise ConfigError(f"{path} is not an evaluation of this version. Evaluate again") from error


def read_evaluations(folders: Path | str | Iterable[Path | str]) -> list[Evaluation]:
    """Read all evaluations below some folders.

    Parameters
    ----------
    folders : Path or str, or several
        A model, or a folder that holds models.

    Returns
    -------
    list of Evaluation
        In the order of their paths.

    Raises
    ------
    ConfigError
        If there is none, or a file is not one.
    """
    given = [folders] if isinstance(folders, Path | str) else list(folders)
    paths = {path for top in given for path in Path(top).glob(f"**/{EVALUATIONS_NAME}/*.json")}
    found = [read_evaluation(path) for path in sorted(paths)]
    if not found:
        where = ", ".join(map(str, given))
        raise ConfigError(f"no evaluation below {where}. Run: python -m models evaluate")
    return found


def of_one_test(evaluations: list[Evaluation], name: str | None = None) -> list[Evaluation]:
    """Return the evaluations that belong into Table 5: of one list, both modalities, congruent.

    Parameters
    ----------
    name : str or None
        The test list; None where there is only one.
    """
    plain = [
        each
        for each in evaluations
        if (each.modality, each.pairing) == ("both", "congruent") and name in (None, each.test.name)
    ]
    names = sorted({each.test.name for each in plain})
    if len(names) != 1:
        said = f"of the lists {', '.join(names)}" if names else f"of a list {name or 'of any name'}"
        raise ConfigError(f"found evaluations {said}, expected those of one list. Pass --test NAME")
    return plain


def in_order_of_paper(evaluations: Iterable[Evaluation]) -> list[Evaluation]:
    """Sort evaluations as Table 5 does: by cell, then by training set, then by seed."""

    def place(evaluation: Evaluation) -> tuple[int, str, int]:
        cell = _ORDER.get((evaluation.embedding_set, evaluation.rnn), len(_ORDER))
        return cell, evaluation.training_set, evaluation.seed or 0

    return sorted(evaluations, key=place)


def table_5_row(evaluation: Evaluation) -> dict[str, str]:
    """Return an evaluation as a row of Table 5, by column.

    Notes
    -----
    Paper: Results, Table 5.
    """
    values = (
        evaluation.training_set,
        TITLES.get(evaluation.embedding_set, evaluation.embedding_set),
        evaluation.rnn.upper(),
        f"{evaluation.loss:.4f}",
        f"{100 * evaluation.top_1:.2f}",
        f"{100 * evaluation.top_5:.2f}",
    )
    return dict(zip(TABLE_5_COLUMNS, values, strict=True))
