"""Train a network on records: what the command does, for a notebook."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from features.embedding_set import Device
from features.records.dataset import Records
from models.data.labelled_clips import clips_of
from models.network.spec import Epoch, Schedule, cell_of
from models.network.spec import preset as preset_of
from models.saving.model_folder import require_place
from models.saving.saved import SavedModel, load_model
from models.training.description import Training, load_data
from models.training.device import use_device
from models.training.train import train_model
from study.errors import RecordError


def train(
    records: Records,
    validation: Records,
    *,
    rnn: str = "gru",
    out: Path | str | None = None,
    preset: str = "paper",
    epochs: int = 200,
    patience: int = 20,
    seed: int = 1,
    training_set: str | None = None,
    mixed_precision: bool = False,
    device: Device = "auto",
    cache: Path | str | None = None,
    resume: bool = False,
    allow_untrained: bool = False,
    allow_overlap: bool = False,
    trust_list: bool = False,
    overwrite: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
    on_step: Callable[[int], None] | None = None,
) -> SavedModel:
    """Train a network as the paper did, and save it with its card, lists and history.

    Parameters
    ----------
    records, validation : Records
        From `features.dataset`, of one folder.
    rnn : {"frnn", "gru", "lstm"}
        The recurrent layer.
    out : Path, str or None
        Folder of the model; None for ``models/<training set>``, such as ``models/AVMIT``.
    preset : str
        ``"paper"`` for the hyperparameters of Table 4, one of its cells such as
        ``"yamnet_effnet-gru"``, or the ``best.json`` of a search.
    epochs, patience : int
        At most so many epochs, and so many without improvement.
    seed : int
        All chance follows from it.
    training_set : str or None
        Name for tables; None for that of the training list.
    mixed_precision : bool
        Whether products take their factors in bfloat16.
    device : {"auto", "cpu", "gpu"}
        Where to calculate; ``"auto"`` leaves it to JAX.
    cache : Path, str or None
        Folder for packed rows; None for the user's cache.
    resume, overwrite : bool
        Whether to go on with a training that was interrupted, and to replace what is there.
    allow_untrained, allow_overlap : bool
        Whether embeddings may come from untrained networks, and clips may stand in both lists.
    trust_list : bool
        Whether a list's label goes before a record's.
    on_epoch : callable or None
        Called with each `Epoch`, before it is saved.
    on_step : callable or None
        Called with a number of clips when they have been handed to the network.

    Returns
    -------
    SavedModel
        The network with the weights of the epoch with the best validation loss.

    Raises
    ------
    StudyError
        If the folder is taken, the records cannot be trained on, the training diverged or the
        memory does not suffice.

    Notes
    -----
    Paper: Hyperparameter Search and Training.
    """
    if (records.folder, records.embedding_set) != (validation.folder, validation.embedding_set):
        raise RecordError(
            f"training and validation are of {records.folder} and {validation.folder}, expected "
            "records of one folder and one set. Name the same folder for both"
        )
    use_device(device)
    cell = cell_of(records.embedding_set.name, rnn)
    training = Training(
        cell,
        preset_of(preset, cell),
        records.folder,
        records.source,
        validation.source,
        training_set=training_set,
        schedule=Schedule(n_epochs=epochs, patience=patience),
        seed=seed,
        mixed_precision=mixed_precision,
        cache=None if cache is None else Path(cache),
        allow_untrained=allow_untrained,
        allow_overlap=allow_overlap,
        trust_list=trust_list,
    )
    folder = Path(out) if out is not None else Path("models") / training.name.replace(" ", "_")
    require_place(folder, resume=resume, overwrite=overwrite)
    train_model(
        training,
        load_data(training, (clips_of(records), clips_of(validation))),
        folder,
        made_at=datetime.now(UTC),
        resume=resume,
        overwrite=overwrite,
        on_epoch=on_epoch,
        on_step=on_step,
    )
    return load_model(folder)
