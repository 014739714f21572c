"""predictions.csv: a row for every row to predict, kernel and time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ntkcli.data.table import Table
from ntkcli.errors import DataError
from ntkcli.regression.question import time_text
from ntkcli.results.presentation import Presentation
from ntkcli.results.result import Result


def check_names(presentation: Presentation, ids: list[str], place: object) -> None:
    """Check that no two columns of predictions.csv have the same name.

    Args:
        presentation: names the columns of the targets.
        ids: names of the id columns.
        place: the training file, for the message.

    Raises:
        DataError: an id or a target has a name that predictions.csv gives to another column.
    """
    names = [*_row_names(ids), "kernel", "time", *presentation.names]
    for name in names:
        if names.count(name) > 1:
            raise DataError(
                f"{place}: predictions.csv would have two columns {name!r}: rename the target or the id"
            )


def _row_names(ids: list[str]) -> list[str]:
    """Return the columns that tell which row it is; an id called `row` is what the user calls it by."""
    return ids if "row" in ids else [*ids, "row"]


def prediction_table(presentation: Presentation, table: Table, results: Sequence[Result]) -> pd.DataFrame:
    """Return a table with a row for every row to predict, kernel and time, in this order.

    Args:
        presentation: gives the columns of the targets.
        table: the m rows to predict, with their ids and observed targets.
        results: predictions of the m rows, one for every kernel and time.
    """
    parts = [_result_table(presentation, table, result) for result in results]
    joined = pd.concat(parts, ignore_index=True)
    by_row = np.arange(len(joined)).reshape(len(results), len(table)).T
    return joined.iloc[by_row.ravel()]


def _result_table(presentation: Presentation, table: Table, result: Result) -> pd.DataFrame:
    cells: dict[str, Any] = {str(name): values.to_numpy() for name, values in table.ids.items()}
    columns = {name: cells.get(name, table.rows) for name in _row_names(list(cells))}
    columns |= {"kernel": result.kernel, "time": time_text(result.time)}
    for name, values in presentation.columns(result, table.targets):
        columns[name] = values.to_numpy() if isinstance(values, pd.Series) else values
    return pd.DataFrame(columns)
