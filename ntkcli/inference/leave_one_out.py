"""Each training row predicted by training without it, from what is factored of all rows.

The numbers are those of deleting the row and training again for the same time, at every time (see `contour`).
The usual shortcut for a linear smoother, (S y)_i / S_ii with S = I - M F_t(G), agrees at t = inf where there
is a ridge. At finite times it answers another question: what would be predicted if the row's target were
what is predicted in the end. Without a ridge, its limit is the residual along G's least eigenvector alone.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.inference.contour import ComplexArray, Contour, deletion_contour
from ntkcli.inference.flow import Action, Flow
from ntkcli.inference.lanczos_flow import COLUMNS_AT_ONCE, LanczosFlow
from ntkcli.linalg.contraction import column_dots


@dataclass(frozen=True)
class LeftOut:
    """Rows predicted without themselves.

    residual: y_i less its prediction, (s, k).
    variance: of the prediction, (s,).
    """

    residual: FloatArray
    variance: FloatArray


def leave_one_out(
    flow: Flow,
    y: FloatArray,
    rows: npt.NDArray[np.intp],
    time: float,
    multiply: Callable[[FloatArray], FloatArray] | None = None,
) -> LeftOut:
    """Leave out some rows, one at a time.

        residual = w^T y,    variance = w^T P w

    with w_i = 1 and the other weights those of the prediction for row i, negative.

    Args:
        flow: of G (n, n), ridge included.
        y: targets (n, k).
        rows: indices (s,) of the rows.
        time: t > 0 or inf, in units of the exponent.
        multiply: multiplies K(X, X) with an (n, s) array, for the ensemble (ntk): P = K, and the variance is
            that over networks, without noise. None for the posteriors (nngp, ntkgp): P = G, and the
            variance is that of a noisy observation; at t = inf it is 1 / [G^{-1}]_ii. It then comes from
            the flow, which, if it is Lanczos', knows G to a relative eps / (t G) only.

    Raises:
        ConvergenceError: Lanczos does not reach its tolerance.
        TypeError: the flow is a Cholesky factor, and the time is finite.

    Rasmussen & Williams 2006, equations (5.10) to (5.12), for t = inf.
    """
    weights, variance = _weights(flow, rows, time, len(y), with_variance=multiply is None)
    if multiply is not None:
        variance = np.maximum(column_dots(weights, multiply(weights)), 0.0)
    return LeftOut(weights.T @ y, variance)


def _weights(
    flow: Flow, rows: npt.NDArray[np.intp], time: float, n: int, *, with_variance: bool
) -> tuple[FloatArray, FloatArray]:
    """The weights w (n, s), and w^T G w (s,), which may be anything where nobody wants it."""
    units = np.zeros((n, len(rows)))
    units[rows, np.arange(len(rows))] = 1.0
    if time == math.inf:
        return _limit_weights(flow.on(units), rows)
    contour = deletion_contour(time)
    if isinstance(flow, LanczosFlow):
        return _lanczos_weights(flow, units, rows, contour, with_images=with_variance)
    action = flow.on(units)
    if not isinstance(action, Diagonal):
        raise TypeError(f"{type(flow).__name__} has no finite times")
    rotated = rotated_weights(action.rotated.T, action.eigenvalues, contour)
    return action.vectors @ rotated.T.astype(action.vectors.dtype), rotated**2 @ action.eigenvalues


def _limit_weights(action: Action, rows: npt.NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
    inverse = action.product(math.inf).astype(np.float64, copy=False)
    own = inverse[rows, np.arange(len(rows))]
    return inverse / own, 1 / own


@runtime_checkable
class Diagonal(Protocol):
    """An action on b that has G = V diag(g) V^T."""

    @property
    def vectors(self) -> FloatArray:
        """V (n, n)."""

    @property
    def eigenvalues(self) -> FloatArray:
        """g (n,)."""

    @property
    def rotated(self) -> FloatArray:
        """V^T b (n, c)."""


def rotated_weights(vectors: FloatArray, eigenvalues: FloatArray, contour: Contour) -> FloatArray:
    """V^T w of some rows, as rows: (r, n).

    Args:
        vectors: those rows of V, (r, n).
        eigenvalues: g (n,) of G, positive if the contour is that of inf.
        contour: of the time.
    """
    dtype = vectors.dtype
    parts = _parts(1 / (contour.scale * eigenvalues + contour.shifts[:, None])).astype(dtype, copy=False)
    real, imaginary = np.split(vectors**2 @ parts.T, 2, axis=1)
    factors = contour.weights / (real + 1j * imaginary)
    # The real part of a sum of products, in real arithmetic.
    shares = _parts(factors.conj().T).astype(dtype, copy=False).T @ parts
    return np.asarray(vectors * shares, np.float64)


def _parts(a: ComplexArray) -> FloatArray:
    """Real parts (L, r), and the imaginary parts below them."""
    return np.concatenate([a.real, a.imag])


def _lanczos_weights(
    flow: LanczosFlow, units: FloatArray, rows: npt.NDArray[np.intp], contour: Contour, *, with_images: bool
) -> tuple[FloatArray, FloatArray]:
    """By some columns at a time, as each takes a vector for every step."""
    starts = range(0, len(rows), COLUMNS_AT_ONCE)
    groups = [slice(start, start + COLUMNS_AT_ONCE) for start in starts]
    pairs = [_lanczos_group(flow, units[:, group], rows[group], contour, with_images) for group in groups]
    weights, images = (np.hstack(arrays) for arrays in zip(*pairs, strict=True))
    return weights, column_dots(weights, images)


def _lanczos_group(
    flow: LanczosFlow,
    units: FloatArray,
    rows: npt.NDArray[np.intp],
    contour: Contour,
    with_images: bool,
) -> tuple[FloatArray, FloatArray]:
    """w and G w, both (n, s), or zeros instead of G w.

    With h = scale g they come from 1 / (h + z) and from h / (h + z), each with a relative error of its own:
    neither has the other's digits where h is small or large.
    """
    spaces, columns = flow.spaces(units), np.arange(len(rows))
    weights, images = np.zeros(units.shape), np.zeros(units.shape)
    for shift, weight in zip(contour.shifts, contour.weights, strict=True):
        # With |z| = 1, nothing overflows.
        z, scale = shift / abs(shift), contour.scale / abs(shift)
        kernel = partial(_kernel, scale=scale * flow.pole, shift=z)
        solution = flow.apply(kernel, spaces, 0.0)
        factors = weight / solution[rows, columns]
        weights += (factors * solution).real
        if with_images:
            image = flow.apply(partial(kernel, power=1), spaces, 0.0)
            images += (factors / scale * image).real
    return weights, images


def _kernel(mu: FloatArray, scale: float, shift: complex, power: int = 0) -> ComplexArray:
    """h^p / (h + z), where h = scale (1 - mu) / mu, for a power p of 0 or 1."""
    rest = scale * (1 - mu)
    return np.asarray((rest if power else mu) / (rest + shift * mu))
