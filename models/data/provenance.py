"""Where data come from: the digests of a list, and what made a folder of embeddings."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from features.records.manifest import MANIFEST_NAME, Recipe, read_recipe
from study.errors import RecordError


class DataCard(BaseModel):
    """One list that a network was made with.

    Parameters
    ----------
    name : str
        The list's file name without ending.
    list_sha256, records_sha256 : str
        Digests of the list and of its records' content.
    n_cut : int
        Clips with more timesteps than the network sees.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    n_clips: int
    list_sha256: str
    records_sha256: str
    n_cut: int = 0


def recipe_of(embeddings: Path, *, allow_untrained: bool) -> Recipe | None:
    """Return what made the embeddings, and refuse untrained networks unless asked for.

    None where there is no manifest, as beside the published embeddings.
    """
    if not (embeddings / MANIFEST_NAME).is_file():
        return None
    recipe = read_recipe(embeddings)
    if recipe.is_untrained and not allow_untrained:
        raise RecordError(
            f"the embeddings in {embeddings} come from untrained networks, so that results say "
            "nothing about the paper's. Extract them with real weights, or pass --allow-untrained"
        )
    return recipe
