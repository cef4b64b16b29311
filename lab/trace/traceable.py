"""What can be traced, and how it is spelt."""

import re
from dataclasses import dataclass
from typing import Literal

from curation.release.published import LIST_NAMES
from models.network.spec import CELLS
from study.errors import ConfigError

_FIGURE = re.compile(r"figure2:(present|prominent)/([^/]+)/(\d{1,3})")
COLUMNS_4 = {
    "rnn_units": "RNN Units",
    "bottleneck_units": "Bottleneck Units",
    "activation": "Activation",
    "dropout": "Dropout Rate",
    "learning_rate": "Learning Rate",
    "val_loss": "Validation Loss",
}
_TABLE_4 = re.compile(rf"table4:([^/]+)/([^/]+)(?:/({'|'.join(COLUMNS_4)}))?")
_TABLE_5 = re.compile(r"table5:([^/]+)/([^/]+)/([^/]+)(?:/(loss|top1|top5))?")
_ACCURACY = re.compile(r"comparison\.csv:accuracy/people/([^/]+)")
_ROW = re.compile(r"([\w.-]+\.csv):(.+)")
Question = Literal["present", "prominent"]
OF_RELEASE = ("clips", "trials", "rejects", "agreement", "left_out", "data_dictionary", "stimuli",
              "model_vs_human", "sample_ratings", "figure_2_estimate", "rater_confusion",
              "label_audit")  # fmt: skip
POSTERIOR = "label_posterior"
_OF_ANSWERS = "recognition_trials"
SPELT = (
    "video_ratings.csv:CLASS/CLIP.mp4 (a row of a released file), CLASS/CLIP.tfrecord (a record), "
    "CLASS/CLASS_1.mp4 (a test clip), figure2:prominent/CLASS/3 (a bar), "
    "recognition_trials.csv:ROW_ID (an answer), comparison.csv:accuracy/people/CONDITION, "
    "table4:yamnet_effnet/gru/rnn_units, table5:AVMIT/yamnet_effnet/gru/top1 (cells)"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its clip, test clip or number, or the cells of its key with / between."""

    table: str
    key: str


@dataclass(frozen=True, slots=True)
class RecordOf:
    """A record of embeddings."""

    name: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Clips of a class with so many votes, in Figure 2."""

    question: Question
    label: str
    n_votes: int


@dataclass(frozen=True, slots=True)
class Cell4:
    """A cell of Table 4; without a column its whole row, which comes of one surrogate."""

    embedding_set: str
    rnn: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Cell5:
    """A cell of Table 5."""

    training_set: str
    embedding_set: str
    rnn: str
    column: str


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many of people's answers were right in a condition, in a comparison."""

    condition: str


Wanted = Accuracy | Row | RecordOf | Bar | Cell4 | Cell5


def wanted(what: str) -> Wanted:
    """Return what a person means.

    Raises
    ------
    ConfigError
        If it is none of what can be traced.

    Examples
    --------
    >>> wanted("video_ratings.csv:barking/x.mp4")
    Row(table='video_ratings', key='barking/x.mp4')
    >>> wanted("table5:MIT 16/yamnet_effnet/gru")
    Cell5(training_set='MIT 16', embedding_set='yamnet_effnet', rnn='gru', column='top1')
    """
    if hit := _FIGURE.fullmatch(what):
        question: Question = "present" if hit.group(1) == "present" else "prominent"
        return Bar(question, hit.group(2), int(hit.group(3)))
    if hit := _TABLE_4.fullmatch(what):
        return Cell4(*_cell(hit.group(1), hit.group(2)), hit.group(3) or "")
    if hit := _TABLE_5.fullmatch(what):
        cell = _cell(hit.group(2), hit.group(3))
        return Cell5(hit.group(1), *cell, hit.group(4) or "top1")
    if hit := _ACCURACY.fullmatch(what):
        return Accuracy(hit.group(1))
    if (hit := _ROW.fullmatch(what)) and _is_table(hit.group(1)):
        return Row(hit.group(1).removesuffix(".csv"), hit.group(2))
    if what.endswith(".tfrecord"):
        return RecordOf(what)
    if "/" in what and ":" not in what:
        return Row("test_set", what)
    raise ConfigError(f"{what!r} cannot be traced. Name one of: {SPELT}")


def _cell(embedding_set: str, rnn: str) -> tuple[str, str]:
    known = {(cell.embedding_set, str(cell.rnn)) for cell in CELLS}
    found = (embedding_set.lower(), rnn.lower())
    if found not in known:
        said = ", ".join(sorted("/".join(one) for one in known))
        raise ConfigError(
            f"{embedding_set}/{rnn} is not a cell of the tables, which are {said}. Name one of them"
        )
    return found


def _is_table(name: str) -> bool:
    return name.removesuffix(".csv") in (*LIST_NAMES, *OF_RELEASE, _OF_ANSWERS, POSTERIOR)
