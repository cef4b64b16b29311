"""What a folder of embeddings says about the networks that made them."""

from pathlib import Path

from features.records.manifest import MANIFEST_NAME, Recipe, read_recipe
from study.errors import RecordError


def recipe_of(embeddings: Path, *, allow_untrained: bool) -> Recipe | None:
    """Return what made the embeddings, and refuse untrained networks unless asked for.

    Returns
    -------
    Recipe or None
        What the manifest says; None where there is none, as beside the published embeddings.

    Raises
    ------
    RecordError
        If an untrained network was among them and that was not allowed.
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
