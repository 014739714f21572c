"""Gram matrices of a network: which values are wanted, and where they go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import Allocate, FloatArray, in_memory, let_go
from ntkcli.journal import Advance, unshown
from ntkcli.kernels.executor import Executor, Here, Threads
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.scratch import thread_scratch
from ntkcli.kernels.tiling import TILE_ROWS, BlockTile, Tile, block_tiles, rectangle_tiles
from ntkcli.linalg.blocks import SymmetricBlocks

Values = dict[GramName, FloatArray]


@dataclass
class Evaluator:
    """Computes Gram matrices of one network, tile by tile.

    The arithmetic of a tile is float64 whatever `dtype` says: `dtype` is what Gram matrices are stored as.

    network: the network whose kernels are computed.
    tile_rows: rows and columns of a tile; what one worker works on should fit its share of the cache.
    executor: computes the tiles.
    dtype: the type of the symmetric matrices' entries.
    """

    network: Network
    tile_rows: int = TILE_ROWS
    executor: Executor = field(default_factory=Threads)
    dtype: npt.DTypeLike = np.float64

    @property
    def alone(self) -> Self:
        """The same for a thread that computes by itself."""
        return replace(self, executor=Here())

    def symmetric(
        self,
        rows: Rows,
        grams: Iterable[GramName],
        advance: Advance = unshown,
        *,
        allocate: Allocate = in_memory,
    ) -> dict[GramName, SymmetricBlocks]:
        """Gram matrices (n, n) of the rows with themselves, by name ("nngp", "ntk").

        Only the lower triangle is computed. The diagonal is exactly that of the recursion on the diagonal.

        Args:
            rows: prepared for the network.
            grams: which of the two matrices are wanted.
            advance: called with the number of rows that have been finished since its last call.
            allocate: makes the memory of the blocks.
        """
        matrices = {gram: SymmetricBlocks(len(rows), dtype=self.dtype, allocate=allocate) for gram in grams}
        tiles = block_tiles(next(iter(matrices.values())).spans, self.tile_rows)
        task = partial(transposed_tile, self.network, rows, tuple(matrices))
        for finished in self.executor.run(task, tiles, partial(_put_in_block, matrices)):
            advance(finished)
            if finished:
                for matrix in matrices.values():
                    let_go(matrix.flat)
        return matrices

    def rectangle(self, a: Rows, b: Rows, grams: Iterable[GramName]) -> Values:
        """Kernel matrices (len(a), len(b)) between two sets of rows, by name, in float64."""
        matrices: Values = {gram: np.empty((len(a), len(b))) for gram in grams}
        tiles = rectangle_tiles(len(a), len(b), self.tile_rows)
        task = partial(rectangle_tile, self.network, a, b, tuple(matrices))
        for _ in self.executor.run(task, tiles, partial(_put, matrices)):
            pass
        return matrices


def rectangle_tile(network: Network, a: Rows, b: Rows, grams: Sequence[GramName], tile: Tile) -> Values:
    """The kernels between some of the rows a and some of the rows b, in the thread's work arrays."""
    own, others = a[tile.rows], b[tile.columns]
    nngp, ntk = network.tile(own, others, thread_scratch(), ntk="ntk" in grams)
    values = {gram: nngp if gram == "nngp" else ntk for gram in grams}
    for matrix in values.values():
        if own.roots is not None:
            matrix *= own.roots[:, None]
        if others.roots is not None:
            matrix *= others.roots
    return values


def symmetric_tile(network: Network, rows: Rows, grams: Sequence[GramName], tile: Tile) -> Values:
    """The kernels between some rows and some others of one set; those of a row with itself are exact."""
    values = rectangle_tile(network, rows, rows, grams, tile)
    if tile.is_diagonal:
        for gram, matrix in values.items():
            np.fill_diagonal(matrix, rows[tile.rows].diagonal(gram))
    return values


def transposed_tile(network: Network, rows: Rows, grams: Sequence[GramName], tile: Tile) -> Values:
    """The transpose of a tile, computed as such.

    Blocks are Fortran-ordered, so that this is what can be copied into them contiguously.
    """
    return symmetric_tile(network, rows, grams, Tile(tile.columns, tile.rows))


def _put_in_block(matrices: dict[GramName, SymmetricBlocks], tile: BlockTile, values: Values) -> int:
    """Copy a transposed tile to its place; returns the number of rows that this finishes."""
    for gram, matrix in matrices.items():
        matrix[tile.block][tile.within].T[...] = values[gram]
    return tile.rows.stop - tile.rows.start if tile.is_diagonal else 0


def _put(matrices: Values, tile: Tile, values: Values) -> None:
    for gram, matrix in matrices.items():
        matrix[tile.rows, tile.columns] = values[gram]
