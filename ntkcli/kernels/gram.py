"""Gram matrices: which tiles there are, who computes them, and where they go."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from ntkcli.arrays import FloatArray
from ntkcli.kernels.network import Network, Rows
from ntkcli.kernels.scratch import Scratch
from ntkcli.linalg.blocks import SymmetricBlocks

TILE_ROWS = 256

Advance = Callable[[int], None]
Task = Callable[[], None]


def _ignore(_: int) -> None:
    """Tell nobody of the progress."""


@dataclass
class Gram:
    """Computes Gram matrices of one network, tile by tile, in a pool of threads.

    The arithmetic of a tile is float64 whatever `dtype` says: `dtype` is what the values are stored as.

    network: whose kernels.
    tile_rows: rows and columns of a tile; what one thread works on should fit its share of the cache.
    threads: number of tiles computed at once, each with BLAS on one thread.
    dtype: of the matrices.
    """

    network: Network
    tile_rows: int = TILE_ROWS
    threads: int = 1
    dtype: npt.DTypeLike = np.float64
    _local: threading.local = field(default_factory=threading.local, repr=False)

    def symmetric(
        self, rows: Rows, kernels: Iterable[str], advance: Advance = _ignore
    ) -> dict[str, SymmetricBlocks]:
        """Gram matrices (n, n) of the rows with themselves, by kernel ("nngp", "ntk").

        Only the lower triangle is computed. The diagonal is the diagonal recursion's, exactly.
        `advance` is called with the number of rows finished.
        """
        matrices = {kernel: SymmetricBlocks(len(rows), dtype=self.dtype) for kernel in kernels}
        spans = next(iter(matrices.values())).spans
        tasks = [
            self._block_strip(matrices, rows, (i, j), strip, advance if i == j else _ignore)
            for i, row_span in enumerate(spans)
            for j in range(i + 1)
            for strip in strips(row_span, self.tile_rows)
        ]
        self._run(tasks)
        return matrices

    def rectangle(
        self, a: Rows, b: Rows, kernels: Iterable[str], advance: Advance = _ignore
    ) -> dict[str, FloatArray]:
        """Kernel matrices (len(a), len(b)) between two sets of rows, by kernel.

        `advance` is called with the number of rows of `a` finished.
        """
        matrices: dict[str, FloatArray] = {
            kernel: np.empty((len(a), len(b)), self.dtype) for kernel in kernels
        }
        self._run(
            self._rectangle_strip(matrices, a, b, strip, advance)
            for strip in strips(slice(0, len(a)), self.tile_rows)
        )
        return matrices

    def _block_strip(
        self,
        matrices: dict[str, SymmetricBlocks],
        rows: Rows,
        block: tuple[int, int],
        strip: slice,
        advance: Advance,
    ) -> Task:
        """The tiles of one strip of rows in a block, as a task.

        Blocks are Fortran-ordered, so a tile is computed with the matrix's columns first and written to
        the block's transpose: that makes the copy contiguous.
        """
        spans = next(iter(matrices.values())).spans
        row_start, columns = spans[block[0]].start, spans[block[1]]
        diagonal_block = block[0] == block[1]

        def compute() -> None:
            stop = strip.stop if diagonal_block else columns.stop
            for tile in strips(slice(columns.start, stop), self.tile_rows):
                values = self._tile(rows[tile], rows[strip], matrices)
                for kernel, matrix in matrices.items():
                    if tile == strip:
                        np.fill_diagonal(values[kernel], rows[tile].diagonal(kernel))
                    target = matrix[block].T
                    target[_shift(tile, columns.start), _shift(strip, row_start)] = values[kernel]
            advance(strip.stop - strip.start)

        return compute

    def _rectangle_strip(
        self, matrices: dict[str, FloatArray], a: Rows, b: Rows, strip: slice, advance: Advance
    ) -> Task:
        def compute() -> None:
            for tile in strips(slice(0, len(b)), self.tile_rows):
                values = self._tile(a[strip], b[tile], matrices)
                for kernel, matrix in matrices.items():
                    matrix[strip, tile] = values[kernel]
            advance(strip.stop - strip.start)

        return compute

    def _tile(self, a: Rows, b: Rows, kernels: Iterable[str]) -> dict[str, FloatArray]:
        if not hasattr(self._local, "scratch"):
            self._local.scratch = Scratch(self.tile_rows, self.tile_rows)
        nngp, ntk = self.network.tile(a, b, self._local.scratch, ntk="ntk" in kernels)
        return {"nngp": nngp, "ntk": ntk}

    def _run(self, tasks: Iterable[Task]) -> None:
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(self.threads) as pool:
            for future in [pool.submit(task) for task in tasks]:
                future.result()


def strips(span: slice, length: int) -> Iterator[slice]:
    """Cut a range of rows into pieces of `length`; the last may be shorter."""
    for start in range(span.start, span.stop, length):
        yield slice(start, min(start + length, span.stop))


def _shift(span: slice, origin: int) -> slice:
    return slice(span.start - origin, span.stop - origin)
