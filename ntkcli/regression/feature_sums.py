"""What one pass over the rows adds up: all that a fit by features needs to know of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.products import add_square
from ntkcli.regression.feature_map import FeatureMap

# Rows that are added at once: fewer, and threads wait for those of BLAS too often. Sums are the same to the
# last digit however the rows arrive.
ROWS = 4096


@dataclass
class GramSums:
    """Sums of one Gram matrix.

    square: A = sum phi phi^T (r, r), Fortran-ordered, in the lower triangle.
    targets: sum phi y^T (r, k).
    trace: sum k(x, x).
    """

    square: FloatArray
    targets: FloatArray
    trace: float = 0.0

    @property
    def left_out(self) -> float:
        """The share of the trace that the features leave out."""
        return max(0.0, 1.0 - float(self.square.diagonal().sum()) / self.trace) if self.trace > 0 else 0.0


@dataclass
class FeatureSums:
    """Sums over rows.

    grams: of every Gram matrix.
    cross: sum phi psi^T, of the NTK's features phi and the NNGP's psi (r, r'), for an ensemble; or None.
    squares: sum y^2 of every output, (k,).
    rows: how many.
    """

    features: FeatureMap
    grams: dict[GramName, GramSums]
    cross: FloatArray | None
    squares: FloatArray
    rows: int = 0

    @classmethod
    def empty(cls, features: FeatureMap, outputs: int, *, with_cross: bool) -> Self:
        """The sums over no rows.

        Args:
            features: makes the features of rows.
            outputs: k.
            with_cross: whether an ensemble's variance is wanted.
        """
        ranks = {gram: whitening.rank for gram, whitening in features.whitenings.items()}
        grams = {
            gram: GramSums(np.zeros((rank, rank), order="F"), np.zeros((rank, outputs)))
            for gram, rank in ranks.items()
        }
        cross = np.zeros((ranks["ntk"], ranks["nngp"])) if with_cross else None
        return cls(features, grams, cross, np.zeros(outputs))

    def add(self, x: FloatArray, y: FloatArray) -> None:
        """Add rows x (c, d) with targets y (c, k); the features of all are in memory at once."""
        values, diagonals = self.features.features(x)
        for gram, sums in self.grams.items():
            add_square(sums.square, values[gram])
            sums.targets += values[gram].T @ y
            sums.trace += float(diagonals[gram].sum())
        if self.cross is not None:
            self.cross += values["ntk"].T @ values["nngp"]
        self.squares += np.sum(y**2, axis=0)
        self.rows += len(x)


def in_units(
    parts: Iterable[tuple[FloatArray, FloatArray]], rows: int = ROWS
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Join and cut parts (x, y) of rows so that each has `rows` of them, but for the last."""
    held: list[tuple[FloatArray, FloatArray]] = []
    count = 0
    for part in parts:
        held.append(part)
        count += len(part[0])
        while count >= rows:
            x, y = (np.concatenate(arrays) for arrays in zip(*held, strict=True))
            yield x[:rows], y[:rows]
            held, count = [(x[rows:], y[rows:])], count - rows
    if count:
        x, y = (np.concatenate(arrays) for arrays in zip(*held, strict=True))
        yield x, y
