"""A Gram matrix in blocks, multiplied with few columns in threads."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray, IntArray, let_go
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.tiling import BlockTile, block_tiles
from ntkcli.linalg.blocks import BLOCK_ROWS, SymmetricBlocks

# Rows and columns of a block that are multiplied at once, and the spans from which on all of it is: fewer
# rows take longer, and few pieces leave threads idle.
PIECE_ROWS, MANY_SPANS = 1024, 16
# Up to so many columns, BLAS's own threads gain little.
FEW_COLUMNS = 128

# What a piece adds to a product, and to which of its rows.
Share = tuple[slice, FloatArray]


@dataclass(frozen=True)
class StoredOperator:
    """A matrix in blocks, in memory or in a file, multiplied in threads where there are few columns.

    blocks: the matrix; products with few columns are summed in float64, whatever it is stored as.
    executor: carries out the products.
    """

    blocks: SymmetricBlocks
    executor: Executor

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

    @property
    def best_columns(self) -> int:
        """As many as BLAS takes at once without being much slower."""
        return 32

    def product(self, b: FloatArray) -> FloatArray:
        """A b for b (n, c)."""
        return self._summed(piece_products, b) if b.shape[1] <= FEW_COLUMNS else self.blocks.product(b)

    def half_product(self, b: FloatArray) -> FloatArray:
        """T b for b (n, c), where T + T^T = A: T is the lower triangle with half of the diagonal."""
        return self._summed(piece_half_products, b)

    def columns(self, rows: IntArray) -> FloatArray:
        """The columns (n, s) with these indices, in float64."""
        return self.blocks.columns(rows)

    def principal(self, rows: IntArray) -> FloatArray:
        """The entries (s, s) between these rows, in float64."""
        return self.blocks.principal(rows)

    def _summed(
        self, multiply: Callable[[SymmetricBlocks, FloatArray, BlockTile], list[Share]], b: FloatArray
    ) -> FloatArray:
        """The sum of the shares of all pieces, (n, c), in their order whatever the number of threads."""
        transposed = np.ascontiguousarray(b.T, self.dtype)
        out = np.zeros(transposed.shape)
        spans = self.blocks.spans
        pieces = block_tiles(spans, PIECE_ROWS if len(spans) < MANY_SPANS else BLOCK_ROWS)
        found = self.executor.map(partial(multiply, self.blocks, transposed), pieces)
        for piece, shares in zip(pieces, found, strict=True):
            for rows, values in shares:
                out[:, rows] += values
            if piece.is_diagonal:
                # Of blocks in a file, all need not be in memory at once.
                let_go(self.blocks.flat)
        return np.ascontiguousarray(out.T)


def piece_half_products(blocks: SymmetricBlocks, b: FloatArray, piece: BlockTile) -> list[Share]:
    """b (c, n) times the transpose of a piece of the lower triangle, with half of the diagonal."""
    return [(piece.rows, b[:, piece.columns] @ _values(blocks, piece).T)]


def piece_products(blocks: SymmetricBlocks, b: FloatArray, piece: BlockTile) -> list[Share]:
    """The same, and b times the piece itself."""
    values = _values(blocks, piece)
    return [(piece.rows, b[:, piece.columns] @ values.T), (piece.columns, b[:, piece.rows] @ values)]


def _values(blocks: SymmetricBlocks, piece: BlockTile) -> FloatArray:
    """A piece of T, where T + T^T is the matrix."""
    values = blocks[piece.block][piece.within]
    if piece.is_diagonal:
        # As a transpose, whose rows lie in memory one after another, in a tenth of the time.
        values = np.triu(values.T).T
        np.fill_diagonal(values, values.diagonal() / 2)
    return values
