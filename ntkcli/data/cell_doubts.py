"""Doubts about the cells of a training file as it has them: columns that may mean something else."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.codes import FEW_VALUES, are_few_values, looks_like_codes, looks_like_ids, missing_mark
from ntkcli.data.dataset import Dataset
from ntkcli.data.faults import shown, some
from ntkcli.data.spelling import same_spellings
from ntkcli.data.table_file import TableFile
from ntkcli.spec.data import DataSpec
from ntkcli.units import counted

# Rows that are looked at: as many as a moment allows, and for how numbers are written, a few.
MOST_ROWS, WRITTEN_ROWS = 100_000, 1000


@dataclass(frozen=True)
class CellDoubts:
    """The doubts about the cells of a training file.

    marks: by column, the number that seems to stand for a missing value.
    lines: what is doubtful, a line each.
    """

    marks: dict[str, float]
    lines: list[str]

    @classmethod
    def of(cls, dataset: Dataset, spec: DataSpec) -> Self:
        """Look at the training file of a dataset again.

        Args:
            dataset: as it was read.
            spec: by which it was read.
        """
        schema, file = dataset.schema, dataset.train.file
        numbers = [*schema.features.numbers, *schema.targets.numbers]
        frame = _first_rows(file, numbers, [], MOST_ROWS, missing=spec.gaps.allows_gaps)
        marks = {name: missing_mark(cells) for name, cells in _columns(frame[numbers])}
        found = {name: mark for name, mark in marks.items() if mark is not None}
        lines = [*_marks(file, frame, found), *_numbers(dataset, frame[schema.features.numbers])]
        lines += [*_classes(file, frame, spec, dataset), *_spellings(dataset), *_names(dataset)]
        return cls(found, lines)


def _first_rows(
    file: TableFile, numbers: list[str], texts: list[str], rows: int, *, missing: bool = False
) -> pd.DataFrame:
    if not numbers and not texts:
        return pd.DataFrame()
    with closing(file.chunks(numbers, texts, missing=missing, rows=rows)) as chunks:
        return next(chunks)


def _columns(frame: pd.DataFrame) -> Iterator[tuple[str, FloatArray]]:
    return zip(frame.columns, frame.to_numpy().T, strict=True)


def _or_list(file: TableFile) -> str:
    return " (or list it in data.csv.na_values)" if file.notation.form else ""


def _marks(file: TableFile, frame: pd.DataFrame, marks: dict[str, float]) -> Iterator[str]:
    for name, mark in marks.items():
        values = frame[name].to_numpy()
        rows, others = np.flatnonzero(values == mark), values[(values != mark) & ~np.isnan(values)]
        yield (
            f"{file.path}:{file.line(int(rows[0]))}: column {name!r}: {mark:g} is here and in "
            f"{counted(len(rows) - 1, 'other row')}, far from all other values ({others.min():g} to "
            f"{others.max():g}): if it means that there is none, leave these cells "
            f"empty{_or_list(file)} and set data.missing"
        )


def _numbers(dataset: Dataset, frame: pd.DataFrame) -> Iterator[str]:
    """Yield the features of numbers that may be ids or codes; a feature that is alone is neither."""
    # Neither has fractions throughout.
    whole = {name: values for name, values in _columns(frame) if (values == np.round(values)).any()}
    file, names = dataset.train.file, [*whole]
    if len(dataset.schema.features.features) == 1 or not names:
        return
    texts = _first_rows(file, [], names, WRITTEN_ROWS)
    for name, values in whole.items():
        written = [text.strip() for text in texts[name]]
        if looks_like_ids(name, values):
            what = "numbers the rows, as ids do: put it in data.id, or leave it out with data.features"
            yield f"{file.path}: column {name!r} {what}"
        elif looks_like_codes(name, values, written):
            yield (
                f"{file.path}: column {name!r} looks like codes (such as {shown(written[0])}), which are no "
                "amounts: list it in data.categorical, or leave it out with data.features"
            )


def _classes(file: TableFile, frame: pd.DataFrame, spec: DataSpec, dataset: Dataset) -> Iterator[str]:
    if spec.task != "auto" or dataset.is_classification or len(spec.target) > 1:
        return
    (name,) = spec.target
    different = np.unique(frame[name].dropna().to_numpy())
    if are_few_values(frame[name].to_numpy()):
        values = some([f"{value:g}" for value in different], FEW_VALUES)
        yield (
            f"{file.path}: target {name!r} has {len(different)} different values only ({values}): "
            "if they are classes, set data.task: classification, and if they are amounts, regression"
        )


def _spellings(dataset: Dataset) -> Iterator[str]:
    schema, path = dataset.schema, dataset.train.file.path
    columns = [(feature.name, feature.categories) for feature in schema.features.features]
    columns += [(name, schema.targets.classes) for name in schema.targets.names]
    for name, categories in columns:
        groups = [" and ".join(map(shown, group)) for group in same_spellings(categories)]
        if groups:
            yield (
                f"{path}: column {name!r} has categories that differ in case, spaces or points alone "
                f"({some(groups)}): write each in one way"
            )


def _names(dataset: Dataset) -> Iterator[str]:
    """Yield the names that two encoded columns have, such as a number `a=b` beside a category `b` of `a`."""
    counts = Counter(dataset.schema.features.columns)
    for name in (name for name, count in counts.items() if count > 1):
        yield f"{dataset.train.file.path}: two features become columns called {name!r}: rename one of the two"
