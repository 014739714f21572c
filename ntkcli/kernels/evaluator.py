"""Gram matrices of a network: which values are wanted, and where they go."""

from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import Allocate, FloatArray, in_memory, let_go
from ntkcli.journal import Advance, unshown
from ntkcli.keeping import NOWHERE, Keeper, Kept, digest
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
        keeper: Keeper = NOWHERE,
    ) -> dict[GramName, SymmetricBlocks]:
        """Gram matrices (n, n) of the rows with themselves, by name ("nngp", "ntk").

        Only the lower triangle is computed. The diagonal is exactly that of the recursion on the diagonal.

        Args:
            rows: prepared for the network.
            grams: which of the two matrices are wanted.
            advance: called with the number of rows that have been finished since its last call.
            allocate: makes the memory of the blocks.
            keeper: keeps the rows of blocks that are finished, and has those of an earlier call.
        """
        matrices = {gram: SymmetricBlocks(len(rows), dtype=self.dtype, allocate=allocate) for gram in grams}
        with ExitStack() as stack:
            kept: dict[GramName, Kept] = {}
            missing: dict[GramName, set[int]] = {}
            for gram, matrix in matrices.items():
                what, sizes = partial(self.identity, gram, rows), [strip.size for strip in matrix.strips]
                kept[gram] = stack.enter_context(keeper.array(what, sizes))
                missing[gram] = _missing(kept[gram], matrix)
            wanted = {gram: matrix for gram, matrix in matrices.items() if missing[gram]}
            strips = set().union(*missing.values())
            # Closed at once, so that an interruption stops the workers.
            with closing(self._fill(rows, wanted, strips, advance)) as filled:
                for finished in filled:
                    for gram, matrix in wanted.items():
                        kept[gram].keep(finished, matrix.strips[finished])
                        let_go(matrix.flat)
        return matrices

    def identity(self, gram: GramName, rows: Rows, columns: Rows | None = None) -> dict[str, Any]:
        """All that a Gram matrix depends on beside the network; the same for two that are equal bit for bit.

        Args:
            gram: which one.
            rows, columns: that it is of; None for a symmetric one. A rectangle is in float64.
        """
        return {
            "gram": gram,
            "rows": len(rows),
            "columns": None if columns is None else len(columns),
            "dtype": np.dtype(self.dtype if columns is None else np.float64).name,
            "tile": self.tile_rows,
            "inputs": [rows.digest, None if columns is None else columns.digest],
            "tables": digest(*self.network.table_spans),
        }

    def _fill(
        self, rows: Rows, matrices: dict[GramName, SymmetricBlocks], strips: set[int], advance: Advance
    ) -> Generator[int]:
        """Compute some strips of matrices, and yield each that is finished."""
        if not strips:
            advance(len(rows))
            return
        spans = next(iter(matrices.values())).spans
        if done := sum(span.stop - span.start for i, span in enumerate(spans) if i not in strips):
            advance(done)
        tiles = [tile for tile in block_tiles(spans, self.tile_rows) if tile.block[0] in strips]
        left = Counter(tile.block[0] for tile in tiles)
        task = partial(transposed_tile, self.network, rows, tuple(matrices))
        for tile in self.executor.run(task, tiles, partial(_put_in_block, matrices)):
            left[tile.block[0]] -= 1
            if not left[tile.block[0]]:
                yield tile.block[0]
            if tile.is_diagonal:
                advance(tile.rows.stop - tile.rows.start)
                for matrix in matrices.values():
                    let_go(matrix.flat)

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


def _missing(kept: Kept, matrix: SymmetricBlocks) -> set[int]:
    """Fill the strips of a matrix that are kept; returns those that are not."""
    missing = set()
    for i, strip in enumerate(matrix.strips):
        if not kept.read(i, strip):
            missing.add(i)
        let_go(matrix.flat)
    return missing


def _put_in_block(matrices: dict[GramName, SymmetricBlocks], tile: BlockTile, values: Values) -> BlockTile:
    """Copy a transposed tile to its place; returns it."""
    for gram, matrix in matrices.items():
        matrix[tile.block][tile.within].T[...] = values[gram]
    return tile


def _put(matrices: Values, tile: Tile, values: Values) -> None:
    for gram, matrix in matrices.items():
        matrix[tile.rows, tile.columns] = values[gram]
