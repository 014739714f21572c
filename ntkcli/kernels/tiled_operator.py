"""A Gram matrix that is multiplied with, but never stored: its tiles are computed anew every time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.gram import Gram, symmetric_tile
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import Rows
from ntkcli.kernels.tiling import Tile, strips


@dataclass(frozen=True)
class TiledOperator:
    """The Gram matrix K (n, n) of some rows, in float64 whatever Gram matrices are stored as.

    gram: computes its tiles.
    rows: the rows, prepared for the network.
    kernel: "nngp" or "ntk".
    """

    gram: Gram
    rows: Rows
    kernel: str

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
        return self.rows.diagonal(self.kernel)

    def product(self, b: FloatArray) -> FloatArray:
        """K b for b (n, c)."""
        out = np.zeros((self.n, b.shape[1]))
        cuts = self._strips
        task = partial(strip_products, self.gram.network, self.rows, self.kernel, self.gram.tile_rows, b)
        for strip, (own, others) in zip(cuts, self.gram.executor.map(task, cuts), strict=True):
            out[strip] += own
            out[: strip.start] += others
        return out

    def half_product(self, b: FloatArray) -> FloatArray:
        """T b for b (n, c), where T + T^T = K: the lower triangle with half of the diagonal."""
        out = np.zeros((self.n, b.shape[1]))
        cuts = self._strips
        task = partial(strip_half_product, self.gram.network, self.rows, self.kernel, self.gram.tile_rows, b)
        for strip, own in zip(cuts, self.gram.executor.map(task, cuts), strict=True):
            out[strip] = own
        return out

    @property
    def _strips(self) -> Sequence[slice]:
        """Strips of rows, the longest first, so that no worker is left alone with one of them."""
        return list(strips(slice(0, self.n), self.gram.tile_rows))[::-1]


def strip_products(
    network: Network, rows: Rows, kernel: str, tile_rows: int, b: FloatArray, strip: slice
) -> tuple[FloatArray, FloatArray]:
    """A strip of the lower triangle times b, and its transpose, left of the diagonal tile, times b."""
    own = np.zeros((strip.stop - strip.start, b.shape[1]))
    others = np.zeros((strip.start, b.shape[1]))
    for columns in strips(slice(0, strip.start), tile_rows):
        values = symmetric_tile(network, rows, [kernel], Tile(strip, columns))[kernel]
        own += values @ b[columns]
        others[columns] = values.T @ b[strip]
    values = symmetric_tile(network, rows, [kernel], Tile(strip, strip))[kernel]
    return own + values @ b[strip], others


def strip_half_product(
    network: Network, rows: Rows, kernel: str, tile_rows: int, b: FloatArray, strip: slice
) -> FloatArray:
    """A strip of the lower triangle, with half of the diagonal, times b."""
    own = np.zeros((strip.stop - strip.start, b.shape[1]))
    for columns in strips(slice(0, strip.start), tile_rows):
        own += symmetric_tile(network, rows, [kernel], Tile(strip, columns))[kernel] @ b[columns]
    lower = np.tril(symmetric_tile(network, rows, [kernel], Tile(strip, strip))[kernel])
    np.fill_diagonal(lower, lower.diagonal() / 2)
    return own + lower @ b[strip]
