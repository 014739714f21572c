"""A low-rank approximation of a positive semidefinite matrix from a few of its columns."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.linalg.operator import ReadableOperator
from ntkcli.linalg.singular import rounding_level

# Rows that are proposed at once: the columns of a tile.
PROPOSALS = 256


@dataclass(frozen=True)
class LowRank:
    """F F^T for a symmetric positive semidefinite matrix M (n, n).

    factor: F (n, r).
    left: trace(M - F F^T).
    """

    factor: FloatArray
    left: float

    @property
    def rank(self) -> int:
        """The number of columns, r."""
        return int(self.factor.shape[1])


def randomly_pivoted_cholesky(matrix: ReadableOperator, rank: int, seed: int = 0) -> LowRank:
    """Approximate M by F F^T, the partial Cholesky factorisation whose pivots are drawn by their residual.

    A row is drawn with the probability that its diagonal entry has in what is left, M - F F^T. Proposals are
    drawn many at once and accepted one after another, so that the rows have the same distribution as if each
    were drawn alone. A row that is a copy of a chosen one has nothing left, and is never chosen.

    Args:
        matrix: M; `rank` of its columns are read, and some small squares.
        rank: of F, at most: it is less where M's own rank, to rounding, is less.
        seed: of NumPy's default generator.

    Chen, Epperly, Tropp & Webber 2024, algorithm 2.1; for many at once Epperly, Tropp & Webber 2024.
    """
    random = np.random.default_rng(seed)
    residual = matrix.diagonal.astype(np.float64)
    # Below, a diagonal entry is what rounding left of 0.
    zero = rounding_level(1, matrix.dtype, 1.0) * residual
    factor = np.empty((matrix.n, min(rank, matrix.n)), order="F")
    found = 0
    while found < factor.shape[1] and residual.any():
        proposed = random.choice(matrix.n, PROPOSALS, p=residual / residual.sum())
        known = factor[proposed, :found]
        square = matrix.principal(proposed) - known @ known.T
        accepted = _accepted(square, residual[proposed], random)[: factor.shape[1] - found]
        pivots = proposed[accepted]
        lower = np.linalg.cholesky(square[np.ix_(accepted, accepted)])
        columns = matrix.columns(pivots) - factor[:, :found] @ factor[pivots, :found].T
        new = slice(found, found + len(pivots))
        factor[:, new] = solve_triangular(lower, columns.T, lower=True, check_finite=False).T
        residual -= np.einsum("ij,ij->i", factor[:, new], factor[:, new])
        residual[pivots] = 0.0
        residual[residual <= zero] = 0.0
        found = new.stop
    return LowRank(factor[:, :found], float(residual.sum()))


def _accepted(square: FloatArray, residual: FloatArray, random: np.random.Generator) -> IntArray:
    """Which proposals are accepted, given those that were accepted before them.

    Args:
        square: what is left of M between the proposals (s, s); it is copied.
        residual: (s,) by which they were proposed.
        random: decides.
    """
    square, accepted = square.copy(), []
    thresholds = random.random(len(residual)) * residual
    for i, threshold in enumerate(thresholds):
        if threshold < square[i, i]:
            accepted.append(i)
            column = square[i:, i] / np.sqrt(square[i, i])
            square[i:, i:] -= np.multiply.outer(column, column)
    return np.array(accepted, np.intp)
