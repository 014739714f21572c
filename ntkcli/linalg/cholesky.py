"""Cholesky factorisation of a matrix in blocks, in place, and solves with it."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.linalg import get_lapack_funcs

from ntkcli.arrays import FloatArray
from ntkcli.journal import Advance, unshown
from ntkcli.linalg.blocks import SymmetricBlocks, join
from ntkcli.linalg.parts import add_product, divide, subtract_square
from ntkcli.linalg.singular import SingularMatrixError, rounding_level
from ntkcli.linalg.threads import cuts, in_threads

# The share of a matrix product's rate that the factorisation reaches.
EFFICIENCY = 0.85
# What a task has: columns of right-hand sides; and a share of the rows, within limits and in steps.
# Smaller tasks take longer in all, and with larger ones threads wait for the last.
COLUMNS, SHARES, LEAST_ROWS, MOST_ROWS, STEP = 128, 4, 256, 1024, 64

# C, A and B of an update C - A B^T.
_Block = tuple[FloatArray, FloatArray, FloatArray]


class Cholesky:
    """G = L L^T, with L in the place of G's lower triangle.

    Right-looking and blocked: factor a diagonal block, solve the blocks below it, update what remains; and
    within a diagonal block the same by panels of its columns.

    Args:
        matrix: G, symmetric positive definite; overwritten by L.
        advance: called with the number of blocks finished, for a progress display.
        is_factored: whether `matrix` is L already.

    Raises:
        SingularMatrixError: a squared pivot is not above the rounding level of the diagonal.
    """

    def __init__(
        self, matrix: SymmetricBlocks, advance: Advance = unshown, *, is_factored: bool = False
    ) -> None:
        self._blocks = matrix
        self._potrf, self._potri = get_lapack_funcs(("potrf", "potri"), dtype=matrix.dtype)
        if not is_factored:
            self._factor(rounding_level(matrix.n, matrix.dtype, float(matrix.diagonal.max())), advance)
        self.smallest_pivot = float(np.min(matrix.diagonal) ** 2)

    @property
    def n(self) -> int:
        """Rows of G."""
        return self._blocks.n

    @property
    def lower(self) -> SymmetricBlocks:
        """L, in the lower triangle."""
        return self._blocks

    def _factor(self, threshold: float, advance: Advance) -> None:
        blocks, count = self._blocks, len(self._blocks.spans)
        for j, span in enumerate(blocks.spans):
            self._factor_square(blocks[j, j], span.start, threshold)
            behind = range(j + 1, count)
            _divide([blocks[i, j] for i in behind], blocks[j, j])
            _update(
                [(blocks[i, k], blocks[i, j], blocks[k, j]) for i in behind for k in range(j + 1, i + 1)],
                blocks.n - span.stop,
            )
            advance(count - j)

    def _factor_square(self, square: FloatArray, start: int, threshold: float) -> None:
        """Factor a diagonal block, whose first row is `start`."""
        for panel in cuts(len(square), _task_rows(len(square))):
            behind = slice(panel.stop, len(square))
            own, below = square[panel, panel], square[behind, panel]
            self._factor_panel(own, start + panel.start, threshold)
            _divide([below], own)
            _update([(square[behind, behind], below, below)], len(square))

    def _factor_panel(self, square: FloatArray, start: int, threshold: float) -> None:
        factor, info = self._potrf(square, lower=1, clean=0, overwrite_a=1)
        pivots = factor.diagonal()[: info - 1 if info > 0 else None].astype(np.float64) ** 2
        small = np.flatnonzero(pivots <= threshold)
        if small.size:
            raise SingularMatrixError(start + int(small[0]), float(pivots[small[0]]))
        if info > 0:
            raise SingularMatrixError(start + info - 1, float(factor[info - 1, info - 1]))
        if not np.shares_memory(factor, square):
            square[...] = factor

    def half_solve(self, b: FloatArray) -> FloatArray:
        """L^{-1} b for b (n, c)."""
        panels = self._blocks.split(b)
        self._forward(panels)
        return join(panels)

    def half_solve_transposed(self, b: FloatArray) -> FloatArray:
        """L^{-T} b for b (n, c): what is missing from `half_solve` to G^{-1}."""
        panels = self._blocks.split(b)
        self._backward(panels)
        return join(panels)

    def solve(self, b: FloatArray) -> FloatArray:
        """G^{-1} b for b (n, c)."""
        panels = self._blocks.split(b)
        self._forward(panels)
        self._backward(panels)
        return join(panels)

    def inverse(self) -> FloatArray:
        """G^{-1} (n, n); of a matrix in a single block at a third of the work of `solve`."""
        if self._blocks.block_count > 1:
            return self.solve(np.eye(self.n))
        lower, _ = self._potri(self._blocks[0, 0], lower=1)
        lower = np.tril(lower)
        return np.asarray(lower + np.tril(lower, -1).T)

    def _forward(self, panels: list[FloatArray]) -> None:
        self._substitute(panels, range(len(panels)), transposed=False)

    def _backward(self, panels: list[FloatArray]) -> None:
        self._substitute(panels, range(len(panels))[::-1], transposed=True)

    def _substitute(self, panels: list[FloatArray], order: Sequence[int], *, transposed: bool) -> None:
        """Solve for one panel after another, and take each out of those that follow."""
        groups = cuts(panels[0].shape[1], COLUMNS)

        def solve(j: int, group: slice) -> None:
            divide(panels[j][:, group], self._blocks[j, j], transposed=transposed)

        def take_out(i: int, j: int, group: slice) -> None:
            block = self._blocks[j, i] if transposed else self._blocks[i, j]
            add_product(panels[i][:, group], block, panels[j][:, group], -1.0, trans_a=transposed)

        for place, j in enumerate(order):
            in_threads(solve, [(j, group) for group in groups])
            in_threads(take_out, [(i, j, group) for i in order[place + 1 :] for group in groups])


def _divide(blocks: Sequence[FloatArray], lower: FloatArray) -> None:
    """Replace blocks B by B L^{-T}, by strips of their rows."""
    length = _task_rows(sum(map(len, blocks)))

    def divide_strip(strip: FloatArray) -> None:
        divide(strip, lower, transposed=True, right=True)

    in_threads(divide_strip, [(block[rows],) for block in blocks for rows in cuts(len(block), length)])


def _update(blocks: Sequence[_Block], rows: int) -> None:
    """Subtract A B^T from blocks C, by tiles; where A is B, from the lower triangle.

    Args:
        blocks: (C, A, B), each.
        rows: of all blocks.
    """
    length = _task_rows(rows)
    in_threads(_update_tile, [tile for block in blocks for tile in _tiles(*block, length)])


def _tiles(c: FloatArray, a: FloatArray, b: FloatArray, length: int) -> Iterator[_Block]:
    for rows in cuts(len(a), length):
        for columns in cuts(len(b), length):
            if a is not b:
                yield c[rows, columns], a[rows], b[columns]
            elif columns.start <= rows.start:
                strip = a[rows]
                yield c[rows, columns], strip, strip if rows == columns else a[columns]


def _update_tile(c: FloatArray, a: FloatArray, b: FloatArray) -> None:
    if a is b:
        subtract_square(c, a)
    else:
        add_product(c, a, b, -1.0, trans_b=True)


def _task_rows(rows: int) -> int:
    """How many of so many rows a task has."""
    share = -(-rows // (SHARES * STEP)) * STEP
    return min(max(share, LEAST_ROWS), MOST_ROWS)
