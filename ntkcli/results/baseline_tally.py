"""What the baselines are found from, added up over parts of the training rows."""

import numpy as np

from ntkcli.arrays import BoolArray, FloatArray
from ntkcli.results.baselines import Baseline
from ntkcli.results.means import Means

# Rows that are taken in at once: more take more memory, and fewer than there are columns more time.
ROWS = 2048
# Norms of columns with larger entries could leave the range of float64.
LARGEST = 1e300


class BaselineTally:
    """The means of the rows [x, y], and a few rows R with the same products as all of them around it.

        R^T R = sum_i ([x_i, y_i] - mean)^T ([x_i, y_i] - mean)

    R is the triangular factor of a QR factorisation, to which the next rows are appended. So least squares
    have the condition of the rows, and not that of their products.

    Args:
        features: number d.
        outputs: number k.

    Golub & Van Loan 2013, section 6.5.
    """

    def __init__(self, features: int, outputs: int) -> None:
        self._features = features
        self._factor: FloatArray = np.empty((0, features + outputs))
        self._means, _ = Means.of(self._factor)
        self._lost: BoolArray = np.zeros(features + outputs, dtype=np.bool_)

    def add(self, x: FloatArray, y: FloatArray) -> None:
        """Add the rows of a part.

        Args:
            x: training features (n, d).
            y: training targets (n, k).
        """
        step = max(ROWS, self._factor.shape[1])
        for start in range(0, len(x), step):
            rows = slice(start, start + step)
            with np.errstate(over="ignore", invalid="ignore"):
                self._append(np.column_stack([x[rows], y[rows]]).astype(np.float64))

    def _append(self, rows: FloatArray) -> None:
        means, centred = Means.of(rows)
        stack = np.vstack([self._factor, self._means.between(means), centred])
        # What leaves float64 in one column must not get into the others.
        self._lost |= ~np.all(np.abs(stack) < LARGEST, axis=0)
        stack[:, self._lost] = 0.0
        is_tall = len(stack) > stack.shape[1]
        self._factor = np.asarray(np.linalg.qr(stack, mode="r")) if is_tall else stack
        self._means = self._means + means

    @property
    def mean(self) -> Baseline:
        """The mean of the targets, with their sample variance (n - 1 degrees of freedom)."""
        return self._baseline("mean", np.zeros((self._features, self._y.shape[1])), 1)

    @property
    def linear(self) -> Baseline:
        """Least squares with an intercept; of all solutions, the one with the least norm of the weights.

            variance = sum_i residual_i^2 / max(n - rank, 1)

        with the rank of the design matrix, intercept included.
        """
        weights = np.zeros((self._features, self._y.shape[1]))
        varies = self._x.any(axis=0)
        # The digits that are lost in as many rows as were added, not in those of the factor.
        cutoff = np.finfo(np.float64).eps * max(self._means.rows, self._features)
        weights[varies], _, rank, _ = np.linalg.lstsq(self._x[:, varies], self._y, rcond=cutoff)
        lost_x, lost_y = np.split(self._lost, [self._features])
        weights[:, lost_y | lost_x.any()] = np.nan
        return self._baseline("linear", weights, 1 + int(rank))

    def _baseline(self, name: str, weights: FloatArray, rank: int) -> Baseline:
        """The baseline of some weights (d, k); the variance of what leaves float64 is infinite."""
        x_mean, y_mean = np.split(self._means.values, [self._features])
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.sum((self._y - self._x @ weights) ** 2, axis=0)
            squares[self._lost[self._features :]] = np.inf
            variance = squares / max(self._means.rows - rank, 1)
            return Baseline(name, weights, y_mean - x_mean @ weights, variance)

    @property
    def _x(self) -> FloatArray:
        return self._factor[:, : self._features]

    @property
    def _y(self) -> FloatArray:
        return self._factor[:, self._features :]
