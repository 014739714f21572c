"""A Gram matrix that is multiplied with, but never stored: its tiles are computed anew every time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.evaluator import Evaluator, symmetric_tile
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.tiling import Tile, strips

# The tiles of a strip of rows, with their columns.
StripTiles = Callable[[slice], Iterator[tuple[slice, FloatArray]]]


@dataclass(frozen=True)
class TiledOperator:
    """The Gram matrix K (n, n) of some rows, in float64 whatever Gram matrices are stored as.

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

    def product(self, b: FloatArray) -> FloatArray:
        """K b for b (n, c)."""
        out = np.zeros((self.n, b.shape[1]))
        results = self.evaluator.executor.map(partial(strip_products, self._tiles, b), self._strips)
        for strip, (own, others) in zip(self._strips, results, strict=True):
            out[strip] += own
            out[: strip.start] += others
        return out

    def half_product(self, b: FloatArray) -> FloatArray:
        """T b for b (n, c), where T + T^T = K: T is the lower triangle with half of the diagonal."""
        out = np.zeros((self.n, b.shape[1]))
        results = self.evaluator.executor.map(partial(strip_half_product, self._tiles, b), self._strips)
        for strip, own in zip(self._strips, results, strict=True):
            out[strip] = own
        return out

    @property
    def _strips(self) -> list[slice]:
        """Strips of rows, the longest first, so that no worker is left alone with one of them."""
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
    """A strip of the lower triangle times b, and its transpose, left of the diagonal tile, times b."""
    own = np.zeros((strip.stop - strip.start, b.shape[1]))
    others = np.zeros((strip.start, b.shape[1]))
    for columns, values in tiles(strip):
        own += values @ b[columns]
        if columns != strip:
            others[columns] = values.T @ b[strip]
    return own, others


def strip_half_product(tiles: StripTiles, b: FloatArray, strip: slice) -> FloatArray:
    """A strip of the lower triangle, with half of the diagonal, times b."""
    own = np.zeros((strip.stop - strip.start, b.shape[1]))
    for columns, values in tiles(strip):
        if columns == strip:
            np.fill_diagonal(values, values.diagonal() / 2)
            values = np.tril(values)
        own += values @ b[columns]
    return own
