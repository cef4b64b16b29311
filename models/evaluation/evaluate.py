"""Evaluate a saved network on a list, and write the results into its folder."""

from pathlib import Path
from typing import get_args

import numpy as np

from features.embedding_set import find_embedding_set
from models.data.dataset import load_dataset, recipe_of
from models.data.labelled_clips import LabelledClips, read_list, refuse_overlap
from models.evaluation.evaluation_page import write_page
from models.evaluation.metrics import answers, evaluate, incongruent_partners
from models.evaluation.prediction_table import (
    clips_of_list,
    network_name,
    predictions,
    write_predictions,
)
from models.evaluation.results import Evaluation, Modality, evaluation_path, write_evaluation
from models.network.predict import memory_errors
from models.saving.model_folder import LISTS_NAME
from models.saving.saved import SavedModel, load_model
from study.errors import ConfigError


def evaluate_and_write(
    folder: Path | str,
    embeddings: Path | str,
    test: Path | str,
    *,
    modality: str = "both",
    incongruent: bool = False,
    seed: int = 1,
    cache: Path | str | None = None,
    allow_untrained: bool = False,
    allow_overlap: bool = False,
    trust_list: bool = False,
) -> tuple[Evaluation, Path]:
    """Evaluate the network of a folder; write its figures and a page of them into the folder.

    Parameters
    ----------
    folder : Path or str
        The model's folder.
    embeddings : Path or str
        Folder of its embedding set, with the records.
    test : Path or str
        The test list.
    modality : str
        ``"both"``, ``"audio"`` or ``"visual"``.
    incongruent : bool
        Whether each clip gets the sound of a clip of another class.
    seed : int
        Draws the incongruent pairs.
    cache : Path, str or None
        Folder for packed rows; None for the user's cache.
    allow_untrained, allow_overlap : bool
        Whether embeddings may come from untrained networks, and clips may have been trained on.
    trust_list : bool
        Whether a list's label goes before a record's.

    Returns
    -------
    evaluation : Evaluation
        The figures.
    page : Path
        The page that shows them; the figures are in the JSON file beside it.

    Raises
    ------
    StudyError
        If the model, the list or a record cannot be used.

    Notes
    -----
    Paper: Evaluation Method.
    """
    if modality not in get_args(Modality):
        raise ConfigError(f"there is no modality {modality!r}. Choose both, audio or visual")
    folder, embeddings, test = Path(folder), Path(embeddings), Path(test)
    model, clips = load_model(folder), read_list(test)
    if not allow_overlap:
        _refuse_known_clips(model, clips)
    recipe = recipe_of(embeddings, allow_untrained=allow_untrained)
    if model.card.untrained_embeddings and not allow_untrained:
        raise ConfigError(
            f"{folder} was trained on embeddings of untrained networks. "
            "Pass --allow-untrained to evaluate it all the same"
        )
    dataset = load_dataset(
        clips,
        embeddings,
        find_embedding_set(model.card.embedding_set),
        model.card.classes,
        cache=None if cache is None else Path(cache),
        trust_list=trust_list,
    )
    rng = np.random.default_rng(seed)
    sound_from = incongruent_partners(dataset.targets, rng) if incongruent else None
    perceived: Modality = modality  # type: ignore[assignment]
    with memory_errors(folder):
        said = answers(
            model.card, model.weights, dataset.rows, modality=perceived, sound_from=sound_from
        )
        evaluation = evaluate(
            model.card,
            said,
            dataset,
            modality=perceived,
            sound_from=sound_from,
            untrained_embeddings=model.card.untrained_embeddings
            or (recipe is not None and recipe.is_untrained),
            overlap_allowed=allow_overlap,
        )
    path = evaluation_path(folder, clips.name, evaluation.modality, evaluation.pairing)
    # The figures last: where they are, all of it is.
    page, *_ = write_page(evaluation, path)
    rows = clips_of_list(test, clips, perceived, sound_from)
    table = predictions(network_name(model.card), model.card.classes, said, rows)
    write_predictions(table, path.with_name(f"{path.stem}-predictions.csv"))
    write_evaluation(evaluation, path)
    return evaluation, page


def _refuse_known_clips(model: SavedModel, test: LabelledClips) -> None:
    # An imported network has no lists: what it was trained on is not known here.
    for path in sorted((model.folder / LISTS_NAME).glob("*.csv")):
        refuse_overlap(test, read_list(path))
