"""Symmetric matrices that are multiplied with tile by tile: tiles that are computed anew, or stored."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray, IntArray, let_go
from ntkcli.kernels.evaluator import Evaluator, symmetric_tile
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.tiling import Tile, strips
from ntkcli.linalg.blocks import SymmetricBlocks

# The tiles of a strip of rows, with their columns.
StripTiles = Callable[[slice], Iterator[tuple[slice, FloatArray]]]

# Rows and columns of a piece of a stored block: smaller and larger ones are multiplied more slowly.
STORED_TILE_ROWS = 512
# Up to so many columns, BLAS's own threads gain little.
FEW_COLUMNS = 128


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


@dataclass(frozen=True)
class StoredOperator(OperatorOfTiles):
    """A matrix in blocks, in memory or in a file, multiplied in threads where there are few columns.

    blocks: the matrix; products with few columns are summed in float64, whatever it is stored as.
    threads: carry out the products.
    """

    blocks: SymmetricBlocks
    threads: Executor

    @property
    def n(self) -> int:
        """The number of rows of the matrix."""
        return self.blocks.n

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the matrix's entries."""
        return self.blocks.dtype

    @cached_property
    def diagonal(self) -> FloatArray:
        """The diagonal, (n,)."""
        return self.blocks.diagonal

    def product(self, b: FloatArray) -> FloatArray:
        """A b for b (n, c)."""
        return super().product(b) if b.shape[1] <= FEW_COLUMNS else self.blocks.product(b)

    @property
    def best_columns(self) -> int:
        """As many as BLAS takes at once without being much slower."""
        return 32

    @property
    def executor(self) -> Executor:
        """The threads."""
        return self.threads

    @property
    def strips(self) -> list[slice]:
        """Strips that lie within a block each."""
        return [piece for span in self.blocks.spans for piece in strips(span, STORED_TILE_ROWS)][::-1]

    @property
    def tiles(self) -> StripTiles:
        """Reads them."""
        return partial(stored_tiles, self.blocks)

    def columns(self, rows: IntArray) -> FloatArray:
        """The columns (n, s) with these indices, in float64."""
        return self.blocks.columns(rows)

    def principal(self, rows: IntArray) -> FloatArray:
        """The entries (s, s) between these rows, in float64."""
        return self.blocks.principal(rows)


def strip_tiles(
    network: Network, rows: Rows, gram: GramName, tile_rows: int, strip: slice
) -> Iterator[tuple[slice, FloatArray]]:
    """The tiles of a strip of the lower triangle with their columns, the diagonal tile at last."""
    for columns in strips(slice(0, strip.stop), tile_rows):
        yield columns, symmetric_tile(network, rows, [gram], Tile(strip, columns))[gram]


def stored_tiles(blocks: SymmetricBlocks, strip: slice) -> Iterator[tuple[slice, FloatArray]]:
    """The same of a matrix in blocks; all but the diagonal tile are views."""
    i = next(i for i, span in enumerate(blocks.spans) if span.start <= strip.start < span.stop)
    within = slice(strip.start - blocks.spans[i].start, strip.stop - blocks.spans[i].start)
    for j, span in enumerate(blocks.spans[: i + 1]):
        for columns in strips(slice(span.start, min(span.stop, strip.stop)), STORED_TILE_ROWS):
            tile = blocks[i, j][within, columns.start - span.start : columns.stop - span.start]
            if columns == strip:
                lower = np.tril(tile)
                tile = lower + np.tril(lower, -1).T
            yield columns, tile
    # Of blocks in a file, all need not be in memory at once.
    let_go(blocks.flat)


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
