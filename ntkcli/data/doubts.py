"""What looks wrong in data that can be computed with all the same."""

from collections.abc import Iterator

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.dataset import Dataset, Table
from ntkcli.data.duplicates import duplicate_rows
from ntkcli.data.scaling import constant_columns

# Standard deviations from the mean, and ratio of scales, that are rarely meant.
FAR = 20.0
UNEVEN = 1000.0


def doubts(dataset: Dataset) -> Iterator[str]:
    """A line for every doubt about the rows and their scales, beside the warnings of reading them."""
    train = dataset.train
    repeats = duplicate_rows(train.x)
    if repeats:
        first, second = (train.file.line(row) for row in repeats[0])
        yield (
            f"{train.file.path}: {len(repeats)} rows repeat the features of others, "
            f"first line {second} those of line {first}: the Gram matrix is singular without a ridge"
        )
    yield from _constant(train, dataset.columns.features)
    yield from _uneven(train, dataset.columns.features)
    yield from _far(train, train.x, dataset.columns.features)
    yield from _far(train, train.targets.to_numpy(), dataset.columns.targets)


def _constant(train: Table, names: list[str]) -> Iterator[str]:
    """Constant features that standardising has not dropped."""
    for i in np.flatnonzero(constant_columns(train.x)):
        yield f"{train.file.path}: column {names[i]!r} is constant"


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
    """Values many standard deviations from their column's mean."""
    deviation = np.abs(values - values.mean(axis=0))
    spread = values.std(axis=0)
    for i in np.flatnonzero(deviation.max(axis=0) > FAR * spread):
        row = int(np.argmax(deviation[:, i]))
        yield (
            f"{train.file.path}:{train.file.line(row)}: column {names[i]!r} is {values[row, i]:.3g} here, "
            f"{deviation[row, i] / spread[i]:.0f} standard deviations from its mean"
        )
