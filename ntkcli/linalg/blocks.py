"""A symmetric matrix kept as the blocks of its lower triangle."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import Allocate, FloatArray, IntArray, in_memory, let_go
from ntkcli.linalg.parts import add_product, add_symmetric_product, multiply
from ntkcli.linalg.threads import cuts, in_threads

BLOCK_ROWS = 2048
# Columns that a thread takes at once of what a matrix is multiplied with.
COLUMNS = 128


class SymmetricBlocks:
    """The lower triangle of a symmetric (n, n) matrix, in square blocks.

    Block (i, j), i >= j, holds rows `spans[i]` and columns `spans[j]` as a Fortran-ordered array, so
    that BLAS and LAPACK work on it in place. Of a diagonal block only the lower triangle is read.

    flat: all of the blocks, one after another.

    Args:
        n: rows of the matrix.
        dtype: float64 or float32.
        block_rows: rows of a block, at most.
        allocate: where the blocks live: one array for all of them.
    """

    def __init__(
        self,
        n: int,
        *,
        dtype: npt.DTypeLike = np.float64,
        block_rows: int = BLOCK_ROWS,
        allocate: Allocate = in_memory,
    ) -> None:
        count = _block_count(n, block_rows)
        bounds = [n * i // count for i in range(count + 1)]
        self.n = n
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.spans = [slice(a, b) for a, b in pairwise(bounds)]
        shapes = {
            (i, j): (_length(self.spans[i]), _length(self.spans[j]))
            for i in range(count)
            for j in range(i + 1)
        }
        ends = np.cumsum([rows * columns for rows, columns in shapes.values()])
        self.flat = allocate(int(ends[-1]), self.dtype)
        pieces = np.split(self.flat, ends[:-1])
        self._blocks = {
            key: piece.reshape(shape, order="F")
            for (key, shape), piece in zip(shapes.items(), pieces, strict=True)
        }

    def __getitem__(self, key: tuple[int, int]) -> FloatArray:
        """Block (i, j) of the lower triangle, i >= j: a view, not a copy."""
        return self._blocks[key]

    @property
    def strips(self) -> list[FloatArray]:
        """The blocks of the rows of every span, one after another: views of `flat`."""
        sizes = [_length(span) * span.stop for span in self.spans]
        return np.split(self.flat, np.cumsum(sizes)[:-1])

    @property
    def block_count(self) -> int:
        """Number of blocks kept."""
        return len(self._blocks)

    @property
    def diagonal(self) -> FloatArray:
        """The diagonal, (n,), as a copy."""
        return np.concatenate([self[i, i].diagonal() for i in range(len(self.spans))])

    def add_to_diagonal(self, value: float) -> None:
        """Add `value` times the identity, in place."""
        for i in range(len(self.spans)):
            block = self[i, i]
            block[np.diag_indices_from(block)] += value

    def panels(self) -> Iterator[FloatArray]:
        """The whole symmetric matrix, the rows of one span after another, each (rows, n)."""
        for i, span in enumerate(self.spans):
            panel = np.empty((_length(span), self.n), self.dtype)
            for j, columns in enumerate(self.spans):
                panel[:, columns] = self[i, j] if j < i else self[j, i].T
            lower = np.tril(self[i, i])
            panel[:, span] = lower + np.tril(lower, -1).T
            yield panel

    def to_array(self) -> FloatArray:
        """The whole symmetric matrix as one Fortran-ordered (n, n) array."""
        out = np.empty((self.n, self.n), self.dtype, order="F")
        for span, panel in zip(self.spans, self.panels(), strict=True):
            out[:, span] = panel.T
        return out

    def split(self, b: FloatArray) -> list[FloatArray]:
        """The rows of `b` (n, c) by block, each a Fortran-ordered copy that BLAS can work on in place."""
        return [self._panel(b, span) for span in self.spans]

    @property
    def best_columns(self) -> int:
        """As many as a matrix product takes at its full rate."""
        return 32

    def columns(self, rows: IntArray) -> FloatArray:
        """The columns (n, s) with these indices, in float64."""
        return self._rectangle(np.arange(self.n), rows)

    def principal(self, rows: IntArray) -> FloatArray:
        """The entries (s, s) between these rows, in float64."""
        return self._rectangle(rows, rows)

    def _rectangle(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """The entries (r, s) of these rows and columns, in float64; the lower triangle alone is read."""
        out = np.empty((len(rows), len(columns)))
        left, right = self._places(rows), self._places(columns)
        for i, (here, row) in enumerate(left):
            for j, (there, column) in enumerate(right):
                a, b = row[:, None], column[None, :]
                if i == j:
                    a, b = np.maximum(a, b), np.minimum(a, b)
                out[np.ix_(here, there)] = self[i, j][a, b] if i >= j else self[j, i].T[a, b]
                # A few rows and columns touch nearly every page of a block.
                let_go(self.flat)
        return out

    def _places(self, rows: IntArray) -> list[tuple[IntArray, IntArray]]:
        """Of every span: which of the rows lie in it, and where."""
        found: list[tuple[IntArray, IntArray]] = []
        for span in self.spans:
            here = np.flatnonzero((rows >= span.start) & (rows < span.stop))
            found.append((here, rows[here] - span.start))
        return found

    def product(self, b: FloatArray) -> FloatArray:
        """A b for the matrix A and b (n, c)."""
        panels = self.split(b)
        sums = [np.zeros_like(panel) for panel in panels]

        def add(columns: slice) -> None:
            own, out = ([one[:, columns] for one in some] for some in (panels, sums))
            for (i, j), block in self._blocks.items():
                if i == j:
                    add_symmetric_product(out[i], block, own[i])
                else:
                    add_product(out[i], block, own[j])
                    add_product(out[j], block, own[i], trans_a=True)

        in_threads(add, [(columns,) for columns in cuts(b.shape[1], COLUMNS)])
        return join(sums)

    def half_product(self, b: FloatArray) -> FloatArray:
        """T b for b (n, c), where T + T^T is the matrix: what a quadratic form needs, at half the work.

        T is the lower triangle with half of the diagonal: b^T A b = b^T (T b) + (T b)^T b.
        """
        sums: dict[int, FloatArray] = {}

        def add(i: int, j: int, panel: FloatArray, columns: slice) -> None:
            own, out, block = panel[:, columns], sums[i][:, columns], self[i, j]
            if i == j:
                multiply(out, block)
                out -= 0.5 * block.diagonal()[:, None] * own
            else:
                add_product(out, block, own)

        # Column after column, so that of b only one panel is copied at a time.
        for j, span in reversed(list(enumerate(self.spans))):
            panel = self._panel(b, span)
            sums[j] = panel.copy(order="F")
            groups = cuts(b.shape[1], COLUMNS)
            in_threads(add, [(i, j, panel, columns) for i in range(j, len(self.spans)) for columns in groups])
        return join([sums.pop(i) for i in range(len(self.spans))])

    def _panel(self, b: FloatArray, span: slice) -> FloatArray:
        return np.array(b[span], dtype=self.dtype, order="F")


def join(panels: list[FloatArray]) -> FloatArray:
    """Undo `SymmetricBlocks.split`: one Fortran-ordered array (n, c). The list is emptied.

    Each panel is given up once it is copied: beside the result there is hardly ever more than a part of them.
    """
    if len(panels) == 1:
        return panels.pop()
    end = sum(len(panel) for panel in panels)
    out = np.empty((end, panels[0].shape[1]), panels[0].dtype, order="F")
    while panels:
        panel = panels.pop()
        out[end - len(panel) : end] = panel
        end -= len(panel)
    return out


def block_bytes(n: int, itemsize: int) -> int:
    """Bytes that the blocks of an (n, n) matrix take: a little over half of the full matrix."""
    count = _block_count(n, BLOCK_ROWS)
    return itemsize * n * n * (count + 1) // (2 * count)


def panel_bytes(n: int, itemsize: int) -> int:
    """Bytes of the panels, one of them in the making, that `SymmetricBlocks.panels` cuts a matrix into."""
    count = _block_count(n, BLOCK_ROWS)
    rows = -(-n // count)
    return itemsize * (min(count, 2) * rows * n + 3 * rows**2)


def array_bytes(n: int, itemsize: int) -> int:
    """Bytes that `SymmetricBlocks.to_array` takes beside the blocks; the last panel is not in it yet."""
    count = _block_count(n, BLOCK_ROWS)
    return itemsize * n * n * (count - 1) // count + panel_bytes(n, itemsize)


def _block_count(n: int, block_rows: int) -> int:
    return max(1, -(-n // block_rows))


def _length(span: slice) -> int:
    return int(span.stop - span.start)
