"""G = M + ridge I as an iteration sees it: its products, what is near it, and what they leave."""

import math
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.operator import Operator, ReadableOperator
from ntkcli.linalg.preconditioner import Preconditioner

# The rows by which the error of a coarse matrix is known, and how many times it is counted.
SAMPLED_ROWS, CAUTION = 256, 2.0


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

    def left_by_samples(self, b: FloatArray, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """b - G x (n, c) by the coarse matrix, and its lengths (c,) with what its products may be off.

        Some rows of the exact matrix tell that: a pass over all of it takes far longer.
        """
        exact = self.exact or self.matrix
        products = self.product(x)
        rows = np.sort(np.random.default_rng(0).choice(exact.n, min(exact.n, SAMPLED_ROWS), replace=False))
        errors = exact.columns(rows).T @ x + self.ridge * x[rows] - products[rows]
        doubt = CAUTION * math.sqrt(exact.n / len(rows)) * np.linalg.norm(errors, axis=0)
        return b - products, np.linalg.norm(b - products, axis=0) + doubt
