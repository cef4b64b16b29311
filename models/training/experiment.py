"""All cells, several training sets and seeds: the networks behind Table 5, one after another."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from features.records.folder import folder_of_set
from features.records.manifest import Recipe
from models.data.dataset import recipe_of
from models.data.labelled_clips import LabelledClips, read_list, refuse_overlap
from models.evaluation.evaluate import evaluate_and_write
from models.evaluation.results import Evaluation, evaluation_path, read_evaluation
from models.network.spec import Cell, preset
from models.saving.card import Card, read_card
from models.saving.model_folder import CARD_NAME
from models.training.description import Training, load_data
from models.training.train import train_model
from study.errors import ConfigError


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """A training set of the comparison: its name as Table 5 has it, and its lists."""

    name: str
    train: Path
    validation: Path


def parse_training_set(text: str) -> TrainingSet:
    """Read a training set from the command line.

    Parameters
    ----------
    text : str
        ``NAME=TRAIN,VALIDATION``.

    Examples
    --------
    >>> parse_training_set("MIT 16=MIT16_train.csv,MIT16_validation.csv").validation.name
    'MIT16_validation.csv'
    """
    name, equals, paths = text.partition("=")
    train, comma, validation = paths.partition(",")
    if not (name and equals and train and comma and validation):
        raise ConfigError(f"--lists {text!r} is not of the form NAME=TRAIN,VALIDATION. Write it so")
    return TrainingSet(name, Path(train), Path(validation))


def planned_trainings(
    training_sets: Sequence[TrainingSet],
    cells: Sequence[Cell],
    seeds: Sequence[int],
    base: Training,
    preset_name: str = "paper",
) -> list[Training]:
    """Return the trainings of a comparison, seed by seed, so that a part of it is balanced.

    Parameters
    ----------
    base : Training
        What all share; its `embeddings` holds the folders of the embedding sets.
    """
    names = [each.name.replace(" ", "_") for each in training_sets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"two of --lists are called {twice[0]}. Give each a name of its own")
    return [
        replace(
            base,
            cell=cell,
            hyperparameters=preset(preset_name, cell),
            embeddings=folder_of_set(base.embeddings, cell.embedding_set),
            train=lists.train,
            validation=lists.validation,
            training_set=lists.name,
            seed=seed,
        )
        for seed in seeds
        for cell in cells
        for lists in training_sets
    ]


def run_all(
    trainings: Sequence[Training], test: Path, root: Path, now: Callable[[], datetime]
) -> Iterator[Evaluation | None]:
    """Train and evaluate what has not been yet.

    Parameters
    ----------
    root : Path
        Where the folders of the networks are to lie.
    now : callable
        Gives the time for the cards, in UTC.

    Yields
    ------
    Evaluation or None
        Of each network in turn; None where it had been evaluated before.
    """
    # Once for each set: a manifest has a row for every record.
    recipes = {
        folder: recipe_of(folder, allow_untrained=trainings[0].allow_untrained)
        for folder in dict.fromkeys(each.embeddings for each in trainings)
    }
    clips = read_list(test)
    if not trainings[0].allow_overlap:
        for path in dict.fromkeys(p for each in trainings for p in (each.train, each.validation)):
            refuse_overlap(clips, read_list(path))
    for training in trainings:
        folder = _folder(training, root)
        if (folder / CARD_NAME).exists():
            _require_same(read_card(folder), training, recipes[training.embeddings], folder)
        else:
            train_model(training, load_data(training), folder, made_at=now(), resume=True)
        yield None if _is_evaluated(folder, clips) else _evaluate(training, folder, test)


def _folder(training: Training, root: Path) -> Path:
    name = training.name.replace(" ", "_")
    return root / name / training.cell.name / f"seed-{training.seed}"


def _evaluate(training: Training, folder: Path, test: Path) -> Evaluation:
    evaluation, _ = evaluate_and_write(
        folder,
        training.embeddings,
        test,
        cache=training.cache,
        allow_untrained=training.allow_untrained,
        allow_overlap=training.allow_overlap,
        trust_list=training.trust_list,
    )
    return evaluation


def _require_same(card: Card, training: Training, recipe: Recipe | None, folder: Path) -> None:
    # Else Table 5 would mix networks that were trained in different ways.
    lists = tuple(data and data.list_sha256 for data in (card.train, card.validation))
    wanted_lists = read_list(training.train).sha256, read_list(training.validation).sha256
    for name, found, wanted in (
        ("lists", lists, wanted_lists),
        ("embeddings", card.embeddings, recipe),
        ("schedule", card.schedule, training.schedule),
        ("precision", card.mixed_precision, training.mixed_precision),
        ("hyperparameters", card.hyperparameters, training.hyperparameters),
    ):
        if found != wanted:
            raise ConfigError(
                f"{folder} holds a network of other {name} than asked for. Pass those it was "
                "trained with, or name another --out"
            )


def _is_evaluated(folder: Path, test: LabelledClips) -> bool:
    path = evaluation_path(folder, test.name)
    if not path.exists():
        return False
    evaluation = read_evaluation(path)
    same_model = evaluation.model_sha256 == read_card(folder).model_sha256
    return same_model and evaluation.test.list_sha256 == test.sha256
