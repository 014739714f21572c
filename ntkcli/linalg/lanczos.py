"""Functions of a symmetric operator times vectors, by the Lanczos method."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.linalg.contraction import column_dots
from ntkcli.linalg.convergence import ConvergenceError

MAX_STEPS = 80

# What rounding may leave of a tolerance.
WORST_TOLERANCE = 1e-2

# T takes this many times an operator's error from its product, its orthogonalisation and its eigenvalues.
ROUNDINGS = 16

Map = Callable[[FloatArray], FloatArray]

# Real or complex.
Values = npt.NDArray[Any]
Function = Callable[[FloatArray], Values]


@dataclass(frozen=True)
class Applied:
    """f(Z) b, with the steps that it took and the estimate of its relative error."""

    value: Values
    steps: int
    error: float


@dataclass(frozen=True)
class _Ritz:
    """f(Z) b as the spaces of some steps have it.

    coefficients: |b| f(T) e_1 (c, steps), in the bases.
    lengths: (c,), what errors are relative to.
    rounding: (c,), the relative error that the operator's leaves of it.
    """

    coefficients: Values
    lengths: FloatArray
    rounding: FloatArray

    def change_from(self, earlier: "_Ritz") -> FloatArray:
        """The relative change (c,); `earlier` has fewer coefficients."""
        change = self.coefficients.copy()
        change[:, : earlier.coefficients.shape[1]] -= earlier.coefficients
        return _divide(np.linalg.norm(change, axis=1), self.lengths)


class KrylovSpaces:
    """For every column of b an orthonormal basis V of its Krylov space, and the tridiagonal T = V^T Z V.

    The bases grow as functions ask for more. Every new vector is orthogonalised against all of its own
    basis: the columns have nothing to do with each other.

    Args:
        operator: multiplies Z, symmetric with eigenvalues in [0, 1], with an (n, c) array; the product is a
            new array.
        b: (n, c).
        rounding: the operator's error for a vector of length 1.

    Lanczos 1950; for functions Saad 1992.
    """

    def __init__(self, operator: Map, b: FloatArray, rounding: float = 0.0) -> None:
        self._operator = operator
        self._rounding = ROUNDINGS * rounding
        # Divided by their largest entries first, so that squares neither overflow nor vanish.
        size = np.abs(b).max(axis=0)
        first = _divide(b.astype(np.float64, copy=False), size)
        lengths = np.linalg.norm(first, axis=0)
        self._norms = size * lengths
        self._basis = [_divide(first, lengths)]
        self._diagonals: list[FloatArray] = []
        self._beside: list[FloatArray] = []

    def apply(self, function: Function, tolerance: float, floor: float = 0.0) -> Applied:
        """f(Z) b = |b| V f(T) e_1 for each column.

        The error is estimated by the change over two steps, of the worst column, or by what the operator's
        rounding can do to f where that is more.

        Args:
            function: f, on an array of eigenvalues.
            tolerance: relative to |f(Z) b|, or to `floor` |b| where that is larger.

        Raises:
            ConvergenceError: MAX_STEPS reach neither the tolerance nor what rounding allows.
        """
        known: dict[int, _Ritz] = {}
        before = np.full(len(self._norms), np.inf)
        stalled = np.zeros(len(self._norms), bool)
        while True:
            steps = len(self._diagonals)
            if steps > 2:
                for some in (steps - 2, steps):
                    if some not in known:
                        known[some] = self._ritz(function, some, floor)
                found, change = known[steps], known[steps].change_from(known[steps - 2])
                # A change that rounding explains, and that no longer falls.
                allowed = (change <= found.rounding) & (found.rounding <= WORST_TOLERANCE)
                stalled |= allowed & ((change > before / 2) | (steps == MAX_STEPS))
                if np.all((change <= tolerance) | stalled):
                    error = float(np.maximum(change, found.rounding).max())
                    return Applied(self._combine(found.coefficients), steps, error)
                if steps == MAX_STEPS:
                    raise ConvergenceError(f"an error of {change.max():.1g} after {steps} steps")
                before = change
            self._extend()

    def _extend(self) -> None:
        """One more vector for every basis."""
        last = self._basis[-1]
        new = self._operator(last).astype(np.float64, copy=False)
        self._diagonals.append(column_dots(new, last))
        for vector in reversed(self._basis):
            new -= column_dots(new, vector) * vector
        self._beside.append(np.linalg.norm(new, axis=0))
        self._basis.append(_divide(new, self._beside[-1]))

    def _ritz(self, function: Function, steps: int, floor: float) -> _Ritz:
        """f(T) e_1 of every column, with T of so many steps."""
        tridiagonal = np.zeros((len(self._norms), steps, steps))
        for i in range(steps):
            tridiagonal[:, i, i] = self._diagonals[i]
        for i in range(steps - 1):
            tridiagonal[:, i + 1, i] = self._beside[i]
        eigenvalues, vectors = np.linalg.eigh(tridiagonal)
        moved = (np.clip(eigenvalues + step, 0.0, 1.0) for step in (0.0, self._rounding, -self._rounding))
        values, above, below = map(function, moved)
        images = np.einsum("cij,cj->ci", vectors, values * vectors[:, 0, :])
        lengths = np.maximum(np.linalg.norm(images, axis=1), floor)
        # |f(T + E) e_1 - f(T) e_1| is |E| times the steepest slope, at most.
        rounding = _divide(np.abs(above - below).max(axis=1), lengths)
        return _Ritz(self._norms[:, None] * images, self._norms * lengths, rounding)

    def _combine(self, coefficients: Values) -> Values:
        """The vectors (n, c) that have these coefficients in the bases."""
        value = np.zeros(self._basis[0].shape, coefficients.dtype)
        for i in range(coefficients.shape[1]):
            value += coefficients[:, i] * self._basis[i]
        return value


def _divide(a: FloatArray, b: FloatArray) -> FloatArray:
    """a / b, and 0 where b is 0."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)
