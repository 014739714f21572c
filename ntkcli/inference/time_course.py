"""What training has come to at any time, from one eigendecomposition: loss, and the ways gone.

The linearised network f = f_0 + J (theta - theta_0), J J^T = M, follows the gradient flow of the squared
loss, with the ridge pulling theta back to theta_0. Then theta_t - theta_0 = J^T F_t(G) (y - f_0) with
G = M + ridge I.
"""

import math
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import relaxation, survival
from ntkcli.linalg.contraction import column_dots
from ntkcli.linalg.operator import Operator

STRIP_COLUMNS = 256


@dataclass(frozen=True)
class TimeCourse:
    """Training from f_0 = 0 on the rows of a Gram matrix M = V diag(g) V^T.

    Times t are >= 0 or inf, in units of the exponent; inf only if every g + ridge is positive.

    eigenvalues: g (n,).
    targets: V^T y (n, k).
    prior: the diagonal of V^T K V (n,), with the NNGP Gram matrix K: what f_0 ~ GP(0, K) has of each mode.
    ridge: lambda >= 0, absolute.
    rows: n, where only r modes are given and all others have eigenvalue 0; None where they are n.
    beside: |y|^2 less that along the modes: along the others nothing is learned.
    """

    eigenvalues: FloatArray
    targets: FloatArray
    prior: FloatArray
    ridge: float = 0.0
    rows: int | None = None
    beside: float = 0.0

    def loss(self, time: float) -> float:
        """1/2 sum |f_t - y|^2 over the rows and outputs.

        The residual y - M F_t(G) y is (ridge F_t(G) + exp(-t G)) y, in which nothing cancels.
        """
        return self._loss(time, self._squares) + 0.5 * self.beside

    def loss_mean(self, time: float) -> float:
        """The mean of the loss over initialisations, f_0 ~ GP(0, K) for each output."""
        return self._loss(time, self._expected_squares)

    def weight_distance(self, time: float) -> float:
        """|theta_t - theta_0| = sqrt(sum over the outputs of y^T F_t M F_t y), for f_0 = 0."""
        return math.sqrt(self._squared_distance(time, self._squares))

    def weight_distance_rms(self, time: float) -> float:
        """The root mean square of |theta_t - theta_0| over initialisations, f_0 ~ GP(0, K) for each output.

        The mean square is that for f_0 = 0, and k tr(F_t M F_t K) beside it.
        """
        return math.sqrt(self._squared_distance(time, self._expected_squares))

    def function_change(self, time: float) -> float:
        """The root mean square of f_t - f_0 over the rows and outputs, for f_0 = 0."""
        learned = self.eigenvalues * self._relaxation(time)
        changed = np.sum((learned[:, None] * self.targets) ** 2)
        return math.sqrt(float(changed) / ((self.rows or len(learned)) * self.targets.shape[1]))

    @property
    def _squares(self) -> FloatArray:
        """|v_i^T y|^2 of every mode, (n,)."""
        return np.asarray(np.sum(self.targets**2, axis=1))

    @property
    def _expected_squares(self) -> FloatArray:
        """The mean of |v_i^T (y - f_0)|^2 over initialisations, (n,)."""
        return np.asarray(self._squares + self.targets.shape[1] * self.prior)

    def _loss(self, time: float, squares: FloatArray) -> float:
        left = self.ridge * self._relaxation(time) + survival(self._shifted, time)
        return 0.5 * float(np.sum(left**2 * squares))

    def _squared_distance(self, time: float, squares: FloatArray) -> float:
        # Each factor is at most 1 times what the next makes up for: F^2 alone may leave the range.
        factor = self._relaxation(time)
        return float(np.sum((self.eigenvalues * factor) * (factor * squares)))

    @property
    def _shifted(self) -> FloatArray:
        return self.eigenvalues + self.ridge

    def _relaxation(self, time: float) -> FloatArray:
        return relaxation(self._shifted, time)


def rotated_diagonal(vectors: FloatArray, matrix: Operator) -> FloatArray:
    """The diagonal of V^T K V, (n,), a strip of V at a time.

    Args:
        vectors: V (n, n).
        matrix: K (n, n), by its half product.
    """
    found = []
    for start in range(0, vectors.shape[1], STRIP_COLUMNS):
        strip = vectors[:, start : start + STRIP_COLUMNS]
        found.append(2 * column_dots(strip, matrix.half_product(strip)))
    # Rounding leaves some of K's zeros negative.
    return np.asarray(np.maximum(np.concatenate(found), 0.0))
