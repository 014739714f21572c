"""The one function of the Gram matrix that training needs, by whichever factorisation is at hand.

Under gradient flow for a time t the residual y decays to exp(-t G) y, and the coefficients in front of the
kernel are F_t(G) y with

    F_t(G) = G^{-1} (I - exp(-t G)),    F_0 = 0,    F_inf = G^{-1}.

Times here are in units of the exponent: learning rate and loss are in them.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.contraction import contract
from ntkcli.linalg.spectrum import Spectrum


class Action(Protocol):
    """A flow acting on the columns of one b (n, c), at any of its times."""

    def product(self, time: float) -> FloatArray:
        """F_t(G) b, (n, c)."""

    def decay(self, time: float) -> FloatArray:
        """exp(-t G) b, (n, c)."""

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        """b^T F_t(G) b, (c, c), or its diagonal (c,) alone."""


class Flow(Protocol):
    """A Gram matrix G (n, n), ridge included, ready for F_t(G)."""

    @property
    def health(self) -> dict[str, float]:
        """What the factorisation tells of G and of itself."""

    def on(self, b: FloatArray) -> Action:
        """The flow acting on b (n, c)."""


class CholeskyFlow:
    """F_inf = G^{-1}, from G = L L^T."""

    def __init__(self, factor: Cholesky) -> None:
        self.factor = factor

    @property
    def health(self) -> dict[str, float]:
        """The smallest squared pivot."""
        return {"smallest_pivot": self.factor.smallest_pivot}

    def on(self, b: FloatArray) -> Action:
        """L^{-1} b, and what follows from it."""
        return _CholeskyAction(self.factor, self.factor.half_solve(b))


@dataclass(frozen=True)
class _CholeskyAction:
    factor: Cholesky
    half: FloatArray

    def product(self, time: float) -> FloatArray:
        return self.factor.half_solve_transposed(self.half)

    def decay(self, time: float) -> FloatArray:
        return np.zeros_like(self.half)

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        return contract(self.half, self.half, full=full)


class SpectralFlow:
    """F_t at every t, from G = V diag(g) V^T."""

    def __init__(self, spectrum: Spectrum, ridge: float = 0.0) -> None:
        self.spectrum = spectrum
        self.ridge = ridge
        self._eigenvalues = spectrum.eigenvalues.astype(np.float64) + ridge
        self._smallest = spectrum.smallest + ridge

    @property
    def health(self) -> dict[str, float]:
        """The smallest eigenvalue as computed, and the condition number where it is positive."""
        condition = {"condition": float(self._eigenvalues[-1] / self._smallest)} if self._smallest > 0 else {}
        return {"smallest_eigenvalue": self._smallest, **condition}

    def on(self, b: FloatArray) -> Action:
        """V^T b, and what follows from it."""
        return _SpectralAction(self.spectrum.vectors, self._eigenvalues, self.spectrum.rotate(b))


@dataclass(frozen=True)
class _SpectralAction:
    vectors: FloatArray
    eigenvalues: FloatArray
    rotated: FloatArray

    def product(self, time: float) -> FloatArray:
        return self.vectors @ self._scaled(relaxation(self.eigenvalues, time))

    def decay(self, time: float) -> FloatArray:
        return self.vectors @ self._scaled(survival(self.eigenvalues, time))

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        root = self._scaled(np.sqrt(relaxation(self.eigenvalues, time)))
        return contract(root, root, full=full)

    def _scaled(self, values: FloatArray) -> FloatArray:
        return values.astype(self.rotated.dtype)[:, None] * self.rotated


def relaxation(eigenvalues: FloatArray, time: float) -> FloatArray:
    """F_t(g) = (1 - exp(-t g)) / g for eigenvalues g >= 0, without cancellation; F_t(0) = t.

    Args:
        eigenvalues: of G, an array of any shape.
        time: t >= 0; inf only if every eigenvalue is positive.
    """
    values = np.full_like(eigenvalues, time)
    with np.errstate(over="ignore"):
        decay = np.ones_like(eigenvalues) if time == math.inf else -np.expm1(-time * eigenvalues)
    # Where t * g is 0 or loses digits to underflow, F_t is t.
    begun = (decay > np.finfo(np.float64).tiny) & (eigenvalues > 0)
    np.divide(decay, eigenvalues, out=values, where=begun)
    return values


def survival(eigenvalues: FloatArray, time: float) -> FloatArray:
    """exp(-t g) for eigenvalues g >= 0: what is left of the residual. Arguments as for `relaxation`."""
    if time == math.inf:
        return np.zeros_like(eigenvalues)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.exp(-time * eigenvalues))
