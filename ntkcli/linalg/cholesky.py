"""Cholesky factorisation of a matrix in blocks, in place, and solves with it."""

import numpy as np
from scipy.linalg import get_blas_funcs, get_lapack_funcs

from ntkcli.arrays import FloatArray
from ntkcli.journal import Advance, unshown
from ntkcli.linalg.blocks import SymmetricBlocks, join
from ntkcli.linalg.singular import SingularMatrixError, rounding_level

# The share of a matrix product's rate that the factorisation reaches.
EFFICIENCY = 0.85


class Cholesky:
    """G = L L^T, with L in the place of G's lower triangle.

    Right-looking and blocked: factor a diagonal block, solve the blocks below it, update what remains.

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
        self._gemm, self._syrk, self._trsm = get_blas_funcs(("gemm", "syrk", "trsm"), dtype=matrix.dtype)
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
        count = len(self._blocks.spans)
        for j in range(count):
            self._factor_column(j, threshold)
            self._update_behind(j)
            advance(count - j)

    def _factor_column(self, j: int, threshold: float) -> None:
        blocks = self._blocks
        _, info = self._potrf(blocks[j, j], lower=1, overwrite_a=1, clean=0)
        pivots = blocks[j, j].diagonal()[: info - 1 if info > 0 else None].astype(np.float64) ** 2
        small = np.flatnonzero(pivots <= threshold)
        start = blocks.spans[j].start
        if small.size:
            raise SingularMatrixError(start + int(small[0]), float(pivots[small[0]]))
        if info > 0:
            raise SingularMatrixError(start + info - 1, float(blocks[j, j][info - 1, info - 1]))
        for i in range(j + 1, len(blocks.spans)):
            self._trsm(1.0, blocks[j, j], blocks[i, j], side=1, lower=1, trans_a=1, overwrite_b=1)

    def _update_behind(self, j: int) -> None:
        blocks = self._blocks
        for i in range(j + 1, len(blocks.spans)):
            self._syrk(-1.0, blocks[i, j], 1.0, blocks[i, i], lower=1, overwrite_c=1)
            for k in range(j + 1, i):
                self._gemm(-1.0, blocks[i, j], blocks[k, j], 1.0, blocks[i, k], trans_b=1, overwrite_c=1)

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
        for j in range(len(panels)):
            self._trsm(1.0, self._blocks[j, j], panels[j], lower=1, overwrite_b=1)
            for i in range(j + 1, len(panels)):
                self._gemm(-1.0, self._blocks[i, j], panels[j], 1.0, panels[i], overwrite_c=1)

    def _backward(self, panels: list[FloatArray]) -> None:
        for j in reversed(range(len(panels))):
            for i in range(j + 1, len(panels)):
                self._gemm(-1.0, self._blocks[i, j], panels[i], 1.0, panels[j], trans_a=1, overwrite_c=1)
            self._trsm(1.0, self._blocks[j, j], panels[j], lower=1, trans_a=1, overwrite_b=1)
