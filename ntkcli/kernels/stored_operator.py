"""A Gram matrix in blocks, multiplied with few columns in threads."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray, IntArray, let_go
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.operator_of_tiles import OperatorOfTiles, StripTiles
from ntkcli.kernels.tiling import strips
from ntkcli.linalg.blocks import SymmetricBlocks

# Rows and columns of a piece of a stored block: smaller and larger ones are multiplied more slowly.
STORED_TILE_ROWS = 512
# Up to so many columns, BLAS's own threads gain little.
FEW_COLUMNS = 128


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
