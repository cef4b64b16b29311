"""Correspondence networks on a list: each clip with its own sound, and with another one."""

from pathlib import Path

import numpy as np
import pandas as pd

from features.embedding_set import find_embedding_set
from models.checkpoints.correspondence import correspondence_answers
from models.data.dataset import load_dataset, recipe_of
from models.data.labelled_clips import read_list
from models.evaluation.metrics import incongruent_partners, with_sound_of
from models.evaluation.prediction_table import (
    clips_of_list,
    network_name,
    predictions,
    write_predictions,
)
from models.evaluation.results import evaluation_path
from models.network.predict import memory_errors
from models.saving.saved import load_correspondence

CONGRUENT, INCONGRUENT = "congruent", "incongruent"


def evaluate_pairs(
    folder: Path,
    embeddings: Path,
    test: Path,
    *,
    seed: int = 1,
    cache: Path | None = None,
    allow_untrained: bool = False,
    trust_list: bool = False,
) -> tuple[pd.DataFrame, Path]:
    """Ask a network of every clip of a list twice whether sound and picture belong together.

    Returns its predictions, and where they were written: as CSV, and as Parquet beside it. Raises
    StudyError if the model, the list or a record cannot be used.

    Parameters
    ----------
    seed : int
        Draws whose sound each clip gets the second time.
    """
    model, clips = load_correspondence(folder), read_list(test)
    recipe_of(embeddings, allow_untrained=allow_untrained)
    dataset = load_dataset(
        clips,
        embeddings,
        find_embedding_set(model.card.embedding_set),
        clips.classes,
        cache=cache,
        trust_list=trust_list,
    )
    sound_from = incongruent_partners(dataset.targets, np.random.default_rng(seed))
    tables = []
    for pairing, rows in (
        (CONGRUENT, np.asarray(dataset.rows)),
        (INCONGRUENT, with_sound_of(dataset.rows, sound_from, model.card.audio_size)),
    ):
        with memory_errors(folder):
            said = correspondence_answers(model.card, model.weights, rows)
        own = clips_of_list(test, clips, "both", None)
        own = own.assign(condition=pairing, label=pairing, picture_label=clips.labels)
        own["sound_label"] = np.array(clips.labels, dtype=object)[
            sound_from if pairing == INCONGRUENT else np.arange(len(clips))
        ]
        tables.append(predictions(network_name(model.card), model.card.classes, said, own))
    table = pd.concat(tables, ignore_index=True)
    path = evaluation_path(folder, clips.name).with_name(f"{clips.name}-pairs-predictions.csv")
    write_predictions(table, path)
    return table, path
