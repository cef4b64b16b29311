"""What a query found, as a table."""

from typing import Any

import pandas as pd
from sqlalchemy import Result


def as_frame(result: Result[*tuple[Any, ...]]) -> pd.DataFrame:
    """Return all rows of a result; a result without rows keeps its columns.

    Returns one row per row, columns under the names that the query gave them.
    """
    # Plain tuples: pandas asks every row of SQLAlchemy whether it is a dataclass.
    return pd.DataFrame(list(map(tuple, result)), columns=list(result.keys()))
