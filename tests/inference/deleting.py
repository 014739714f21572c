"""Leaving rows out the long way: delete the row, train on the others, predict it."""

from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import BoolArray, FloatArray, IntArray

from .gaussian import dense_flow


@dataclass(frozen=True)
class Deleted:
    """All rows, each predicted by the others.

    residual: (n, k).
    posterior: variances of noisy observations, (n,).
    ensemble: variances over networks, (n,).
    """

    residual: FloatArray
    posterior: FloatArray
    ensemble: FloatArray


def delete_each(
    matrix: FloatArray,
    prior: FloatArray,
    y: FloatArray,
    ridge: float,
    time: float,
    groups: IntArray | None = None,
) -> Deleted:
    """Train on matrix + ridge I without each row in turn, or without all of its group.

    `prior` is the networks' NNGP matrix.
    """
    labels = np.arange(len(y)) if groups is None else groups
    rows = [_delete(i, labels != labels[i], matrix, prior, y, ridge, time) for i in range(len(y))]
    residual, posterior, ensemble = zip(*rows, strict=True)
    return Deleted(np.array(residual), np.array(posterior), np.array(ensemble))


def _delete(
    i: int,
    kept: BoolArray,
    matrix: FloatArray,
    prior: FloatArray,
    y: FloatArray,
    ridge: float,
    time: float,
) -> tuple[FloatArray, float, float]:
    others = np.flatnonzero(kept)
    gram = matrix[np.ix_(others, others)] + ridge * np.eye(len(others))
    to_row = matrix[i, others]
    gain = to_row @ dense_flow(gram, time)
    posterior = matrix[i, i] + ridge - to_row @ dense_flow(gram, 2 * time) @ to_row
    cross, among = prior[i, others], prior[np.ix_(others, others)]
    ensemble = prior[i, i] - 2 * gain @ cross + gain @ among @ gain
    return y[i] - gain @ y[others], float(posterior), float(ensemble)
