"""What a column of a table seems to be for: a feature of some kind, an id, or nothing."""

import re
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ntkcli.data.codes import ID_NAME, TIME_NAME, looks_like_codes, looks_like_ids, missing_mark
from ntkcli.data.date_reading import day_of, is_date, settled_order
from ntkcli.data.faults import shown
from ntkcli.data.given_sides import TEST, TRAIN
from ntkcli.data.log_scale import helpful_log
from ntkcli.data.table_error import TableError
from ntkcli.data.table_file import TableFile
from ntkcli.data.text_feature import text_feature
from ntkcli.drafts.column import Column

Use = Literal["number", "category", "date", "id", "side", "out"]
# Categories that are worth a column each: so many, and rows of each on average.
MOST_CATEGORIES, ROWS_EACH = 300, 3
GROUP_NAME = re.compile(
    r"(.*[\W_])?(patient|subject|person|individual|participant|customer|client|user|machine|batch|site|school|"
    r"family|household|group|plate|station|firm|company|chick|animal|worker|employee|country|state|county|"
    r"city|district|province)s?([\W_]?(id|no|number))?",
    re.IGNORECASE,
)
# Rows of a group, on average.
ROWS_OF_GROUP = 2
CALENDAR_NAME = re.compile(r"(.*[\W_])?(year|quarter|month|week|weekday|day|hour|minute|date)", re.IGNORECASE)
# Whole numbers that may be categories.
FEW_NUMBERS = 6
# Cells in which codes are looked for.
LOOKED_AT = 1000


@dataclass(frozen=True)
class Role:
    """What a column is for.

    column: the column.
    use: what it is for; `side` says whether a row is to train with, `out` is for nothing.
    why: it seems to be that.
    is_listed: whether it is a category only if `data.categorical` says so.
    """

    column: Column
    use: Use
    why: str
    is_listed: bool = False

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.column.name

    @property
    def is_feature(self) -> bool:
        """Whether the column is a feature."""
        return self.use in ("number", "category", "date")

    @property
    def at_least_number(self) -> "Role":
        """This role or, for numbers that have another, that of a feature: where there is none beside."""
        if self.is_feature or not self.column.is_number or self.column.distinct == 1:
            return self
        why = f"number; {self.why}, but there is no other feature"
        return replace(self, use="number", why=why, is_listed=False)

    @property
    def is_group(self) -> bool:
        """Whether the column may say which rows belong together, such as those of a patient."""
        is_named = GROUP_NAME.fullmatch(self.name) or ID_NAME.fullmatch(self.name)
        return bool(is_named) and _repeats(self.column)

    @property
    def is_time_index(self) -> bool:
        """Whether the column may say when a row was, rather than how long something took."""
        if self.use == "date" or CALENDAR_NAME.fullmatch(self.name):
            return True
        counts = self.column.cells[self.column.cells != ""].value_counts()
        is_even = counts.iloc[0] == counts.iloc[-1] > 1
        return bool(TIME_NAME.fullmatch(self.name)) and self.column.is_number and bool(is_even)

    @property
    def is_skewed(self) -> bool:
        """Whether the column holds skewed numbers that a logarithm makes less so."""
        return self.use == "number" and helpful_log(self.column.values) is not None


def role_of(column: Column, file: TableFile) -> Role:
    """Return what a column seems to be for.

    Args:
        column: the column.
        file: that it is from.
    """
    if not column.texts:
        return Role(column, "out", "has no value in any row")
    if column.distinct == 1:
        return Role(column, "out", f"is {shown(column.texts[0])} in every row")
    if column.is_number:
        return _of_numbers(column)
    if not len(column.present) and is_date(column.texts[0]):
        return _of_dates(column)
    return _of_texts(column, file)


def _of_numbers(column: Column) -> Role:
    name, values, count = column.name, column.values, column.distinct
    if looks_like_ids(name, values):
        # What merely counts is in predictions.csv anyway, and rows that come later may lack it.
        counts = (np.diff(values) == 1).all()
        return Role(column, "out" if counts else "id", "a whole number for each row, as ids are")
    if ID_NAME.fullmatch(name):
        return Role(column, "out", f"is called as ids are, with {count} different ones")
    if looks_like_codes(name, values, list(column.cells[:LOOKED_AT])):
        what = f"looks like {count} different codes (such as {column.texts[0]}), which are no amounts"
        return Role(column, "category" if _are_few(column) else "out", what, is_listed=True)
    if GROUP_NAME.fullmatch(name) and are_whole_groups(column):
        what = f"{count} different numbers that name groups, and are no amounts"
        return Role(column, "category" if _are_few(column) else "out", what, is_listed=True)
    least, largest = column.present.min(), column.present.max()
    what = f"number, {least:g} to {largest:g}"
    if count == 2:
        what = f"number, {least:g} or {largest:g}"
    elif count <= FEW_NUMBERS:
        what += f", {count} different ones: in categorical, if they are names"
    elif (mark := missing_mark(column.present)) is not None:
        what += f"; {mark:g} may stand for a missing value: leave these cells empty"
    return Role(column, "number", what)


def _of_dates(column: Column) -> Role:
    try:
        order = settled_order(column.texts)
    except ValueError as error:
        return Role(column, "out", f"holds dates, and {str(error).rpartition(': ')[0]}")
    days = [day_of(text, order) for text in column.texts]
    if None in days:
        text = column.texts[days.index(None)]
        return Role(column, "out", f"holds dates, and texts that are none (such as {shown(text)})")
    return Role(column, "date", f"date, such as {column.texts[0]}")


def _of_texts(column: Column, file: TableFile) -> Role:
    count, rows = column.distinct, len(column.cells)
    if _tells_sides(column):
        return Role(column, "side", "says which rows are to be predicted")
    # inf and NAN are read as numbers, and refused.
    is_mixed = any(file.notation.number_in(text) is not None for text in column.texts)
    refusal = "" if is_mixed else _refusal(column, file)
    if not _are_few(column):
        is_name = count == rows or ID_NAME.fullmatch(column.name)
        what = refusal or f"has {count} different texts in {rows} rows: too many for categories"
        return Role(column, "id" if is_name else "out", what)
    if refusal:
        return Role(column, "out", refusal)
    what = f"category, {count} different ones"
    if is_mixed:
        what += f", some of them no numbers (such as {shown(column.odd[0])})"
    return Role(column, "category", what, is_listed=is_mixed)


def are_whole_groups(column: Column) -> bool:
    """Return whether a column is of whole numbers, more than two and each there twice on average."""
    if not column.is_number:
        return False
    return _repeats(column) and bool((column.present == np.round(column.present)).all())


def _repeats(column: Column) -> bool:
    return 2 < column.distinct <= len(column.cells) / ROWS_OF_GROUP


def _tells_sides(column: Column) -> bool:
    texts = {str(text).casefold() for text in column.texts}
    is_known = not column.gaps and texts <= {*TRAIN, *TEST}
    return is_known and not texts.isdisjoint(TRAIN) and not texts.isdisjoint(TEST)


def _are_few(column: Column) -> bool:
    present = len(column.cells) - column.gaps
    return column.distinct <= min(MOST_CATEGORIES, max(2, present / ROWS_EACH))


def _refusal(column: Column, file: TableFile) -> str:
    """Return why a fit would refuse a column of text; "" if it would not."""
    try:
        text_feature(column.cells, file, listed=False, gap="category")
    except TableError as error:
        return error.faults[0].what.removeprefix(f"column {column.name!r} ").partition(": ")[0]
    return ""
