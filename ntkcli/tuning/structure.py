"""What is known of the rows that a search cuts into folds: classes, groups, times, and given folds."""

from dataclasses import dataclass
from typing import Self

import pandas as pd

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.columns import check_present
from ntkcli.data.groups import group_codes
from ntkcli.data.table import Table
from ntkcli.data.times import times_of
from ntkcli.spec.tune import ValidationSpec


@dataclass(frozen=True)
class Structure:
    """What is known of n rows that they are cut by.

    labels: (n,), the classes as integers; None for a regression.
    groups: (n,), numbers of the groups that are kept together; None where rows go by themselves.
    times: (n,), if the past is to predict the future.
    folds: (n,), the number of the fold of each row, if these are given.
    """

    labels: IntArray | None = None
    groups: IntArray | None = None
    times: FloatArray | None = None
    folds: IntArray | None = None

    @classmethod
    def of(cls, table: Table, labels: IntArray | None, validation: ValidationSpec) -> Self:
        """Read the columns that a validation names, for the rows of a table.

        Raises:
            DataError: a column is not there, is empty somewhere, or holds no times.
        """
        file, rows, groups = table.file, pd.Index(table.rows), table.groups
        for key in ("groups", "time", "column"):
            name = getattr(validation, key)
            check_present(file, [name] if name else [], f"tune.validation.{key}")
        if validation.groups:
            groups = group_codes(validation.groups, rows, file, "tune.validation.groups")
        times = None
        if validation.time:
            times = times_of(validation.time, rows, file, "tune.validation.time")
        folds = None
        if validation.column:
            folds = group_codes(validation.column, rows, file, "tune.validation.column")
        return cls(labels, groups, times, folds)
