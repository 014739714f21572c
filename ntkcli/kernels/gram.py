"""Gram matrices: which tiles there are, who computes them, and where they go."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from ntkcli.arrays import Allocate, FloatArray, in_memory
from ntkcli.journal import Advance, unseen
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import Rows
from ntkcli.kernels.scratch import Scratch
from ntkcli.linalg.blocks import SymmetricBlocks

TILE_ROWS = 256
# Rows of a rectangle that is streamed: few enough not to matter for memory, enough to keep BLAS busy.
CHUNK_ROWS = 128
TASKS_AHEAD = 4

T = TypeVar("T")


@dataclass
class Gram:
    """Computes Gram matrices of one network, tile by tile, in a pool of threads.

    The arithmetic of a tile is float64 whatever `dtype` says: `dtype` is what Gram matrices are stored as.

    network: whose kernels.
    tile_rows: rows and columns of a tile; what one thread works on should fit its share of the cache.
    threads: number of tiles computed at once, each with BLAS on one thread.
    dtype: of the symmetric matrices.
    """

    network: Network
    tile_rows: int = TILE_ROWS
    threads: int = 1
    dtype: npt.DTypeLike = np.float64
    _local: threading.local = field(default_factory=threading.local, repr=False)

    def symmetric(
        self,
        rows: Rows,
        kernels: Iterable[str],
        advance: Advance = unseen,
        *,
        allocate: Allocate = in_memory,
    ) -> dict[str, SymmetricBlocks]:
        """Gram matrices (n, n) of the rows with themselves, by kernel ("nngp", "ntk").

        Only the lower triangle is computed. The diagonal is the diagonal recursion's, exactly.
        `advance` is called with the number of rows finished; `allocate` makes the blocks' memory.
        """
        matrices = {
            kernel: SymmetricBlocks(len(rows), dtype=self.dtype, allocate=allocate) for kernel in kernels
        }
        spans = next(iter(matrices.values())).spans
        tasks = [
            partial(self._fill_block_strip, matrices, rows, (i, j), strip)
            for i, span in enumerate(spans)
            for j in range(i + 1)
            for strip in strips(span, self.tile_rows)
        ]
        self._run(tasks, advance)
        return matrices

    def rectangle(self, a: Rows, b: Rows, kernels: Iterable[str]) -> dict[str, FloatArray]:
        """Kernel matrices (len(a), len(b)) between two sets of rows, by kernel, in float64."""
        matrices: dict[str, FloatArray] = {kernel: np.empty((len(a), len(b))) for kernel in kernels}
        tasks = [
            partial(self._fill_rectangle_tile, matrices, a, b, rows, columns)
            for rows in strips(slice(0, len(a)), self.tile_rows)
            for columns in strips(slice(0, len(b)), self.tile_rows)
        ]
        self._run(tasks, unseen)
        return matrices

    def product(self, rows: Rows, kernel: str, b: FloatArray) -> FloatArray:
        """k(X, X) b for b (n, c) in float64, tile by tile: the matrix is computed anew, and never stored."""
        out = np.zeros((len(rows), b.shape[1]))
        # The longest first, so that no thread is left alone with one of them.
        lower = list(strips(slice(0, len(rows)), self.tile_rows))[::-1]
        tasks = [partial(self._multiply_strip, rows, kernel, b, strip) for strip in lower]
        for strip, (own, others) in zip(lower, self._results(tasks), strict=True):
            out[strip] += own
            out[: strip.start] += others
        return out

    def _multiply_strip(
        self, rows: Rows, kernel: str, b: FloatArray, strip: slice
    ) -> tuple[FloatArray, FloatArray]:
        """A strip of the lower triangle times b, and its transpose, left of the diagonal, times b."""
        own = np.zeros((len(rows[strip]), b.shape[1]))
        others = np.zeros((strip.start, b.shape[1]))
        for tile in strips(slice(0, strip.start), self.tile_rows):
            values = self._tile(rows[strip], rows[tile], [kernel])[kernel]
            own += values @ b[tile]
            others[tile] = values.T @ b[strip]
        values = self._tile(rows[strip], rows[strip], [kernel])[kernel]
        np.fill_diagonal(values, rows[strip].diagonal(kernel))
        return own + values @ b[strip], others

    def _fill_block_strip(
        self, matrices: dict[str, SymmetricBlocks], rows: Rows, block: tuple[int, int], strip: slice
    ) -> int:
        """Compute one strip of rows of a block; returns the number of rows that this finishes.

        Blocks are Fortran-ordered, so a tile is computed with the matrix's columns first and written to
        the block's transpose: that makes the copy contiguous. A strip is finished with its diagonal block,
        the last one of its rows.
        """
        spans = next(iter(matrices.values())).spans
        row_start, columns = spans[block[0]].start, spans[block[1]]
        is_last = block[0] == block[1]
        stop = strip.stop if is_last else columns.stop
        for tile in strips(slice(columns.start, stop), self.tile_rows):
            values = self._tile(rows[tile], rows[strip], matrices)
            for kernel, matrix in matrices.items():
                if tile == strip:
                    np.fill_diagonal(values[kernel], rows[tile].diagonal(kernel))
                target = matrix[block].T
                target[_shift(tile, columns.start), _shift(strip, row_start)] = values[kernel]
        return len(rows[strip]) if is_last else 0

    def _fill_rectangle_tile(
        self, matrices: dict[str, FloatArray], a: Rows, b: Rows, rows: slice, columns: slice
    ) -> int:
        values = self._tile(a[rows], b[columns], matrices)
        for kernel, matrix in matrices.items():
            matrix[rows, columns] = values[kernel]
        return 0

    def _tile(self, a: Rows, b: Rows, kernels: Iterable[str]) -> dict[str, FloatArray]:
        if not hasattr(self._local, "scratch"):
            self._local.scratch = Scratch(self.tile_rows, self.tile_rows)
        nngp, ntk = self.network.tile(a, b, self._local.scratch, ntk="ntk" in kernels)
        return {"nngp": nngp, "ntk": ntk}

    def _run(self, tasks: Sequence[Callable[[], int]], advance: Advance) -> None:
        for rows in self._results(tasks):
            advance(rows)

    def _results(self, tasks: Sequence[Callable[[], T]]) -> Iterator[T]:
        return in_threads(tasks, self.threads)


def in_threads(tasks: Sequence[Callable[[], T]], threads: int) -> Iterator[T]:
    """The tasks' results in order, a few tasks ahead of their reader; BLAS uses one thread in each."""
    pool = ThreadPoolExecutor(threads)
    running: deque[Future[T]] = deque()
    with threadpool_limits(1, user_api="blas"):
        try:
            for task in tasks:
                running.append(pool.submit(task))
                if len(running) > TASKS_AHEAD * threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            # When a run is interrupted, what has not begun need not be waited for.
            pool.shutdown(cancel_futures=True)


def strips(span: slice, length: int) -> Iterator[slice]:
    """Cut a range of rows into pieces of `length`; the last may be shorter."""
    for start in range(span.start, span.stop, length):
        yield slice(start, min(start + length, span.stop))


def _shift(span: slice, origin: int) -> slice:
    return slice(span.start - origin, span.stop - origin)
