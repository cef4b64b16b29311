"""Cells of Table 5: their evaluations, networks and lists."""

from collections.abc import Iterator

from features.embedding_set import find_embedding_set
from lab.trace.chain import Link, facts
from lab.trace.kept import Kept, TracedNetwork
from lab.trace.lists import list_link
from lab.trace.traceable import Cell5
from models.evaluation.results import Evaluation, table_5_row
from models.network.spec import TITLES
from models.saving.model_folder import MODEL_NAME
from study.errors import ConfigError
from study.tools.files import sha256_of

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
    test = list_link(
        kept, one.test, [kept.places.tables / f"{one.test.name}.csv"], "test list",
        find_embedding_set(one.embedding_set),
    )  # fmt: skip
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
        list_link(
            kept, data,
            [network.folder / "lists" / f"{role}.csv", kept.places.tables / f"{data.name}.csv"],
            f"{role} list", find_embedding_set(card.embedding_set),
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
            origin=card.origin, rnn_units=card.hyperparameters.rnn_units,
            bottleneck_units=card.hyperparameters.bottleneck_units, seed=card.seed,
            epochs=len(card.history), best=card.best_epoch,
            software=", ".join(f"{one} {number}" for one, number in sorted(card.software.items())),
            sha256=card.model_sha256[:12],
        ),
        tuple(faults),
        tuple(below),
    )  # fmt: skip


def _faults_of_recipe(kept: Kept, network: TracedNetwork) -> Iterator[str]:
    recipes = [traced.manifest.recipe for traced in kept.manifests.values()]
    own = [one for one in recipes if one.embedding_set == network.card.embedding_set]
    if own and network.card.embeddings not in own:
        yield "its embeddings were made otherwise than those that are there"
