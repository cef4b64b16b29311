"""What the manifest of a folder of embeddings says about the networks that made them."""

from pathlib import Path

import pandas as pd

from study.errors import RecordError

MANIFEST_NAME = "manifest.parquet"


def is_untrained(embeddings: Path) -> bool:
    """Tell whether any record came from networks that were never trained.

    Parameters
    ----------
    embeddings : Path
        Folder of the embedding set.

    Returns
    -------
    bool
        What the manifest says; False where there is none, as in the published embeddings.
    """
    path = embeddings / MANIFEST_NAME
    if not path.is_file():
        return False
    manifest = pd.read_parquet(path)
    if "untrained" not in manifest.columns:
        return False
    return bool(manifest["untrained"].fillna(True).astype(bool).any())


def refuse_untrained(embeddings: Path, *, allow: bool) -> bool:
    """Raise if the embeddings come from untrained networks and that was not asked for.

    Parameters
    ----------
    embeddings : Path
        Folder of the embedding set.
    allow : bool
        Whether it was.

    Returns
    -------
    bool
        Whether they do; it belongs into the model card.

    Raises
    ------
    RecordError
        If they do and it was not allowed.
    """
    untrained = is_untrained(embeddings)
    if untrained and not allow:
        raise RecordError(
            f"the embeddings in {embeddings} come from untrained networks, so that results say "
            "nothing about the paper's. Extract them with real weights, or pass --allow-untrained"
        )
    return untrained
