"""Products of a symmetric matrix that comes tile by tile, strip after strip of rows."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.executor import Executor

# The tiles of a strip of rows, with their columns.
StripTiles = Callable[[slice], Iterator[tuple[slice, FloatArray]]]


class OperatorOfTiles(ABC):
    """A symmetric matrix A (n, n) whose lower triangle comes in strips of tiles; sums are in float64."""

    @property
    @abstractmethod
    def n(self) -> int:
        """The number of rows of the matrix."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """The type of the matrix's entries."""

    @property
    @abstractmethod
    def best_columns(self) -> int:
        """How many columns a product may have before they cost more than the tiles themselves."""

    @property
    @abstractmethod
    def executor(self) -> Executor:
        """What carries out the products of strips."""

    @property
    @abstractmethod
    def strips(self) -> list[slice]:
        """Strips of rows, the longest first, so that no worker is left alone with one of them."""

    @property
    @abstractmethod
    def tiles(self) -> StripTiles:
        """What gives the tiles of a strip."""

    def product(self, b: FloatArray) -> FloatArray:
        """A b for b (n, c)."""
        transposed = np.ascontiguousarray(b.T, self.dtype)
        out = np.zeros(transposed.shape)
        results = self.executor.map(partial(strip_products, self.tiles, transposed), self.strips)
        for strip, (own, others) in zip(self.strips, results, strict=True):
            out[:, strip] += own
            out[:, : strip.start] += others
        return np.ascontiguousarray(out.T)

    def half_product(self, b: FloatArray) -> FloatArray:
        """T b for b (n, c), where T + T^T = A: T is the lower triangle with half of the diagonal."""
        out = np.zeros((self.n, b.shape[1]))
        b = b.astype(self.dtype, copy=False)
        results = self.executor.map(partial(strip_half_product, self.tiles, b), self.strips)
        for strip, own in zip(self.strips, results, strict=True):
            out[strip] = own
        return out


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
