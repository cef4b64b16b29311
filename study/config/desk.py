"""How the lab runs its desk; nothing here changes what a rating means."""

from pydantic import BaseModel, ConfigDict


class DeskFiles(BaseModel):
    """The lab's own arrangements.

    Parameters
    ----------
    group : str or None
        A group of this machine whose accounts share the study: its files and folders are the
        group's; None for the one account that made it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    group: str | None = None
