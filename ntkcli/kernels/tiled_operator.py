"""A Gram matrix that is multiplied with while its tiles are computed anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.kernels.evaluator import Evaluator, symmetric_tile
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.tiling import Tile, strip_groups, strips


@dataclass(frozen=True)
class TiledOperator:
    """The Gram matrix K (n, n) of some rows, computed anew for every product.

    It is float64 whatever Gram matrices are stored as.

    evaluator: computes its tiles.
    rows: the rows, prepared for the network.
    gram: "nngp" or "ntk".
    """

    evaluator: Evaluator
    rows: Rows
    gram: GramName

    @property
    def n(self) -> int:
        """The number of rows of the matrix."""
        return len(self.rows)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the matrix's entries, and of its products."""
        return np.dtype(np.float64)

    @property
    def diagonal(self) -> FloatArray:
        """The diagonal, (n,)."""
        return self.rows.diagonal(self.gram)

    @property
    def best_columns(self) -> int:
        """Many: a tile costs far more."""
        return 96

    def product(self, b: FloatArray) -> FloatArray:
        """A b for b (n, c)."""
        out = np.zeros((b.shape[1], self.n))
        task = partial(strip_product, *self._matrix, np.ascontiguousarray(b.T))
        groups = strip_groups(self.n, self.evaluator.tile_rows)
        for part in self.evaluator.executor.sums(task, groups, add_shorter):
            add_shorter(out, part)
        return np.ascontiguousarray(out.T)

    def half_product(self, b: FloatArray) -> FloatArray:
        """T b for b (n, c), where T + T^T = A: T is the lower triangle with half of the diagonal."""
        cuts = [*strips(slice(0, self.n), self.evaluator.tile_rows)]
        found = self.evaluator.executor.map(partial(strip_half_product, *self._matrix, b), cuts)
        return np.concatenate([*found])

    def columns(self, rows: IntArray) -> FloatArray:
        """The columns (n, s) with these indices."""
        found = self.evaluator.rectangle(self.rows, self.rows[rows], [self.gram])[self.gram]
        found[rows, np.arange(len(rows))] = self.diagonal[rows]
        return found

    def principal(self, rows: IntArray) -> FloatArray:
        """The entries (s, s) between these rows."""
        some = self.rows[rows]
        found = self.evaluator.rectangle(some, some, [self.gram])[self.gram]
        np.fill_diagonal(found, some.diagonal(self.gram))
        return found

    @property
    def _matrix(self) -> tuple[Network, Rows, GramName, int]:
        """What the tiles are computed of."""
        return self.evaluator.network, self.rows, self.gram, self.evaluator.tile_rows


def strip_tiles(
    network: Network, rows: Rows, gram: GramName, tile_rows: int, strip: slice
) -> Iterator[tuple[slice, FloatArray]]:
    """The tiles of a strip of the lower triangle with their columns, the diagonal tile at last."""
    for columns in strips(slice(0, strip.stop), tile_rows):
        yield columns, symmetric_tile(network, rows, [gram], Tile(strip, columns))[gram]


def strip_product(
    network: Network, rows: Rows, gram: GramName, tile_rows: int, b: FloatArray, strip: slice
) -> FloatArray:
    """What a strip of the lower triangle and its transpose add to b (c, n) times the matrix, (c, strip.stop).

    They add nothing to the columns behind.
    """
    out = np.zeros((len(b), strip.stop))
    for columns, values in strip_tiles(network, rows, gram, tile_rows, strip):
        out[:, strip] += b[:, columns] @ values.T
        if columns != strip:
            out[:, columns] = b[:, strip] @ values
    return out


def add_shorter(total: FloatArray, part: FloatArray) -> FloatArray:
    """Add an array to the first columns of another, which is returned."""
    total[:, : part.shape[1]] += part
    return total


def strip_half_product(
    network: Network, rows: Rows, gram: GramName, tile_rows: int, b: FloatArray, strip: slice
) -> FloatArray:
    """A strip of the lower triangle, with half of the diagonal, times b (n, c)."""
    own = np.zeros((strip.stop - strip.start, b.shape[1]))
    for columns, values in strip_tiles(network, rows, gram, tile_rows, strip):
        if columns == strip:
            values = np.tril(values)
            np.fill_diagonal(values, values.diagonal() / 2)
        own += values @ b[columns]
    return own
