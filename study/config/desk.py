"""How the lab runs its desk; nothing here changes what a rating means."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class DeskFiles(BaseModel):
    """The lab's own arrangements.

    Parameters
    ----------
    group : str or None
        A group of this machine whose accounts share the study: its files and folders are the
        group's; None for the one account that made it.
    session_minutes : float or None
        A session ends in so many minutes at most; None for no limit.
    sessions_per_day : int or None
        From how many sessions a day on the experimenter is warned; None for never.
    rest_minutes : float or None
        The experimenter is warned where less time has passed since the last session; None for
        never.
    screen_widths_cm : dict of str to float
        Width of the whole screen by the machine's host name, for machines whose screen is not as
        wide as `screen.width_cm` says: ``{ "cubicle-2" = 59.8 }``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    group: str | None = None
    session_minutes: float | None = Field(None, gt=0, le=1440)
    sessions_per_day: PositiveInt | None = None
    rest_minutes: float | None = Field(None, gt=0, le=10_000)
    screen_widths_cm: dict[str, Annotated[float, Field(gt=0, le=1000)]] = Field(
        default_factory=dict
    )
