"""A Gram matrix that is multiplied with while its tiles are computed anew."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.kernels.evaluator import Evaluator, symmetric_tile
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.tiling import Tile, strips

# The tiles of a strip of rows, with their columns.
StripTiles = Callable[[slice], Iterator[tuple[slice, FloatArray]]]


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
        transposed, cuts = np.ascontiguousarray(b.T), self._strips
        out = np.zeros(transposed.shape)
        results = self.evaluator.executor.map(partial(strip_products, self._tiles, transposed), cuts)
        for strip, (own, others) in zip(cuts, results, strict=True):
            out[:, strip] += own
            out[:, : strip.start] += others
        return np.ascontiguousarray(out.T)

    def half_product(self, b: FloatArray) -> FloatArray:
        """T b for b (n, c), where T + T^T = A: T is the lower triangle with half of the diagonal."""
        out, cuts = np.zeros((self.n, b.shape[1])), self._strips
        results = self.evaluator.executor.map(partial(strip_half_product, self._tiles, b), cuts)
        for strip, own in zip(cuts, results, strict=True):
            out[strip] = own
        return out

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
    def _strips(self) -> list[slice]:
        """Strips of a tile's height, the longest first, so that no worker is left alone with one of them."""
        return list(strips(slice(0, self.n), self.evaluator.tile_rows))[::-1]

    @property
    def _tiles(self) -> StripTiles:
        return partial(strip_tiles, self.evaluator.network, self.rows, self.gram, self.evaluator.tile_rows)


def strip_tiles(
    network: Network, rows: Rows, gram: GramName, tile_rows: int, strip: slice
) -> Iterator[tuple[slice, FloatArray]]:
    """The tiles of a strip of the lower triangle with their columns, the diagonal tile at last."""
    for columns in strips(slice(0, strip.stop), tile_rows):
        yield columns, symmetric_tile(network, rows, [gram], Tile(strip, columns))[gram]


def strip_products(tiles: StripTiles, b: FloatArray, strip: slice) -> tuple[FloatArray, FloatArray]:
    """b (c, n) times a strip of the lower triangle's rows, transposed, and times it left of the diagonal."""
    own = np.zeros((len(b), strip.stop - strip.start))
    others = np.zeros((len(b), strip.start))
    for columns, values in tiles(strip):
        own += b[:, columns] @ values.T
        if columns != strip:
            others[:, columns] = b[:, strip] @ values
    return own, others


def strip_half_product(tiles: StripTiles, b: FloatArray, strip: slice) -> FloatArray:
    """A strip of the lower triangle, with half of the diagonal, times b (n, c)."""
    own = np.zeros((strip.stop - strip.start, b.shape[1]))
    for columns, values in tiles(strip):
        if columns == strip:
            values = np.tril(values)
            np.fill_diagonal(values, values.diagonal() / 2)
        own += values @ b[columns]
    return own
