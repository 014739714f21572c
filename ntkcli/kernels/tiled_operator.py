"""A Gram matrix that is multiplied with while its tiles are computed anew."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.kernels.evaluator import Evaluator, symmetric_tile
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.network import Network
from ntkcli.kernels.operator_of_tiles import OperatorOfTiles, StripTiles
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.tiling import Tile, strips


@dataclass(frozen=True)
class TiledOperator(OperatorOfTiles):
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

    @property
    def executor(self) -> Executor:
        """The evaluator's."""
        return self.evaluator.executor

    @property
    def strips(self) -> list[slice]:
        """Strips of a tile's height."""
        return list(strips(slice(0, self.n), self.evaluator.tile_rows))[::-1]

    @property
    def tiles(self) -> StripTiles:
        """Computes them."""
        return partial(strip_tiles, self.evaluator.network, self.rows, self.gram, self.evaluator.tile_rows)

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


def strip_tiles(
    network: Network, rows: Rows, gram: GramName, tile_rows: int, strip: slice
) -> Iterator[tuple[slice, FloatArray]]:
    """The tiles of a strip of the lower triangle with their columns, the diagonal tile at last."""
    for columns in strips(slice(0, strip.stop), tile_rows):
        yield columns, symmetric_tile(network, rows, [gram], Tile(strip, columns))[gram]
