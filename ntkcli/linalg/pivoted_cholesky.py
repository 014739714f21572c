"""A low-rank approximation of a positive semidefinite matrix from a few of its columns."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.linalg.operator import ReadableOperator
from ntkcli.linalg.product import product
from ntkcli.linalg.singular import rounding_level

# Rows that are proposed at once: the columns of a tile.
PROPOSALS = 256
# Rows of a matrix for each column of a factor that is to stand for it, and the fewest and most of these.
ROWS_PER_COLUMN, FEWEST_COLUMNS, MOST_COLUMNS = 12, 50, 3000


@dataclass(frozen=True)
class LowRank:
    """F F^T for a symmetric positive semidefinite matrix M (n, n).

    factor: F (n, r).
    pivots: the rows that were chosen, in order, (r,).
    left: trace(M - F F^T), without what is rounding.
    """

    factor: FloatArray
    pivots: IntArray
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
    work = _Partial(matrix, min(rank, matrix.n))
    while work.found < work.rank and (masses := work.masses()).any():
        proposed = random.choice(matrix.n, PROPOSALS, p=masses / masses.sum())
        square = work.left_between(proposed)
        accepted, lower = _accepted(square, work.residual[proposed], work.rounding[proposed], random)
        accepted = accepted[: work.rank - work.found]
        work.append(proposed[accepted], lower[: len(accepted), : len(accepted)])
        # Those that were found to have nothing left after all.
        work.residual[proposed[square.diagonal() <= work.rounding[proposed]]] = 0.0
    left = work.residual[work.residual > work.rounding].sum()
    return LowRank(work.factor[:, : work.found], work.pivots[: work.found], float(left))


def usual_rank(n: int) -> int:
    """The columns of a factor that is to stand for the large eigenvalues of n rows."""
    return min(n, MOST_COLUMNS, max(FEWEST_COLUMNS, n // ROWS_PER_COLUMN))


class _Partial:
    """A partial factorisation in the making.

    found: columns so far.
    residual: the diagonal of M - F F^T (n,).
    rounding: what rounding leaves of 0 there (n,).
    """

    def __init__(self, matrix: ReadableOperator, rank: int) -> None:
        self._matrix, self.rank = matrix, rank
        self.factor = np.empty((matrix.n, rank), order="F")
        self.pivots = np.empty(rank, np.intp)
        self.found = 0
        self._may_be_chosen = np.ones(matrix.n, bool)
        self.residual = matrix.diagonal.astype(np.float64)
        # Entries are rounded once, sums of `rank` terms in float64 more often.
        level = max(rounding_level(1, matrix.dtype, 1.0), rounding_level(rank, np.float64, 1.0))
        self.rounding = level * self.residual

    def masses(self) -> FloatArray:
        """By which rows are drawn, (n,)."""
        return np.where(self._may_be_chosen & (self.residual > self.rounding), self.residual, 0.0)

    def left_between(self, rows: IntArray) -> FloatArray:
        """What is left of M between some rows, (s, s)."""
        known = self.factor[rows, : self.found]
        return np.asarray(self._matrix.principal(rows) - known @ known.T)

    def append(self, pivots: IntArray, lower: FloatArray) -> None:
        """Add the columns of some pivots, as far as they are more than rounding.

        Args:
            pivots: (s,).
            lower: the Cholesky factor (s, s) of what is left of M between them.
        """
        known = self.factor[:, : self.found]
        columns = self._matrix.columns(pivots) - product(known, known[pivots].T)
        columns = solve_triangular(lower, columns.T, lower=True, check_finite=False).T
        for pivot, column in zip(pivots, columns.T, strict=True):
            residual = self.residual - column**2
            self._may_be_chosen[pivot] = False
            if np.any(residual < -self.rounding):
                # More than there was: rounding is larger than was thought, and this pivot is made of it.
                self.rounding *= 2
                break
            self.factor[:, self.found], self.pivots[self.found] = column, pivot
            self.residual = residual
            self.residual[pivot] = 0.0
            self.found += 1


def _accepted(
    square: FloatArray, residual: FloatArray, rounding: FloatArray, random: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Which proposals are accepted, given those that were accepted before, and their Cholesky factor.

    Args:
        square: what is left of M between the proposals (s, s); it is copied.
        residual: (s,) by which they were proposed.
        rounding: (s,) that is as good as nothing left.
        random: decides.
    """
    square = square.copy()
    accepted: list[int] = []
    factor = np.zeros_like(square)
    thresholds = np.maximum(random.random(len(residual)) * residual, rounding)
    for i, threshold in enumerate(thresholds):
        if square[i, i] > threshold:
            column = square[i:, i] / np.sqrt(square[i, i])
            square[i:, i:] -= np.multiply.outer(column, column)
            factor[i:, len(accepted)] = column
            accepted.append(i)
    return np.array(accepted, np.intp), factor[accepted, : len(accepted)]
