"""Each training row predicted by training without it, from what is factored of all rows.

The numbers are those of deleting the row and training again for the same time, at every time (see `contour`).
The usual shortcut for a linear smoother, (S y)_i / S_ii with S = I - M F_t(G), agrees at t = inf where there
is a ridge. At finite times it answers another question: what would be predicted if the row's target were
what is predicted in the end. Without a ridge, its limit is the residual along G's least eigenvector alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.contour import ComplexArray, Contour
from ntkcli.inference.flow import Action, Deletion, Flow
from ntkcli.linalg.contraction import column_dots
from ntkcli.linalg.operator import Operator
from ntkcli.linalg.product import product


@dataclass(frozen=True)
class LeaveOneOut:
    """Rows predicted by training without them, one at a time.

    residual: y_i less its prediction, (s, k).
    variance: of the prediction, (s,).
    """

    residual: FloatArray
    variance: FloatArray

    def unweighed(self, roots: FloatArray | None) -> "LeaveOneOut":
        """The same of targets that are not multiplied by the roots (s,) of weights, if they were."""
        if roots is None:
            return self
        return LeaveOneOut(self.residual / roots[:, None], self.variance / roots**2)


def leave_one_out(
    flow: Flow,
    y: FloatArray,
    rows: IntArray,
    time: float,
    prior: Operator | None = None,
    *,
    with_variance: bool = True,
) -> LeaveOneOut:
    """Predict some rows by training without them, one at a time.

        residual = w^T y,    variance = w^T P w

    with w_i = 1 and the other weights those of the prediction for row i, negative.

    Args:
        flow: of G (n, n), ridge included.
        y: targets (n, k).
        rows: indices (s,) of the rows.
        time: t > 0 or inf, in units of the exponent.
        prior: K(X, X), for the ensemble (ntk): P = K, and the variance is that over networks, without noise.
            None for the posteriors (nngp, ntkgp): P = G, and the variance is that of a noisy observation; at
            t = inf it is 1 / [G^{-1}]_ii. It then comes from the flow, which, if it is Lanczos', knows G to a
            relative eps / (t G) only.
        with_variance: whether the variance is wanted; else it is NaN.

    Raises:
        ConvergenceError: Lanczos does not reach its tolerance.
        TypeError: the flow has no finite times, and the time is finite.

    Rasmussen & Williams 2006, equations (5.10) to (5.12), for t = inf.
    """
    deletion = flow.deletion(rows, time, with_quadratic=with_variance and prior is None)
    return of_deletion(deletion, y, prior, with_variance=with_variance)


def of_deletion(
    deletion: Deletion, y: FloatArray, prior: Operator | None, *, with_variance: bool
) -> LeaveOneOut:
    """Residuals and variances of rows that were deleted; other arguments as for `leave_one_out`."""
    weights, variance = deletion.weights, deletion.quadratic
    if variance is None or not with_variance:
        variance = np.full(weights.shape[1], np.nan)
    if prior is not None:
        variance = np.maximum(column_dots(weights, prior.product(weights)), 0.0)
    return LeaveOneOut(weights.T @ y, variance)


def joined(parts: Sequence[LeaveOneOut], order: IntArray) -> LeaveOneOut:
    """Some rows after others as one, put into an order of all of them."""
    residual = np.concatenate([part.residual for part in parts])
    variance = np.concatenate([part.variance for part in parts])
    return LeaveOneOut(residual[order], variance[order])


def unit_columns(n: int, rows: IntArray) -> FloatArray:
    """Columns (n, s) of the identity."""
    units = np.zeros((n, len(rows)))
    units[rows, np.arange(len(rows))] = 1.0
    return units


def deletion_in_the_limit(action: Action, rows: IntArray) -> Deletion:
    """G^{-1} e_i / [G^{-1}]_ii and 1 / [G^{-1}]_ii, at t = inf, from the flow acting on the unit columns."""
    inverse = action.product(math.inf).astype(np.float64, copy=False)
    own = inverse[rows, np.arange(len(rows))]
    return Deletion(inverse / own, 1 / own)


def rotated_weights(vectors: FloatArray, eigenvalues: FloatArray, contour: Contour) -> FloatArray:
    """V^T w of some rows, as rows: (r, n).

    Args:
        vectors: those rows of V, (r, n).
        eigenvalues: g (n,) of G, positive if the contour is that of inf.
        contour: of the time.
    """
    dtype = vectors.dtype
    parts = _parts(1 / (contour.scale * eigenvalues + contour.shifts[:, None])).astype(dtype, copy=False)
    real, imaginary = np.split(product(vectors**2, parts.T), 2, axis=1)
    factors = contour.weights / (real + 1j * imaginary)
    # The real part of a sum of products, in real arithmetic.
    shares = product(_parts(factors.conj().T).astype(dtype, copy=False).T, parts)
    return np.asarray(vectors * shares, np.float64)


def left_out_residuals(
    vectors: FloatArray, eigenvalues: FloatArray, targets: FloatArray, contours: Sequence[Contour]
) -> FloatArray:
    """w^T y of some rows at p ridges and times, (p, r, k), by two products for all of them.

    Args:
        vectors: those rows of V, (r, n).
        eigenvalues: g of G at each of the ridges, (p, n), positive if a contour is that of inf.
        targets: V^T y (n, k).
        contours: of the times.
    """
    rows, (n, k) = len(vectors), targets.shape
    each = zip(contours, eigenvalues, strict=True)
    parts = _parts(np.concatenate([1 / (c.scale * g + c.shifts[:, None]) for c, g in each]))
    real, imaginary = np.split(product(vectors**2, parts.T), 2, axis=1)
    columns = (parts.T[:, :, None] * targets[:, None, :]).reshape(n, -1)
    above, beside = np.split(product(vectors, columns).reshape(rows, -1, k), 2, axis=1)
    factors = np.concatenate([c.weights for c in contours]) / (real + 1j * imaginary)
    terms = factors.real[:, :, None] * above - factors.imag[:, :, None] * beside
    starts = np.cumsum([0, *(len(c.shifts) for c in contours[:-1])])
    return np.asarray(np.add.reduceat(terms, starts, axis=1).transpose(1, 0, 2), np.float64)


def left_out_in_the_limit(
    vectors: FloatArray, eigenvalues: FloatArray, targets: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """[G^{-1} y]_i / [G^{-1}]_ii, (p, r, k), and 1 / [G^{-1}]_ii, (p, r), at p ridges and t = inf.

    Args:
        vectors: some rows of V, (r, n).
        eigenvalues: g > 0 of G at each of the ridges, (p, n).
        targets: V^T y (n, k).
    """
    (count, n), k = eigenvalues.shape, targets.shape[1]
    inverses = 1 / eigenvalues.T
    variances = (1 / product(vectors**2, inverses)).T
    columns = (inverses[:, :, None] * targets[:, None, :]).reshape(n, -1)
    solved = product(vectors, columns).reshape(-1, count, k).transpose(1, 0, 2)
    return solved * variances[:, :, None], variances


def _parts(a: ComplexArray) -> FloatArray:
    """Real parts (L, r), and the imaginary parts below them."""
    return np.concatenate([a.real, a.imag])
