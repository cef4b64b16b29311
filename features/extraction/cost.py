"""How long, and what it costs, to extract many clips: from a measured rate."""

from collections.abc import Sequence

import pandas as pd

from study.reports.html import render

# Paper: Data Description, all rated clips; and Moments in Time as a whole, about.
SIZES = (57_177, 1_000_000)
_S_PER_H = 3600


def forecast(
    clips_per_core_s: float,
    *,
    n_cores: Sequence[int],
    price_per_core_h: float,
    sizes: Sequence[int] = SIZES,
) -> pd.DataFrame:
    """Return hours and cost by number of clips and cores.

    Returns columns ``clips``, ``cores``, ``hours``, ``cost``.

    Parameters
    ----------
    clips_per_core_s : float
        Clips per second of one core, as `features extract` prints them.
    n_cores : sequence of int
        Cores of all machines together; the rate is assumed to grow with them.
    price_per_core_h : float
        Of one core for one hour, in any currency.

    Examples
    --------
    >>> forecast(5.0, n_cores=[2], price_per_core_h=0.05, sizes=[36_000]).to_dict("records")
    [{'clips': 36000, 'cores': 2, 'hours': 1.0, 'cost': 0.1}]
    """
    rows = [
        {"clips": size, "cores": cores, "hours": size / (clips_per_core_s * cores) / _S_PER_H}
        for size in sizes
        for cores in n_cores
    ]
    table = pd.DataFrame(rows)
    return table.assign(cost=table["hours"] * table["cores"] * price_per_core_h)


def forecast_page(
    table: pd.DataFrame, *, rate: float, on_cores: int, price_per_core_h: float
) -> str:
    """Return a page with a forecast."""
    return render(
        "features.extraction",
        "forecast.html",
        title="Extraction: hours and cost",
        rate=rate,
        on_cores=on_cores,
        price_per_core_h=price_per_core_h,
        rows=[tuple(row.values()) for row in table.to_dict("records")],
    )
