"""The upper part of a chain: cells of Tables 4 and 5, evaluations, networks, lists."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lab.trace.chain import Link, facts, faults_of
from lab.trace.clips import clip_link, record_links
from lab.trace.kept import Kept, TracedNetwork
from lab.trace.wanted import Cell4, Cell5
from models.data.labelled_clips import LabelledClips, read_list
from models.evaluation.results import Evaluation, table_5_row
from models.network.spec import TITLES
from models.saving.card import DataCard
from models.saving.model_folder import MODEL_NAME
from models.search.surrogates import PLAN_NAME, best_of, read_plan, read_results
from study.errors import ConfigError, StudyError
from study.reading.clip_keys import key_of
from study.tools.files import sha256_of

MOST_SHOWN = 3  # clips of a list; all of them are held against the store
_CLOSE = 1e-9
_COLUMNS = {"loss": "Loss", "top1": "Top 1 Acc. (%)", "top5": "Top 5 Acc. (%)"}


def cell_5_link(kept: Kept, what: Cell5) -> Link:
    """Return the chain of a cell of Table 5.

    Raises
    ------
    ConfigError
        If no network was evaluated for it.
    """
    found = [
        (network, name, one)
        for network in kept.networks
        for name, one in network.evaluations.items()
        if (one.embedding_set, one.rnn) == (what.embedding_set, what.rnn)
        and one.training_set.replace(" ", "") == what.training_set.replace(" ", "")
        and (one.modality, one.pairing) == ("both", "congruent")
    ]
    if not found:
        raise ConfigError(
            f"no evaluation of {what.training_set}/{what.embedding_set}/{what.rnn} below "
            f"{kept.places.models}. Evaluate it: python -m models evaluate"
        )
    return Link(
        "number",
        f"Table 5, {what.training_set}, {TITLES[what.embedding_set]}, {what.rnn.upper()}, "
        f"{_COLUMNS[what.column]}",
        facts(value=table_5_row(found[0][2])[_COLUMNS[what.column]]),
        below=tuple(_evaluation_link(kept, *each) for each in found),
    )


def _evaluation_link(kept: Kept, network: TracedNetwork, name: str, one: Evaluation) -> Link:
    faults = []
    n_right = sum(one.correct)
    if abs(one.top_1 - n_right / len(one.correct)) > _CLOSE:
        faults.append(f"its top 1 is not that of its clips, {n_right} of {len(one.correct)}")
    if abs(one.loss - sum(one.losses) / len(one.losses)) > 1e-6:
        faults.append("its loss is not the mean of its clips'")
    if one.model_sha256 != network.card.model_sha256:
        faults.append("it is of another network than the one whose card stands beside it")
    test = _list_link(kept, one.test, [kept.places.tables / f"{one.test.name}.csv"], "test list")
    return Link(
        "evaluation",
        name,
        facts(
            top_1=one.top_1, top_5=one.top_5, loss=one.loss, test_clips=one.test.n_clips,
            network=one.model_sha256[:12],
        ),
        tuple(faults),
        (_network_link(kept, network), test),
    )  # fmt: skip


def _network_link(kept: Kept, network: TracedNetwork) -> Link:
    card, path = network.card, network.folder / MODEL_NAME
    faults = []
    if not path.is_file():
        faults.append(f"{path} is not there")
    elif sha256_of(path) != card.model_sha256:
        faults.append(f"{path} is not the file that its card describes")
    below = [
        _list_link(
            kept, data,
            [network.folder / "lists" / f"{role}.csv", kept.places.tables / f"{data.name}.csv"],
            f"{role} list",
        )
        for role, data in (("train", card.train), ("validation", card.validation))
        if data is not None
    ]  # fmt: skip
    if card.train is None:
        faults.append("its card does not say what it was trained on")
    if card.embeddings is not None:
        faults += _faults_of_recipe(kept, network)
    return Link(
        "network",
        network.folder.name,
        facts(
            origin=card.origin, seed=card.seed, epochs=len(card.history), best=card.best_epoch,
            software=", ".join(f"{one} {number}" for one, number in sorted(card.software.items())),
            sha256=card.model_sha256[:12],
        ),
        tuple(faults),
        tuple(below),
    )  # fmt: skip


def _faults_of_recipe(kept: Kept, network: TracedNetwork) -> Iterator[str]:
    recipes = [manifest.recipe for manifest, _ in kept.manifests.values()]
    own = [one for one in recipes if one.embedding_set == network.card.embedding_set]
    if own and network.card.embeddings not in own:
        yield "its embeddings were made otherwise than those that are there"


def _list_link(kept: Kept, data: DataCard, paths: Sequence[Path], kind: str) -> Link:
    faults = []
    clips: LabelledClips | None = None
    for path in paths:
        if not path.is_file():
            faults.append(f"{path} is not there")
            continue
        try:
            found = read_list(path)
        except StudyError as error:
            faults.append(str(error))
            continue
        clips = clips or found
        if found.sha256 != data.list_sha256:
            faults.append(f"{path} is not the list that was used")
    below, broken = _clips(kept, clips, data.name) if clips is not None else ((), 0)
    if broken > len(below):
        faults.append(f"{broken} of its clips have a broken link; {len(below)} are shown")
    return Link(
        kind,
        data.name,
        facts(
            clips=data.n_clips, sha256=data.list_sha256[:12], records=data.records_sha256[:12],
            shown=len(below),
        ),
        tuple(faults),
        below,
    )  # fmt: skip


def _clips(kept: Kept, clips: LabelledClips, name: str) -> tuple[tuple[Link, ...], int]:
    rows = _rows(kept, name)
    links = [
        _clip(kept, filename, record, rows.get(filename, {}))
        for filename, record in zip(clips.filenames, clips.records, strict=True)
    ]
    broken = [link for link in links if faults_of(link)]
    whole = [link for link in links if not faults_of(link)]
    return tuple([*broken, *whole][:MOST_SHOWN]), len(broken)


def _rows(kept: Kept, name: str) -> dict[str, dict[str, Any]]:
    if name not in kept.lists:
        return {}
    return {filename: row for (_, filename), row in kept.rows(name).items()}


def _clip(kept: Kept, filename: str, record: str, row: dict[str, Any]) -> Link:
    location = row.get("video_location", "")
    if not location:
        known = kept.candidates.keys() | kept.rejects.keys()
        found = [one for one in ("training", "validation") if (one, filename) in known]
        location = found[0] if len(found) == 1 else ""
    key = key_of(location, filename)
    records = record_links(kept, record, key)
    link = clip_link(kept, key, row)
    return Link(link.kind, link.name, link.facts, link.faults, (*records, *link.below))


def cell_4_link(kept: Kept, what: Cell4) -> Link:
    """Return the chain of a row of Table 4: the surrogate that was chosen, and its lists.

    Raises
    ------
    ConfigError
        If no search has a result for it.
    """
    for path in sorted(kept.places.models.glob(f"**/{PLAN_NAME}")):
        plan, results = read_plan(path.parent), read_results(path.parent)
        for cell, best in best_of(results).items():
            if (cell.embedding_set, str(cell.rnn)) != (what.embedding_set, what.rnn):
                continue
            own = [one for one in results if one.cell == cell.name]
            lists = zip(
                ("train", "validation"), plan.lists, (plan.train, plan.validation), strict=True
            )
            return Link(
                "number",
                f"Table 4, {TITLES[what.embedding_set]}, {what.rnn.upper()}",
                facts(surrogate=best.number, validation_loss=best.val_loss),
                below=(
                    Link(
                        "surrogate",
                        f"{cell.name} {best.number}",
                        facts(
                            of=len(own), seed=best.seed, epochs=len(best.history),
                            best=best.best_epoch, rnn_units=best.hyperparameters.rnn_units,
                            bottleneck_units=best.hyperparameters.bottleneck_units,
                        ),
                        below=tuple(
                            _search_list(kept, role, digest, place) for role, digest, place in lists
                        ),
                    ),
                ),
            )  # fmt: skip
    raise ConfigError(
        f"no search below {kept.places.models} has a result of {what.embedding_set}/{what.rnn}. "
        "Run it: python -m models search run"
    )


def _search_list(kept: Kept, role: str, digest: str, place: Path) -> Link:
    path = place if place.is_file() else kept.places.tables / place.name
    n_clips = len(read_list(path)) if path.is_file() else 0
    data = DataCard(name=path.stem, n_clips=n_clips, list_sha256=digest, records_sha256="")
    return _list_link(kept, data, [path], f"{role} list")
