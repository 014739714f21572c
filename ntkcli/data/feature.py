"""A feature: one column of a file, and how it is encoded as one or several columns of numbers."""

import re
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from ntkcli.arrays import FloatArray
from ntkcli.data.cells import check_filled, check_no_slip, refuse
from ntkcli.data.csv_file import CsvFile
from ntkcli.data.faults import MISSING, Fault, number_in, shown, some
from ntkcli.data.log_scale import LogScale
from ntkcli.data.table_error import FaultList, TableError
from ntkcli.spec.section import Section

TRUTH = {"true": 1.0, "false": 0.0}
DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ].*)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}( .*)?|\d{1,2}:\d{2}(:\d{2})?"
)
# Amounts as people write them: 2,5 and 1 000 and 12% and $3.
AMOUNT = re.compile(r"[-+]?[$\u20ac\u00a3]?[-+]?\d+([., _'\u00a0]\d+)*[., ]?[%$\u20ac\u00a3]?")
# More different texts than half of the rows are names, not categories; small tables are spared.
FEW_ROWS = 20


class Feature(Section):
    """A column of a file, and how its cells become numbers.

        number: as it is. boolean: 1 for true, 0 for false. category: a column of 0 and 1 for each category.

    A cell without a value is NaN in all of its columns.

    name: of the file's column.
    categories: of a category, in order.
    log: the scale of a number whose logarithm is taken.
    """

    name: str
    kind: Literal["number", "boolean", "category"] = "number"
    categories: list[str] = Field(default=[])
    log: LogScale | None = None

    def __str__(self) -> str:
        match self.kind:
            case "number":
                return f"{self.name}: {'its logarithm' if self.log else 'number'}"
            case "boolean":
                return f"{self.name}: true or false"
        return f"{self.name}: {len(self.categories)} categories ({some(self.categories)})"

    @property
    def columns(self) -> list[str]:
        """The names of the encoded columns."""
        if self.kind == "category":
            return [f"{self.name}={category}" for category in self.categories]
        return [self.name]

    def encode(self, cells: pd.Series, file: CsvFile, *, missing: bool, ignore_unknown: bool) -> FloatArray:
        """Encode cells as numbers, (rows, columns).

        Args:
            cells: of the column, indexed by the file's rows.
            file: that they are from.
            missing: whether a cell may hold no value.
            ignore_unknown: whether a category that training had not is 0 everywhere, instead of an error.

        Raises:
            DataError: a cell cannot be encoded; the message has its line.
        """
        if self.kind == "number":
            numbers = cells.to_numpy()
            return (self.log.apply(numbers) if self.log else numbers)[:, None]
        faults = FaultList(file.path)
        if not missing:
            with faults.collecting():
                check_filled(cells, file)
        texts = cells.str.lower() if self.kind == "boolean" else cells
        known = list(TRUTH) if self.kind == "boolean" else self.categories
        codes = pd.Index(known).get_indexer(pd.Index(texts))
        empty = cells.isin(MISSING).to_numpy() & (codes < 0)
        if not ignore_unknown or self.kind == "boolean":
            with faults.collecting():
                self._check_known(cells, (codes < 0) & ~empty, file)
        faults.check()
        if self.kind == "boolean":
            encoded = np.array(list(TRUTH.values()))[codes][:, None]
        else:
            encoded = (codes[:, None] == np.arange(len(known))).astype(np.float64)
        encoded[empty] = np.nan
        return encoded

    def _check_known(self, cells: pd.Series, unknown: np.ndarray, file: CsvFile) -> None:
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


def text_feature(cells: pd.Series, file: CsvFile, *, listed: bool) -> Feature:
    """Return the feature that a column of text is, by its cells in training: a boolean or a category.

    Args:
        cells: of all training rows.
        file: that they are from.
        listed: whether the spec lists the column as categorical, so that it is one whatever it looks like.

    Raises:
        DataError: the cells look like dates, names, or numbers with a typing error among them.
    """
    name = str(cells.name)
    categories = category_order({str(text) for text in cells} - MISSING)
    if not listed:
        if {text.lower() for text in categories} <= TRUTH.keys() and categories:
            return Feature(name=name, kind="boolean")
        _check_looks(name, cells, categories, file)
    return Feature(name=name, kind="category", categories=categories)


def category_order(categories: set[str]) -> list[str]:
    """Sort categories by value if all are numbers, and else by letters."""
    numbers = {text: number_in(text) for text in categories}
    if None in numbers.values():
        return sorted(categories)
    return sorted(categories, key=lambda text: (numbers[text], text))


def _check_looks(name: str, cells: pd.Series, categories: list[str], file: CsvFile) -> None:
    if categories and all(DATE.fullmatch(text) for text in categories):
        what = (
            f"holds dates or times (such as {shown(categories[0])}): make numbers of them, such as "
            "days since the first and the month, or leave the column out with data.features or data.id"
        )
        raise TableError(file.path, [Fault(None, f"column {name!r} {what}", name)])
    check_no_slip(cells, file)
    what = ""
    if categories and all(AMOUNT.fullmatch(text) for text in categories):
        what = (
            f"holds numbers that cannot be read (such as {shown(categories[0])}): write them with a "
            "point, without signs of other kinds, or list it in data.categorical"
        )
    elif len(categories) > max(FEW_ROWS, len(cells)) / 2:
        what = (
            f"has {len(categories)} different texts in {len(cells)} rows, as names have: put it in "
            "data.id, leave it out with data.features, or list it in data.categorical"
        )
    if what:
        raise TableError(file.path, [Fault(None, f"column {name!r} {what}", name)])
