"""Warnings about data that can be fitted, but that looks wrong: repeated rows, odd scales, outliers."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ntkcli.arrays import FloatArray
from ntkcli.data.dataset import Dataset
from ntkcli.data.duplicates import duplicate_rows
from ntkcli.data.scaling import constant_columns
from ntkcli.data.table import Table
from ntkcli.units import counted

# Standard deviations from the mean, and ratio of scales, that are rarely meant.
FAR = 20.0
UNEVEN = 1000.0


def data_warnings(dataset: Dataset, *, standardized: bool) -> Iterator[str]:
    """Yield a line for everything about the rows and their scales that looks wrong.

    These come in addition to `Dataset.warnings`, which reading the files gives.

    Args:
        dataset: the rows.
        standardized: whether features have been shifted to mean 0 and scaled to variance 1.
    """
    train, names = dataset.train, dataset.schema.features.columns
    repeats = duplicate_rows(train.x)
    if repeats:
        first, second = (train.line(row) for row in repeats[0])
        yield (
            f"{train.file.path}: {counted(len(repeats), 'row')} with the features of another, "
            f"first line {second} those of line {first}: the Gram matrix is singular without a ridge"
        )
    yield from _constant(train, names)
    if not standardized:
        yield from _uneven(train, names)
    yield from _far(train, train.x, names)
    if not dataset.is_classification:
        yield from _far(train, train.targets.to_numpy(), dataset.schema.targets.names)


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
