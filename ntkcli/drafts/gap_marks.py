"""Marks of missing values: texts among numbers, and numbers far from all others, for `csv.na_values`."""

from collections.abc import Sequence

from ntkcli.data.codes import MARKS, missing_mark
from ntkcli.data.notation import NO_VALUES
from ntkcli.drafts.column import Column

# Texts of a column of numbers that may stand for no value, and the share of its cells that are numbers then.
FEW_TEXTS, MOST_CELLS = 3, 0.8


def gap_marks(columns: Sequence[Column]) -> list[str]:
    """Return what stands for a missing value in columns, and for nothing else.

    Args:
        columns: of a table.
    """
    found = [text for column in columns for text in _texts(column)]
    numbers = [column for column in columns if len(column.present)]
    marks = {column.name: missing_mark(column.present) for column in numbers}
    for mark in {mark for mark in marks.values() if mark in MARKS and mark != -1}:
        others = [column for column in numbers if marks[column.name] != mark]
        if mark is not None and not any((column.present == mark).any() for column in others):
            found.append(f"{mark:g}")
    return sorted(set(found))


def _texts(column: Column) -> list[str]:
    """Return the texts of a column that is one of numbers but for them."""
    others = len(column.cells) - column.gaps - len(column.present)
    is_mostly_numbers = len(column.present) >= MOST_CELLS * (len(column.present) + others)
    are_known = all(text in NO_VALUES for text in column.odd)
    if len(column.present) and (are_known or (is_mostly_numbers and len(column.odd) <= FEW_TEXTS)):
        return column.odd
    return []
