"""A feature: one column of a file, and how it is encoded as one or several columns of numbers."""

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from ntkcli.arrays import BoolArray, FloatArray
from ntkcli.data.cells import check_filled, is_missing, refuse
from ntkcli.data.date_encoding import DateEncoding
from ntkcli.data.faults import number_in, shown, some
from ntkcli.data.log_scale import LogScale
from ntkcli.data.table_error import FaultList
from ntkcli.data.table_file import TableFile
from ntkcli.spec.missing import Rule
from ntkcli.spec.section import Section

TRUTH = {"true": 1.0, "false": 0.0}


class Feature(Section):
    """A column of a file, and how its cells become numbers.

        number: as it is. boolean: 1 for true, 0 for false. category: a column of 0 and 1 for each category.
        date: as its encoding says.

    A cell without a value is NaN in all of its columns, or a category of its own, which is called "".

    name: of the file's column.
    categories: of a category, in order.
    log: the scale of a number whose logarithm is taken.
    date: the encoding of a date.
    indicator: whether there is a last column, of 1 where a cell has no value and of 0 elsewhere.
    """

    name: str
    kind: Literal["number", "boolean", "category", "date"] = "number"
    categories: list[str] = Field(default_factory=list)
    log: LogScale | None = None
    date: DateEncoding | None = None
    indicator: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self._description}{', and whether it is missing' if self.indicator else ''}"

    @property
    def _description(self) -> str:
        if self.date:
            return str(self.date)
        match self.kind:
            case "category":
                names = [category or "missing" for category in self.categories]
                return f"{len(names)} categories ({some(names)})"
            case "boolean":
                return "true or false"
        return "its logarithm" if self.log else "number"

    @property
    def is_plain(self) -> bool:
        """Whether it is a number as it is."""
        return self.kind == "number" and not (self.log or self.indicator)

    @property
    def columns(self) -> list[str]:
        """The names of the encoded columns."""
        gap = f"{self.name} missing"
        if self.kind == "category":
            return [f"{self.name}={category}" if category else gap for category in self.categories]
        own = [f"{self.name} {column}" for column in self.date.columns] if self.date else [self.name]
        return own + [gap] * self.indicator

    @property
    def widths(self) -> list[int]:
        """The numbers of columns that share a scale, in order."""
        if self.kind == "category":
            return [len(self.categories)]
        return (self.date.widths if self.date else [1]) + [1] * self.indicator

    def varying(self, constant: BoolArray) -> "Feature | None":
        """Return this feature without what does not vary, or None if nothing does.

        Args:
            constant: which columns are constant, (columns,).
        """
        if constant.all():
            return None
        return self.model_copy(update={"date": self.date.varying(constant)}) if self.date else self

    def encode(self, cells: pd.Series, file: TableFile, *, gap: Rule, ignore_unknown: bool) -> FloatArray:
        """Encode cells as numbers, (rows, columns).

        Args:
            cells: of the column, indexed by the file's rows.
            file: that they are from.
            gap: what becomes of a cell that holds no value.
            ignore_unknown: whether a category that training had not is 0 everywhere, instead of an error.

        Raises:
            DataError: a cell cannot be encoded; the message has its line.
        """
        faults = FaultList(file.path)
        encoded: FloatArray = np.empty((0, 0))
        if gap == "error":
            with faults.collecting():
                check_filled(cells, file)
        with faults.collecting():
            encoded = self._encoded(cells, file, gap=gap, ignore_unknown=ignore_unknown)
        faults.check()
        return np.hstack([encoded, np.isnan(encoded[:, :1])]) if self.indicator else encoded

    def _encoded(self, cells: pd.Series, file: TableFile, *, gap: Rule, ignore_unknown: bool) -> FloatArray:
        if self.date:
            return self.date.encode(cells, file)
        if self.kind == "number":
            numbers = cells.to_numpy()
            return (self.log.apply(numbers) if self.log else numbers)[:, None]
        is_boolean = self.kind == "boolean"
        known = [*TRUTH] if is_boolean else self.categories
        gaps = is_missing(cells)
        texts = cells.str.lower() if is_boolean else cells.mask(gaps, "")
        codes = pd.Index(known).get_indexer(pd.Index(texts))
        empty = gaps & (gap != "category")
        if not ignore_unknown or is_boolean:
            self._check_known(cells, (codes < 0) & ~empty, file)
        if is_boolean:
            encoded = np.array([*TRUTH.values()])[codes][:, None]
        else:
            encoded = (codes[:, None] == np.arange(len(known))).astype(np.float64)
        encoded[empty] = np.nan
        return encoded

    def _check_known(self, cells: pd.Series, unknown: np.ndarray, file: TableFile) -> None:
        is_boolean = self.kind == "boolean"
        known = list(TRUTH) if is_boolean else self.categories
        remedy = "correct it or drop the row" if is_boolean else file.remedies.unknown
        refuse(
            cells,
            unknown,
            file,
            lambda text: (
                f"found {shown(str(text))}, which is not among its values in training ({some(known)}): "
                f"{remedy}"
            ),
        )


def category_order(categories: set[str]) -> list[str]:
    """Sort categories by value if all are numbers, and else by letters."""
    numbers = {text: number_in(text) for text in categories}
    if None in numbers.values():
        return sorted(categories)
    return sorted(categories, key=lambda text: (numbers[text], text))
