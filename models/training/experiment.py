"""All cells, both training sets, several seeds: the runs behind Table 5, one after another."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from features.embedding_set import find_embedding_set
from features.records.manifest import Recipe
from models.commands.requests import (
    EvaluateRequest,
    TrainRequest,
    evaluate_and_write,
    plan_training,
)
from models.data.lists import ClipList, read_list, refuse_overlap
from models.data.provenance import recipe_of
from models.evaluation.measures import Evaluation, evaluation_path, read_evaluation
from models.network.hyperparameters import Cell, preset
from models.saving.card import CARD_NAME, Card, read_card
from models.training.run import train_model
from models.training.schedule import Schedule
from study.errors import ConfigError


@dataclass(frozen=True, slots=True)
class TrainingLists:
    """A training set of the comparison.

    Parameters
    ----------
    name : str
        As Table 5 has it.
    """

    name: str
    train: Path
    validation: Path


@dataclass(frozen=True, slots=True)
class Run:
    """One network of the comparison."""

    lists: TrainingLists
    cell: Cell
    seed: int

    def folder(self, root: Path) -> Path:
        """Return where it is kept."""
        return root / self.lists.name.replace(" ", "_") / self.cell.name / f"seed-{self.seed}"


def parse_lists(text: str) -> TrainingLists:
    """Read a training set from the command line.

    Parameters
    ----------
    text : str
        ``NAME=TRAIN,VALIDATION``.

    Raises
    ------
    ConfigError
        If the text is not of that form.

    Examples
    --------
    >>> parse_lists("MIT 16=MIT16_train.csv,MIT16_validation.csv").validation.name
    'MIT16_validation.csv'
    """
    name, equals, paths = text.partition("=")
    train, comma, validation = paths.partition(",")
    if not (name and equals and train and comma and validation):
        raise ConfigError(f"--lists {text!r} is not of the form NAME=TRAIN,VALIDATION")
    return TrainingLists(name, Path(train), Path(validation))


def planned_runs(
    training_sets: Sequence[TrainingLists], cells: Sequence[Cell], seeds: Sequence[int]
) -> list[Run]:
    """Return the runs of a comparison, seed by seed, so that a part of it is balanced.

    Raises
    ------
    ConfigError
        If two training sets have one name, and so one folder.
    """
    names = [lists.name.replace(" ", "_") for lists in training_sets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"two of --lists are called {twice[0]}, expected a name for each")
    return [Run(lists, cell, seed) for seed in seeds for cell in cells for lists in training_sets]


def run_all(
    runs: Sequence[Run],
    base: TrainRequest,
    test: Path,
    root: Path,
    now: Callable[[], datetime],
) -> Iterator[tuple[Run, Evaluation | None]]:
    """Train and evaluate what has not been yet.

    Parameters
    ----------
    base : TrainRequest
        Options that all runs share; its `embeddings` holds the folders of the embedding sets.
    now : callable
        Gives the time for the cards, in UTC.

    Yields
    ------
    run : Run
        Which.
    evaluation : Evaluation or None
        None where it had been evaluated before.

    Raises
    ------
    TableError
        If the test list shares clips with one that is trained on, before anything is trained.
    RecordError
        If the embeddings come from untrained networks and that was not allowed.
    ConfigError
        If a network that is there was trained in another way.
    """
    recipes = _recipes(runs, base)
    clips = read_list(test)
    if not base.allow_overlap:
        for path in dict.fromkeys(
            path for run in runs for path in (run.lists.train, run.lists.validation)
        ):
            refuse_overlap(clips, read_list(path))
    for run in runs:
        folder, request = run.folder(root), _request(run, base)
        if (folder / CARD_NAME).exists():
            _require_same(read_card(folder), run, request, recipes[run.cell.embedding_set], folder)
        else:
            train_model(plan_training(request), folder, made_at=now(), resume=True)
        if _is_evaluated(folder, clips):
            yield run, None
            continue
        evaluation, _ = evaluate_and_write(
            EvaluateRequest(
                folder,
                request.embeddings,
                test,
                cache=base.cache,
                allow_untrained=base.allow_untrained,
                allow_overlap=base.allow_overlap,
                trust_list=base.trust_list,
            )
        )
        yield run, evaluation


def _recipes(runs: Sequence[Run], base: TrainRequest) -> dict[str, Recipe | None]:
    # Once for each set: a manifest has a row for every record.
    return {
        name: recipe_of(
            base.embeddings / find_embedding_set(name).folder, allow_untrained=base.allow_untrained
        )
        for name in dict.fromkeys(run.cell.embedding_set for run in runs)
    }


def _request(run: Run, base: TrainRequest) -> TrainRequest:
    return replace(
        base,
        embeddings=base.embeddings / find_embedding_set(run.cell.embedding_set).folder,
        train=run.lists.train,
        validation=run.lists.validation,
        embedding_set=run.cell.embedding_set,
        rnn=run.cell.rnn,
        seed=run.seed,
        training_set=run.lists.name,
    )


def _require_same(
    card: Card, run: Run, request: TrainRequest, recipe: Recipe | None, folder: Path
) -> None:
    # Else Table 5 would mix networks that were trained in different ways.
    known = (card.train, card.validation)
    lists = tuple(data and data.list_sha256 for data in known)
    asked = read_list(request.train).sha256, read_list(request.validation).sha256
    schedule = Schedule(n_epochs=request.n_epochs, patience=request.patience)
    for name, found, wanted in (
        ("lists", lists, asked),
        ("embeddings", card.embeddings, recipe),
        ("schedule", card.schedule, schedule),
        ("precision", card.mixed_precision, request.mixed_precision),
        ("hyperparameters", card.hyperparameters, preset(request.preset, run.cell)),
    ):
        if found != wanted:
            raise ConfigError(
                f"{folder} holds a network of other {name} than asked for. Pass those it was "
                "trained with, or name another --out"
            )


def _is_evaluated(folder: Path, test: ClipList) -> bool:
    path = evaluation_path(folder, test.name)
    if not path.exists():
        return False
    evaluation = read_evaluation(path)
    same_model = evaluation.model_sha256 == read_card(folder).model_sha256
    return same_model and evaluation.test.list_sha256 == test.sha256
