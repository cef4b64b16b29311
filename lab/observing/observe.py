"""Show manipulated clips to networks: embeddings once, then what every network says of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from features.embedding_set import find_embedding_set
from features.extraction.prepare import prepare
from features.extraction.processes import on_processes
from features.extraction.run import extract_all
from features.records.manifest import Recipe, read_manifest
from features.records.pack import Rows
from lab.observing.stimuli import OF_A_STIMULUS, listed, read_stimuli
from models.checkpoints.correspondence import correspondence_answers
from models.data.dataset import load_pack
from models.evaluation.metrics import answers
from models.evaluation.pairs import CONGRUENT, INCONGRUENT
from models.evaluation.prediction_table import network_name, predictions, write_predictions
from models.network.predict import memory_errors
from models.saving.card import Card, read_card
from models.saving.saved import load_correspondence, load_model
from study.errors import ConfigError, RecordError
from study.processes.pool import n_cores
from study.tools.files import refuse_existing
from study.tools.progress_bars import progress_bar

PREDICTIONS_NAME = "predictions.csv"
NEUTRAL, PAIRS = "neutral", "pairs"  # folders of the other two questions
_NEUTRAL_CONDITIONS = {"audio": "neutral picture", "visual": "neutral sound"}


@dataclass(frozen=True, slots=True)
class EmbeddingOptions:
    """How embeddings are made.

    Parameters
    ----------
    weights : Path or None
        Folder of the weights; None for the downloaded ones.
    untrained_seed : int or None
        Untrained networks where weights are missing.
    allow_untrained : bool
        Whether networks of such embeddings may answer.
    """

    weights: Path | None = None
    untrained_seed: int | None = None
    allow_untrained: bool = False
    n_processes: int | None = None
    cache: Path | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What networks said.

    Parameters
    ----------
    actions : DataFrame
        Of the clips as they are, which action it is; a black picture and silence are shown.
    neutral : DataFrame
        Of the audiovisual clips, with the embedding of one modality replaced by a neutral one.
    pairs : DataFrame
        Of the audiovisual clips, whether sound and picture belong together.
    rejects : tuple of str
        Why clips have no embeddings.
    """

    actions: pd.DataFrame
    neutral: pd.DataFrame
    pairs: pd.DataFrame
    rejects: tuple[str, ...]


def observe(
    folder: Path,
    models: Sequence[Path],
    out: Path,
    how: EmbeddingOptions,
    *,
    overwrite: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Observed:
    """Extract the embeddings of manipulated clips and write what networks say of them.

    Raises StudyError if the clips, a network or its weights cannot be used.

    Parameters
    ----------
    folder : Path
        From `curation manipulate`.
    models : sequence of Path
        Folders of networks; each is an observer.
    out : Path
        For ``embeddings``, ``predictions.csv``, ``neutral/predictions.csv`` and
        ``pairs/predictions.csv``, each with its Parquet.
    say : callable
        Takes notes on the weights.
    """
    for place in (out, out / NEUTRAL, out / PAIRS):
        refuse_existing(place / PREDICTIONS_NAME, overwrite=overwrite)
    stimuli = read_stimuli(folder)
    cards = [read_card(model) for model in models]
    names = _names(models, cards)
    found: dict[str, list[pd.DataFrame]] = {"": [], NEUTRAL: [], PAIRS: []}
    rejects: list[str] = []
    for wanted in dict.fromkeys(_recipe_wanted(card) for card in cards):
        rows, shown, refused = _embedded(folder, stimuli, wanted, out, how, say)
        rejects += refused
        has_both = shown["modality"].eq("audiovisual").any()
        for model, card, name in zip(models, cards, names, strict=True):
            if _recipe_wanted(card) != wanted:
                continue
            _require_trained(card, model, allowed=how.allow_untrained)
            if card.task == "correspondence":
                if not has_both:
                    raise ConfigError(
                        f"{model} compares sound with picture, and no clip of {folder} that can "
                        "be shown has both. Leave it out"
                    )
                found[PAIRS].append(_pairs(model, name, rows, shown))
                continue
            found[""].append(_actions(model, name, rows, shown))
            if has_both:
                found[NEUTRAL].append(_neutral(model, name, rows, shown))
    tables = {question: pd.concat(parts) for question, parts in found.items() if parts}
    for question, table in tables.items():
        write_predictions(table, out / question / PREDICTIONS_NAME)
    nothing = pd.DataFrame()
    actions, neutral, pairs = (tables.get(question, nothing) for question in found)
    return Observed(actions, neutral, pairs, tuple(dict.fromkeys(rejects)))


def _names(models: Sequence[Path], cards: Sequence[Card]) -> list[str]:
    names = [network_name(card) for card in cards]
    if len(set(names)) < len(names):  # of two trainings that differ in something else
        pairs = zip(names, models, strict=True)
        names = [f"{name} ({model.resolve().name})" for name, model in pairs]
    if len(set(names)) < len(names):
        raise ConfigError("two networks have one name and one folder name. Rename a folder")
    return names


_Wanted = tuple[str, str, str]


def _recipe_wanted(card: Card) -> _Wanted:
    made: Recipe | None = card.embeddings
    grid = "paper" if made is None else made.grid
    normalisation = None if made is None else made.normalisation
    return card.embedding_set, grid, normalisation or "keras3"


def _require_trained(card: Card, model: Path, *, allowed: bool) -> None:
    if card.untrained_embeddings and not allowed:
        raise ConfigError(
            f"{model} was trained on embeddings of untrained networks. Pass --allow-untrained to "
            "let it answer all the same"
        )


def _embedded(
    folder: Path,
    stimuli: pd.DataFrame,
    wanted: _Wanted,
    out: Path,
    how: EmbeddingOptions,
    say: Callable[[str], None],
) -> tuple[Rows, pd.DataFrame, list[str]]:
    name, grid, normalisation = wanted
    job, notes = prepare(
        name,
        grid=grid,  # type: ignore[arg-type]
        normalisation=normalisation,  # type: ignore[arg-type]
        silence_for_missing_audio=False,
        weights_folder=how.weights,
        untrained_seed=how.untrained_seed,
        out=out / "embeddings" / f"{grid}-{normalisation}",
    )
    for note in notes:
        say(note)
    if job.recipe.is_untrained and not how.allow_untrained:
        raise RecordError(
            "the embeddings would come from untrained networks, so that answers say nothing. Name "
            "real weights with --weights, or pass --allow-untrained"
        )
    clips = listed(folder, stimuli)
    perform = partial(on_processes, n_processes=how.n_processes or n_cores())
    with progress_bar() as progress:
        task = progress.add_task(f"{job.folder.name} embeddings", total=len(clips))
        outcome = extract_all(clips, job, perform=perform, advance=lambda: progress.advance(task))
    lacking = {reject.clip.filename for reject in outcome.rejects}
    shown = stimuli[~stimuli["filename"].isin(lacking)].reset_index(drop=True)
    if shown.empty:
        raise RecordError(
            f"no clip of {folder} has embeddings: {outcome.rejects[0].detail}. Make the clips again"
        )
    _require_same_files(job.folder, shown)
    records = [clip.tfrecord_filename for clip in clips if clip.filename not in lacking]
    pack, _ = load_pack(job.folder.resolve(), records, find_embedding_set(name), how.cache)
    return pack.rows, shown, [reject.detail for reject in outcome.rejects]


def _require_same_files(embeddings: Path, shown: pd.DataFrame) -> None:
    known = read_manifest(embeddings).rows
    seen = dict(zip(known["filename"], known["clip_sha256"], strict=True))
    pairs = zip(shown["filename"], shown["sha256"], strict=True)
    other = [name for name, sha256 in pairs if seen.get(name) != sha256]
    if other:
        raise RecordError(
            f"{embeddings} has the record of another file than {other[0]} is now ({len(other)} "
            "such records). Choose another --out, or remove that folder"
        )


def _actions(model: Path, name: str, rows: Rows, shown: pd.DataFrame) -> pd.DataFrame:
    loaded = load_model(model)
    with memory_errors(model):
        said = answers(loaded.card, loaded.weights, rows)
    return predictions(name, loaded.card.classes, said, shown[list(OF_A_STIMULUS)])


def _neutral(model: Path, name: str, rows: Rows, shown: pd.DataFrame) -> pd.DataFrame:
    # What --modality of `models evaluate` asks; only clips that have both modalities.
    loaded, is_both = load_model(model), (shown["modality"] == "audiovisual").to_numpy()
    tables = []
    for modality, missing in _NEUTRAL_CONDITIONS.items():
        own = shown.loc[is_both, list(OF_A_STIMULUS)]
        label = own["sound_label" if modality == "audio" else "picture_label"]
        own = own.assign(
            condition=own["condition"] + ", " + missing,
            label=label,
            modality=modality,
            asynchrony_ms="",
            attend="sound" if modality == "audio" else "picture",
        )
        with memory_errors(model):
            said = answers(
                loaded.card,
                loaded.weights,
                rows[is_both],
                modality=modality,  # type: ignore[arg-type]
            )
        tables.append(predictions(name, loaded.card.classes, said, own))
    return pd.concat(tables)


def _pairs(model: Path, name: str, rows: Rows, shown: pd.DataFrame) -> pd.DataFrame:
    loaded, is_both = load_correspondence(model), (shown["modality"] == "audiovisual").to_numpy()
    own = shown.loc[is_both, list(OF_A_STIMULUS)]
    belongs = own["source"] == own["sound_source"]
    own = own.assign(label=belongs.map({True: CONGRUENT, False: INCONGRUENT}), attend="both")
    with memory_errors(model):
        said = correspondence_answers(loaded.card, loaded.weights, rows[is_both])
    return predictions(name, loaded.card.classes, said, own)
