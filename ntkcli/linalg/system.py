"""G = M + ridge I as an iteration sees it: its products, what is near it, and what they leave."""

import math
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.linalg.operator import Operator, ReadableOperator
from ntkcli.linalg.preconditioner import Preconditioner

# The rows by which the error of a coarse matrix is known, those beside whose diagonal is largest, and how
# many times it is counted.
SAMPLED_ROWS, LARGEST_ROWS, CAUTION = 256, 16, 2.0


@dataclass(frozen=True)
class System:
    """G = M + ridge I, known by products.

    matrix: M.
    ridge: lambda >= 0.
    preconditioner: near G.
    exact: M in full precision, where `matrix` has it in less; its products are dear, and few.
    """

    matrix: ReadableOperator
    ridge: float
    preconditioner: Preconditioner
    exact: ReadableOperator | None = None

    def product(self, v: FloatArray, matrix: Operator | None = None) -> FloatArray:
        """G v, (n, c)."""
        return (matrix or self.matrix).product(v).astype(np.float64, copy=False) + self.ridge * v

    def left(self, b: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """b - G x by the exact matrix (n, c), and its lengths (c,)."""
        left = b - self.product(x, self.exact)
        return left, np.linalg.norm(left, axis=0)

    def left_by_rows(
        self, b: FloatArray, x: FloatArray, rest: FloatArray, change: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """b - G x (n, c) by the coarse matrix, and its lengths (c,) with what that may be off.

        Some rows of the exact matrix tell how far it is off: a pass over all of it takes far longer.

        Args:
            b, x: (n, c).
            rest: what was left by the exact matrix before x changed, (n, c).
            change: of x since, small enough for the coarse matrix, (n, c).
        """
        exact, left = self.exact or self.matrix, rest - self.product(change)
        rows = _some_rows(exact.diagonal)
        errors = b[rows] - exact.columns(rows).T @ x - self.ridge * x[rows] - left[rows]
        doubt = CAUTION * math.sqrt(exact.n / len(rows)) * np.linalg.norm(errors, axis=0)
        return left, np.linalg.norm(left, axis=0) + doubt


def _some_rows(diagonal: FloatArray) -> IntArray:
    """Rows at random, and those of the largest diagonal entries (n,), whose errors may be the largest."""
    n = len(diagonal)
    drawn = np.random.default_rng(0).choice(n, min(n, SAMPLED_ROWS), replace=False)
    return np.union1d(drawn, np.argsort(diagonal)[-LARGEST_ROWS:])
