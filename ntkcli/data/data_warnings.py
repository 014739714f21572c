"""Warnings about data that can be fitted, but that looks wrong: repeats, odd scales, outliers, codes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ntkcli.arrays import FloatArray
from ntkcli.data.cell_doubts import CellDoubts
from ntkcli.data.dataset import Dataset
from ntkcli.data.duplicates import duplicate_rows
from ntkcli.data.scaling import constant_columns
from ntkcli.data.table import Table
from ntkcli.spec.data import DataSpec
from ntkcli.units import counted

# Standard deviations from the mean, and ratio of scales, that are rarely meant.
FAR = 20.0
UNEVEN = 1000.0


def data_warnings(dataset: Dataset, spec: DataSpec, *, singular: bool) -> Iterator[str]:
    """Yield a line for everything about the rows, their scales and their cells that looks wrong.

    These come in addition to `Dataset.warnings`, which reading the files gives.

    Args:
        dataset: the rows.
        spec: by which they were read.
        singular: whether rows with the same features make a Gram matrix singular that is to be inverted.
    """
    train, features, targets = dataset.train, dataset.schema.features, dataset.schema.targets
    names = features.columns
    yield from _repeats(train, singular=singular)
    yield from _constant(train, names)
    if not spec.standardize:
        yield from _uneven(train, names)
    doubts = CellDoubts.of(dataset, spec)
    # That a category is rare, or a number a mark, says more than how far it is from the mean.
    plain = [
        i
        for i, group in enumerate(features.groups)
        if features.features[group].kind == "number"
        and names[i] not in doubts.marks
        and not _is_either_or(train.x[:, i])
    ]
    yield from _far(train, train.x[:, plain], [names[i] for i in plain])
    amounts = [name for name in targets.numbers if name not in doubts.marks]
    yield from _far(train, train.targets[amounts].to_numpy(), amounts)
    yield from doubts.lines


def _is_either_or(values: FloatArray) -> bool:
    """Return whether there are two values at most, as of a category that is written as 0 and 1."""
    return bool(((values == values.min()) | (values == values.max())).all())


def _repeats(train: Table, *, singular: bool) -> Iterator[str]:
    repeats = duplicate_rows(train.x)
    if repeats:
        first, second = (train.line(row) for row in repeats[0])
        more = f", and {counted(len(repeats) - 1, 'more row')} those of others" if len(repeats) > 1 else ""
        why = ": the Gram matrix is singular without a ridge" if singular else ""
        yield f"{train.file.path}: line {second} has the features of line {first}{more}{why}"


def _constant(train: Table, names: list[str]) -> Iterator[str]:
    """Constant features that standardising has not dropped."""
    found = np.flatnonzero(constant_columns(train.x))
    if found.size:
        yield f"{train.file.path}: column {names[found[0]]!r}{_and_others(found)} is constant"


def _uneven(train: Table, names: list[str]) -> Iterator[str]:
    """Features whose scales differ so much that the kernel sees the largest alone."""
    scale = np.abs(train.x).max(axis=0)
    large, small = int(np.argmax(scale)), int(np.argmin(np.where(scale > 0, scale, np.inf)))
    if scale[large] > UNEVEN * scale[small] > 0:
        yield (
            f"{train.file.path}: column {names[large]!r} has values up to {scale[large]:.3g} and "
            f"{names[small]!r} up to {scale[small]:.3g} only, which counts for little: "
            "data.standardize: true would give them equal weight"
        )


def _far(train: Table, values: FloatArray, names: list[str]) -> Iterator[str]:
    """Values many standard deviations from their column's mean: the farthest, and in how many columns."""
    if not values.size:
        return
    # A standard deviation that leaves the range of float64 raises no warning here.
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        deviation = np.abs(values - values.mean(axis=0))
        std = values.std(axis=0)
        farthest = np.where(std > 0, deviation.max(axis=0) / std, 0.0)
    found = np.flatnonzero(np.isfinite(farthest) & (farthest > FAR))
    if found.size:
        worst = int(found[np.argmax(farthest[found])])
        line = train.line(int(np.argmax(deviation[:, worst])))
        yield (
            f"{train.file.path}:{line}: column {names[worst]!r}{_and_others(found)} is here "
            f"{farthest[worst]:.0f} standard deviations from its mean"
        )


def _and_others(found: NDArray[np.intp]) -> str:
    return f" (and {counted(len(found) - 1, 'other')})" if len(found) > 1 else ""
