"""People and networks with a planted rule, who answer what they saw and heard."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from lab.compare.responses import OF_A_STIMULUS, Responses

Numbers = npt.NDArray[np.float64]
COLUMNS = ("observer", "condition", "clip", "label", "response")


def class_names(n_classes: int) -> list[str]:
    """Return names of classes, in order."""
    return [f"class {i:02}" for i in range(n_classes)]


def responses_of(
    rows: pd.DataFrame, classes: Sequence[str], probabilities: Numbers | None = None
) -> Responses:
    """Return rows as responses; whatever is not said of a stimulus is empty."""
    given = {"group": "people", "modality": "audiovisual", "asynchrony_ms": np.nan}
    for name, value in (dict.fromkeys(OF_A_STIMULUS, "") | given).items():
        if name not in rows:
            rows = rows.assign(**{name: value})
    if probabilities is None:
        probabilities = np.full((len(rows), len(classes)), np.nan)
    return Responses(rows.reset_index(drop=True), tuple(classes), probabilities)


def confusions_of(accuracy: float, n_classes: int, rng: np.random.Generator) -> Numbers:
    """Return what somebody answers to each class who is so often right; errors are uneven."""
    rows = np.zeros((n_classes, n_classes))
    for k, row in enumerate(rows):
        right = np.clip(accuracy + rng.normal(0, 0.05), 0.2, 0.95)
        row[np.arange(n_classes) != k] = rng.dirichlet(np.ones(n_classes - 1)) * (1 - right)
        row[k] = right
    return rows


def product_of(audio: Numbers, visual: Numbers) -> Numbers:
    """Return the confusions of somebody who multiplies what ear and eye say."""
    both = audio * visual
    return np.asarray(both / both.sum(axis=1, keepdims=True))


def independent_of(audio: Numbers, visual: Numbers) -> Numbers:
    """Return the confusions of somebody who knows it by ear, or by eye, and guesses otherwise."""
    n = len(audio)
    knows = [(rows.diagonal() - 1 / n) / (1 - 1 / n) for rows in (audio, visual)]
    by_either = 1 - (1 - knows[0]) * (1 - knows[1])
    return np.diag(by_either) + ((1 - by_either) / n)[:, None]


def answers(
    confusions: Mapping[str, Numbers],
    modalities: Mapping[str, str],
    n_clips: int,
    n_people: int,
    rng: np.random.Generator,
) -> Responses:
    """Let people answer all clips in each condition, as its confusions say."""
    n_classes = len(next(iter(confusions.values())))
    names = np.array(class_names(n_classes), object)
    label = np.arange(n_clips) % n_classes
    parts = []
    for condition, rows in confusions.items():
        edges = rows[label].cumsum(axis=1)
        for person in range(n_people):
            drawn = (edges < rng.random(n_clips)[:, None]).sum(axis=1)
            parts.append(
                pd.DataFrame(
                    {
                        "observer": f"P{person:02}",
                        "condition": condition,
                        "clip": [f"{i:04}.mp4" for i in range(n_clips)],
                        "label": names[label],
                        "response": names[drawn.clip(max=n_classes - 1)],
                        "modality": modalities.get(condition, "audiovisual"),
                    }
                )
            )
    return responses_of(pd.concat(parts), names)
