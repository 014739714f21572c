"""What one pass over the rows adds up: all that a fit by features needs to know of them.

Rows are added in units, and units in groups of a fixed length. A product is cut into tiles, each of which is
one thread's. So the sums are the same to the last digit however the rows arrive, whoever adds them up, and
with how many threads.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.keeping import State
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.rows import GramName
from ntkcli.kernels.tiling import Tile, lower_tiles, rectangle_tiles
from ntkcli.regression.feature_map import FeatureMap

# Rows that are added at once: fewer, and threads wait for each other too often.
ROWS = 4096
# Rows of a group: a worker of a cluster sends m^2 numbers for each.
GROUP_ROWS = 4 * ROWS
# Rows and columns of a product that a thread computes.
TILE = 768

# Some rows: x (c, d), y (c, k) and, where they have any, weights (c,).
Part = tuple[FloatArray, ...]


@dataclass
class GramSums:
    """Sums of one Gram matrix.

    square: A = sum phi phi^T (r, r), Fortran-ordered, in the lower triangle.
    targets: sum phi y^T (r, k), Fortran-ordered.
    trace: sum k(x, x).
    """

    square: FloatArray
    targets: FloatArray
    trace: float = 0.0

    @classmethod
    def empty(cls, rank: int, outputs: int) -> Self:
        """The sums over no rows, of r features and k outputs."""
        return cls(np.zeros((rank, rank), order="F"), np.zeros((rank, outputs), order="F"))

    @property
    def left_out(self) -> float:
        """The share of the trace that the features leave out."""
        return max(0.0, 1.0 - float(self.square.diagonal().sum()) / self.trace) if self.trace > 0 else 0.0

    def include(self, other: "GramSums") -> None:
        """Add the sums over other rows."""
        self.square += other.square
        self.targets += other.targets
        self.trace += other.trace


@dataclass
class RowSums:
    """Sums over rows.

    grams: of every Gram matrix.
    cross: sum phi psi^T, of the NTK's features phi and the NNGP's psi (r, r'), for an ensemble; or None.
    squares: sum y^2 of every output, (k,).
    rows: how many.
    """

    grams: dict[GramName, GramSums]
    cross: FloatArray | None
    squares: FloatArray
    rows: int

    @property
    def state(self) -> State:
        """All numbers, to go on from."""
        arrays = {"squares": self.squares}
        for gram, sums in self.grams.items():
            arrays |= {f"{gram}.square": sums.square, f"{gram}.targets": sums.targets}
            arrays[f"{gram}.trace"] = np.array([sums.trace])
        if self.cross is not None:
            arrays["cross"] = self.cross
        return State(self.rows, arrays)

    def go_on(self, state: State) -> None:
        """Take the numbers of a state."""
        arrays, self.rows = state.arrays, state.done
        self.squares, self.cross = arrays["squares"], arrays.get("cross")
        for gram in self.grams:
            square, targets, trace = (arrays[f"{gram}.{name}"] for name in ("square", "targets", "trace"))
            self.grams[gram] = GramSums(square, targets, float(trace[0]))

    def include(self, other: "RowSums") -> None:
        """Add the sums over other rows."""
        for gram, sums in self.grams.items():
            sums.include(other.grams[gram])
        if self.cross is not None and other.cross is not None:
            self.cross += other.cross
        self.squares += other.squares
        self.rows += other.rows


@dataclass
class FeatureSums(RowSums):
    """Sums over rows, and the features that they are of."""

    features: FeatureMap

    @classmethod
    def empty(cls, features: FeatureMap, outputs: int, *, with_cross: bool) -> Self:
        """The sums over no rows.

        Args:
            features: makes the features of rows.
            outputs: k.
            with_cross: whether an ensemble's variance is wanted.
        """
        ranks = {gram: whitening.rank for gram, whitening in features.whitenings.items()}
        grams = {gram: GramSums.empty(rank, outputs) for gram, rank in ranks.items()}
        cross = np.zeros((ranks["ntk"], ranks["nngp"]), order="F") if with_cross else None
        return cls(grams, cross, np.zeros(outputs), 0, features)

    def add(self, x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> None:
        """Add rows; the features of all are in memory at once.

        Args:
            x: (c, d).
            y: targets (c, k).
            weights: of the rows' squared errors, (c,); None for 1. All sums but their number are weighted.
        """
        values, diagonals = self.features.features(x)
        if weights is not None:
            roots = np.sqrt(weights)[:, None]
            for own in values.values():
                own *= roots
            y, diagonals = y * roots, {gram: own * weights for gram, own in diagonals.items()}
        executor = self.features.evaluator.executor
        for gram, sums in self.grams.items():
            own = values[gram]
            add_product(sums.square, own, own, lower_tiles(own.shape[1], TILE), executor)
            add_product(sums.targets, own, y, _tiles(sums.targets), executor)
            sums.trace += float(diagonals[gram].sum())
        if self.cross is not None:
            add_product(self.cross, values["ntk"], values["nngp"], _tiles(self.cross), executor)
        self.squares += np.sum(y**2, axis=0)
        self.rows += len(x)


def add_product(
    total: FloatArray, a: FloatArray, b: FloatArray, tiles: Sequence[Tile], executor: Executor
) -> None:
    """Add some tiles of A^T B to a matrix, in place.

    Args:
        total: (r, s), Fortran-ordered.
        a, b: A (c, r) and B (c, s).
        tiles: of the matrix.
        executor: computes the tiles.
    """
    for _ in executor.run(partial(_product_tile, a, b), tiles, partial(_add_tile, total)):
        pass


def _tiles(total: FloatArray) -> list[Tile]:
    rows, columns = total.shape
    return rectangle_tiles(rows, columns, TILE)


def _product_tile(a: FloatArray, b: FloatArray, tile: Tile) -> FloatArray:
    """A tile of A^T B, Fortran-ordered as what it is added to."""
    return np.asarray((b[:, tile.columns].T @ a[:, tile.rows]).T)


def _add_tile(total: FloatArray, tile: Tile, values: FloatArray) -> None:
    total[tile.rows, tile.columns] += values


def group_sums(features: FeatureMap, with_cross: bool, group: Part) -> RowSums:
    """The sums over a group of rows.

    Args:
        features: makes the features of rows.
        with_cross: whether an ensemble's variance is wanted.
        group: what `FeatureSums.add` takes of its rows.
    """
    sums = FeatureSums.empty(features, group[1].shape[1], with_cross=with_cross)
    for unit in in_units([group]):
        sums.add(*unit)
    return RowSums(sums.grams, sums.cross, sums.squares, sums.rows)


def in_units(parts: Iterable[Part], rows: int = ROWS) -> Iterator[Part]:
    """Join and cut parts so that each has so many rows, but for the last."""
    held: list[Part] = []
    count = 0
    for part in parts:
        held.append(part)
        count += len(part[0])
        while count >= rows:
            whole = _joined(held)
            yield tuple(array[:rows] for array in whole)
            held, count = [tuple(array[rows:] for array in whole)], count - rows
    if count:
        yield _joined(held)


def _joined(parts: Sequence[Part]) -> Part:
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))
