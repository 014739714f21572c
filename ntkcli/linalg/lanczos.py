"""Functions of a symmetric operator times vectors, by the Lanczos method."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.contraction import column_dots

MAX_STEPS = 80

Map = Callable[[FloatArray], FloatArray]


class ConvergenceError(ArithmeticError):
    """The method does not reach its tolerance, or cannot begin."""


@dataclass(frozen=True)
class Applied:
    """f(Z) b, with the steps that it took and the estimate of its relative error."""

    value: FloatArray
    steps: int
    error: float


class KrylovSpaces:
    """For every column of b an orthonormal basis V of its Krylov space, and the tridiagonal T = V^T Z V.

    The bases grow as functions ask for more. Every new vector is orthogonalised against all of its own
    basis: the columns have nothing to do with each other.

    Args:
        operator: multiplies Z, symmetric with eigenvalues in [0, 1], with an (n, c) array; the product is a
            new array.
        b: (n, c).

    Lanczos 1950; for functions Saad 1992.
    """

    def __init__(self, operator: Map, b: FloatArray) -> None:
        self._operator = operator
        # Divided by their largest entries first, so that squares neither overflow nor vanish.
        size = np.abs(b).max(axis=0)
        first = _divide(b.astype(np.float64, copy=False), size)
        lengths = np.linalg.norm(first, axis=0)
        self._norms = size * lengths
        self._basis = [_divide(first, lengths)]
        self._diagonals: list[FloatArray] = []
        self._beside: list[FloatArray] = []

    def apply(self, function: Map, tolerance: float, floor: float = 0.0) -> Applied:
        """f(Z) b = |b| V f(T) e_1 for each column.

        The error is estimated by the change over two steps, of the worst column.

        Args:
            function: f, on an array of eigenvalues.
            tolerance: relative to |f(Z) b|, or to `floor` |b| where that is larger.

        Raises:
            ConvergenceError: MAX_STEPS do not reach the tolerance.
        """
        known: dict[int, FloatArray] = {}
        while True:
            steps = len(self._diagonals)
            if steps > 2:
                for some in (steps - 2, steps):
                    if some not in known:
                        known[some] = self._coefficients(function, some)
                found = known[steps]
                error = _relative_change(found, known[steps - 2], floor * self._norms)
                if error <= tolerance:
                    return Applied(self._combine(found), steps, error)
                if steps == MAX_STEPS:
                    raise ConvergenceError(f"an error of {error:.1g} after {steps} steps")
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

    def _coefficients(self, function: Map, steps: int) -> FloatArray:
        """|b| f(T) e_1 of every column, (c, steps), with T of so many steps."""
        tridiagonal = np.zeros((len(self._norms), steps, steps))
        for i in range(steps):
            tridiagonal[:, i, i] = self._diagonals[i]
        for i in range(steps - 1):
            tridiagonal[:, i + 1, i] = self._beside[i]
        eigenvalues, vectors = np.linalg.eigh(tridiagonal)
        values = function(np.clip(eigenvalues, 0.0, 1.0)) * vectors[:, 0, :]
        return np.asarray(self._norms[:, None] * np.einsum("cij,cj->ci", vectors, values))

    def _combine(self, coefficients: FloatArray) -> FloatArray:
        """The vectors (n, c) that have these coefficients in the bases."""
        value = np.zeros_like(self._basis[0])
        for i in range(coefficients.shape[1]):
            value += coefficients[:, i] * self._basis[i]
        return value


def _relative_change(found: FloatArray, earlier: FloatArray, least: FloatArray) -> float:
    """The largest |found - earlier| / |found| of the columns; `earlier` has fewer coefficients.

    Where |found| is less than `least` (c,), that takes its place.
    """
    change = found.copy()
    change[:, : earlier.shape[1]] -= earlier
    lengths = np.maximum(np.linalg.norm(found, axis=1), least)
    return float(_divide(np.linalg.norm(change, axis=1), lengths).max())


def _divide(a: FloatArray, b: FloatArray) -> FloatArray:
    """a / b, and 0 where b is 0."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)
