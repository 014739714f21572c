"""The encoding of a column of dates: some of their parts as numbers, and as points on a circle."""

from datetime import date
from typing import Annotated, Self

import numpy as np
import pandas as pd
from pydantic import Field

from ntkcli.arrays import BoolArray, FloatArray
from ntkcli.data.cells import is_missing, refuse
from ntkcli.data.date_reading import FORMS, Order, day_of, settled_order
from ntkcli.data.faults import Fault, shown
from ntkcli.data.table_error import TableError
from ntkcli.data.table_file import TableFile
from ntkcli.spec.data import DatePart
from ntkcli.spec.section import Section
from ntkcli.spec.types import Finite

_CYCLIC: frozenset[DatePart] = frozenset(["month", "weekday", "hour"])


class DateEncoding(Section):
    """How the dates of a column become numbers.

        year: itself. days: since the first date in training, a time being a fraction of a day.
        month, weekday, hour: cosine and sine of 2 pi times the share of the year, the week or the day that is
        over, by whole months and days, and with minutes and seconds of an hour.

    Times are in UTC. A cell without a value is NaN in all columns.

    order: in which year, month and day are written.
    first: the first date in training, as days since 1970.
    parts: in the order of the columns.
    """

    order: Order
    first: Finite
    parts: Annotated[list[DatePart], Field(min_length=1)]

    @classmethod
    def of(cls, cells: pd.Series, file: TableFile, parts: list[DatePart] | None) -> Self:
        """Return the encoding of a column, by its cells in training.

        Args:
            cells: of all training rows.
            file: that they are from.
            parts: that the spec asks for; None for days, and those others that tell more.

        Raises:
            TableError: a cell is no date, or it is not settled whether days or months come first.
        """
        name = str(cells.name)
        texts = [str(text) for text in cells[~is_missing(cells)].unique()]
        try:
            order = settled_order(texts)
        except ValueError as error:
            raise TableError(file.path, [Fault(None, f"column {name!r} {error}", name)]) from error
        days = read_days(cells, order, file)
        present = days[~np.isnan(days)]
        return cls(
            order=order,
            first=float(present.min()) if len(present) else 0.0,
            parts=parts or _telling_parts(present),
        )

    def __str__(self) -> str:
        first = date.fromordinal(date(1970, 1, 1).toordinal() + int(np.floor(self.first)))
        since = [f"days since {first}" if part == "days" else part for part in self.parts]
        return f"date ({FORMS[self.order]}) as {', '.join(since)}"

    @property
    def columns(self) -> list[str]:
        """The names of the columns, without that of the feature."""
        return [
            name
            for part in self.parts
            for name in ([f"{part} cos", f"{part} sin"] if part in _CYCLIC else [part])
        ]

    @property
    def widths(self) -> list[int]:
        """The number of columns of each part."""
        return [2 if part in _CYCLIC else 1 for part in self.parts]

    def encode(self, cells: pd.Series, file: TableFile) -> FloatArray:
        """Encode cells as numbers, (rows, columns).

        Raises:
            TableError: a cell is no date in the order that training has; it has the line.
        """
        days = read_days(cells, self.order, file)
        known = np.where(np.isnan(days), 0.0, days)
        encoded = np.column_stack([self._encoded(part, known) for part in self.parts])
        encoded[np.isnan(days)] = np.nan
        return encoded

    def _encoded(self, part: DatePart, days: FloatArray) -> FloatArray:
        if part == "days":
            return days - self.first
        if part == "year":
            return _number(part, days)
        angle = 2 * np.pi * _number(part, days) / {"month": 12, "weekday": 7, "hour": 24}[part]
        return np.column_stack([np.cos(angle), np.sin(angle)])

    def varying(self, constant: BoolArray) -> Self:
        """Return this encoding without the parts all of whose columns are constant, unless all parts are.

        Args:
            constant: which columns are.
        """
        groups = np.split(constant, np.cumsum(self.widths))
        parts = [part for part, group in zip(self.parts, groups, strict=False) if not group.all()]
        return self.model_copy(update={"parts": parts or self.parts})


def read_days(cells: pd.Series, order: Order, file: TableFile) -> FloatArray:
    """Read dates as days since 1970, (rows,), NaN where a cell holds no value.

    Args:
        cells: of the column, indexed by the file's rows.
        order: of their parts.
        file: that they are from.

    Raises:
        TableError: a cell holds something else; it has the line.
    """
    codes, texts = pd.factorize(cells)
    found = [day_of(str(text), order) for text in texts]
    days = np.array(found, dtype=np.float64)[codes]
    refuse(
        cells,
        np.isnan(days) & ~is_missing(cells),
        file,
        lambda text: (
            f"found {shown(str(text))} where a date ({FORMS[order]}) is wanted: {file.remedies.number}"
        ),
    )
    return days


def _telling_parts(days: FloatArray) -> list[DatePart]:
    """Return days, and those other parts that vary and tell more: days tell the year, too.

    The weekday of dates that are all of one day of the month, as in monthly tables, tells nothing.
    """
    parts: list[DatePart] = ["month", "weekday", "hour"]
    if len(np.unique(_dates(days) - _dates(days).astype("M8[M]"))) <= 1:
        parts.remove("weekday")
    return ["days", *(part for part in parts if len(np.unique(_number(part, days))) > 1)]


def _number(part: DatePart, days: FloatArray) -> FloatArray:
    """Return a part of dates (rows,) as a number; month and weekday begin with 0, on a Monday."""
    dates = _dates(days)
    match part:
        case "year":
            return dates.astype("M8[Y]").astype(np.float64) + 1970
        case "month":
            return dates.astype("M8[M]").astype(np.float64) % 12
        case "weekday":
            return (np.floor(days) + 3) % 7
        case "hour":
            return 24 * (days - np.floor(days))
    return days


def _dates(days: FloatArray) -> np.ndarray:
    return np.floor(days).astype(np.int64).astype("M8[D]")
