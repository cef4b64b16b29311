"""What a network says of clips: the probability of each class."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from features.embedding_set import find_embedding_set
from features.records.dataset import Records
from models.data.dataset import load_pack_of, recipe_of, refuse_untrained
from models.data.embeddings import Embeddings, Floats, rows_of
from models.data.labelled_clips import clips_of
from models.network.predict import log_probabilities, memory_errors
from study.errors import RecordError

if TYPE_CHECKING:
    from models.saving.saved import SavedModel  # which calls this


def predict(
    model: "SavedModel",
    clips: Records | Embeddings | Sequence[Embeddings],
    *,
    cache: Path | None = None,
    allow_untrained: bool = False,
) -> pd.DataFrame:
    """Return the probability of each class for each clip; as `SavedModel.predict`."""
    if isinstance(clips, Records):
        names, rows = _of_records(model, clips, cache, allow_untrained=allow_untrained)
    else:
        given = list(clips) if isinstance(clips, Sequence) else [clips]
        names, rows = _of_clips(model, given, allow_untrained=allow_untrained)
    if not names:
        raise RecordError("no clips were given. Pass at least one")
    with memory_errors(model.folder):
        logarithms = log_probabilities(model.weights, rows, model.card.architecture)
    index = pd.Index(names, name="filename")
    return pd.DataFrame(np.exp(logarithms), index=index, columns=list(model.card.classes))


def _of_records(
    model: "SavedModel", records: Records, cache: Path | None, *, allow_untrained: bool
) -> tuple[list[str], Floats]:
    recipe_of(records.folder, allow_untrained=allow_untrained)
    wanted = find_embedding_set(model.card.embedding_set)
    if records.embedding_set != wanted:
        raise RecordError(
            f"the records in {records.folder} are of {records.embedding_set.folder}, and the "
            f"network in {model.folder} takes those of {wanted.folder}. "
            "Name the other folder of records"
        )
    pack, _ = load_pack_of(clips_of(records), records.folder, wanted, cache, any_class=True)
    return list(records.filenames), pack.rows


def _of_clips(
    model: "SavedModel", clips: list[Embeddings], *, allow_untrained: bool
) -> tuple[list[str], Floats]:
    for clip in clips:
        recipe = getattr(clip, "recipe", None)  # a record does not say what made it
        if recipe is not None:
            refuse_untrained(recipe, f"the embeddings of {clip.filename}", allowed=allow_untrained)
    wanted = find_embedding_set(model.card.embedding_set)
    return [clip.filename for clip in clips], rows_of(clips, wanted)
