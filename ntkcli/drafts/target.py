"""The target of a draft: which column it is, and whether it holds classes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ntkcli.data.codes import are_few_values
from ntkcli.data.faults import shown, some
from ntkcli.data.log_scale import skewness
from ntkcli.data.table_file import TableFile
from ntkcli.drafts.column import Column
from ntkcli.drafts.role import Role, are_whole_groups
from ntkcli.errors import DataError

# What targets are called, with a word before it perhaps; the first there is.
NAMES = [
    re.compile(rf"(.*[\W_])?(?:{words})", re.IGNORECASE)
    for words in (
        "target|y",
        "outcome|response|diagnosis|survived|churn",
        "labels?|class(es)?",
        "(sale_?)?prices?|medv",
        "species|cultivar",
    )
]
# Names of classes, which many different numbers are not: such a column says which rows belong together.
CLASS_NAME = re.compile(r"(.*[\W_])?(labels?|class(es)?|species|cultivar)", re.IGNORECASE)
# Names of whole numbers of which one is more than another, however few there are.
AMOUNT_NAME = re.compile(
    r"(.*[\W_])?(n|num|number|counts?|ratings?|scores?|stars|points|quality|size|age|days|weeks|months|years|hours|"
    r"visits)([\W_].*)?",
    re.IGNORECASE,
)
Task = Literal["regression", "classification"]
# Of a class there are so many rows on average, or else there is nothing to learn from.
ROWS_OF_CLASS = 3
# Skewness above which a transform of the target is tried.
SKEWED = 2.0

GIVEN = "as you said"

# What asks which column is the target: the guess and all columns, to the answer.
Ask = Callable[[str, Sequence[str]], str]


@dataclass(frozen=True)
class Target:
    """The target of a draft.

    column: the column.
    why: it is taken for the target.
    task: what is done with it.
    why_task: the task is that.
    """

    column: Column
    why: str
    task: Task
    why_task: str

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.column.name

    @property
    def counts(self) -> list[int]:
        """How often each different value is there, the most frequent first."""
        cells = self.column.cells
        return cells[cells != ""].value_counts().to_list()

    @property
    def rows(self) -> int:
        """The number of rows with a value, or of the most frequent class, of which a share can be taken."""
        return self.counts[0] if self.task == "classification" else sum(self.counts)

    @property
    def is_skewed(self) -> bool:
        """Whether it holds numbers that are so skewed that a transform is worth trying."""
        return self.task == "regression" and abs(skewness(self.column.values)) > SKEWED


def guessed_target(roles: Mapping[str, Role], file: TableFile, ask: Ask | None) -> tuple[str, str]:
    """Return the column that is most likely to be the target, and why.

    Args:
        roles: of all columns that have a name, in the file's order.
        file: that they are from.
        ask: answers where the guess is weak; None for nobody there.

    Raises:
        DataError: no column can be one.
    """
    usable = [name for name, role in roles.items() if role.use in ("number", "category")]
    if not usable:
        raise DataError(f"{file.path}: no column looks like a target: name it behind the table")
    for pattern in NAMES:
        if found := [name for name in usable if pattern.fullmatch(name) and not _is_no_class(roles[name])]:
            return found[-1], "by its name"
    guess, why = _last(roles, usable)
    return (guess, why) if ask is None else (ask(guess, usable), GIVEN)


def _is_no_class(role: Role) -> bool:
    is_group = are_whole_groups(role.column) and not are_few_values(role.column.present)
    return bool(CLASS_NAME.fullmatch(role.name)) and is_group


def _last(roles: Mapping[str, Role], usable: Sequence[str]) -> tuple[str, str]:
    """Return the last column that is no group or time, which are rarely predicted, and why it is."""
    no_groups = [name for name in usable if not roles[name].is_group]
    likely = [name for name in no_groups if not roles[name].is_time_index]
    last = (likely or no_groups or usable)[-1]
    behind = [*roles][[*roles].index(last) + 1 :]
    if not behind:
        return last, "a guess: the last column"
    why = f"a guess: the last column but {some(behind, 3)}"
    return last, why if likely else f"{why}; it may say when or of whom a row is"


def target_of(column: Column, why: str, file: TableFile, task: Task | None) -> Target:
    """Return a column as the target.

    Args:
        column: the column.
        why: it is the target.
        file: that it is from.
        task: what is to be done with it; None for what suits it.

    Raises:
        DataError: there is nothing to learn from it.
    """
    where = f"{file.path}: target {column.name!r}"
    if column.distinct < 2:
        value = shown(column.texts[0]) if column.texts else "without a value"
        raise DataError(f"{where} is {value} in every row: there is nothing to learn: name another")
    classes = _classes(column)
    is_amount = column.distinct > 2 and AMOUNT_NAME.fullmatch(column.name)
    if column.is_number and task is None:
        task = "classification" if classes and not is_amount else "regression"
    if task == "regression" and not len(column.present):
        raise DataError(f"{where} holds text, and no numbers for a regression: give another template")
    is_mixed = bool(column.odd) and len(column.present) > 0
    if (column.odd and task == "regression") or (is_mixed and not _are_classes(column)):
        # Where some cells are numbers, this tells the lines of those that are not.
        file.read([column.name], [], missing=True)
    task = task or "classification"
    if task == "classification" and not _are_classes(column):
        raise DataError(
            f"{where} has {column.distinct} different values in {len(column.cells)} rows, which are too "
            "many for classes: name another target, or another template"
        )
    return Target(column, why, task, classes if task == "classification" and classes else _numbers(column))


def _are_classes(column: Column) -> bool:
    return column.distinct <= max(2, (len(column.cells) - column.gaps) / ROWS_OF_CLASS)


def _classes(column: Column) -> str:
    """Return what the classes are; "" for numbers that are none."""
    if not column.is_number:
        return f"{column.distinct} classes: {some(column.texts, 4)}"
    if not are_few_values(column.present):
        return ""
    values = some([f"{value:g}" for value in np.unique(column.present)])
    what = f"{column.distinct} different numbers ({values})"
    return f"{what}, as names are; counts or ratings: regression" if column.distinct > 2 else what


def _numbers(column: Column) -> str:
    return f"{column.distinct:,} different numbers"
