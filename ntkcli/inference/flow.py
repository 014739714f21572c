"""The one function of the Gram matrix that training needs, by whichever factorisation is at hand.

Under gradient flow for a time t the residual y decays to exp(-t G) y, and the coefficients in front of the
kernel are F_t(G) y with

    F_t(G) = G^{-1} (I - exp(-t G)),    F_0 = 0,    F_inf = G^{-1}.
"""

import math
from collections.abc import Collection
from typing import Literal, Protocol

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.progress import Advance


class Flow(Protocol):
    """A Gram matrix G (n, n), ridge included, ready for F_t(G)."""

    name: str
    health: dict[str, float]

    def apply(self, time: float, b: FloatArray) -> FloatArray:
        """F_t(G) b for b (n, c)."""

    def root(self, time: float, b: FloatArray) -> FloatArray:
        """Some R b (n, c) with R^T R = F_t(G)."""


class PriorFlow:
    """F_0 = 0: nothing has been learnt yet, and nothing needs a factorisation."""

    name = "none"

    def __init__(self) -> None:
        self.health: dict[str, float] = {}

    def apply(self, time: float, b: FloatArray) -> FloatArray:
        """0."""
        return np.zeros_like(b)

    root = apply


class CholeskyFlow:
    """F_inf = G^{-1}, from G = L L^T."""

    name = "cholesky"

    def __init__(self, factor: Cholesky) -> None:
        self._factor = factor
        self.health = {"smallest_pivot": factor.smallest_pivot}

    def apply(self, time: float, b: FloatArray) -> FloatArray:
        """G^{-1} b."""
        return self._factor.solve(b)

    def root(self, time: float, b: FloatArray) -> FloatArray:
        """L^{-1} b."""
        return self._factor.half_solve(b)


class SpectralFlow:
    """F_t at every t, from the eigendecomposition of G."""

    name = "eigh"

    def __init__(self, spectrum: Spectrum, ridge: float = 0.0) -> None:
        self._spectrum = spectrum
        self._eigenvalues = spectrum.eigenvalues.astype(np.float64) + ridge
        self.health = {"smallest_eigenvalue": spectrum.smallest + ridge}

    def apply(self, time: float, b: FloatArray) -> FloatArray:
        """V F_t(eigenvalues) V^T b."""
        return self._spectrum.apply(self._values(time), b)

    def root(self, time: float, b: FloatArray) -> FloatArray:
        """F_t(eigenvalues)^{1/2} V^T b."""
        return np.sqrt(self._values(time))[:, None] * self._spectrum.rotate(b)

    def _values(self, time: float) -> FloatArray:
        return relaxation(self._eigenvalues, time).astype(self._spectrum.vectors.dtype)


def relaxation(eigenvalues: FloatArray, time: float) -> FloatArray:
    """F_t(g) = (1 - exp(-t g)) / g for eigenvalues g >= 0, without cancellation; F_t(0) = t.

    Args:
        eigenvalues: (n,), of G.
        time: t >= 0; inf only if every eigenvalue is positive.
    """
    values = np.full_like(eigenvalues, time)
    with np.errstate(over="ignore"):
        decay = np.ones_like(eigenvalues) if time == math.inf else -np.expm1(-time * eigenvalues)
    # Where t * g is 0 or loses digits to underflow, F_t is t.
    begun = (decay > np.finfo(np.float64).tiny) & (eigenvalues > 0)
    np.divide(decay, eigenvalues, out=values, where=begun)
    return values


def make_flow(matrix: SymmetricBlocks, ridge: float, times: Collection[float], advance: Advance) -> Flow:
    """The cheapest factorisation of G = matrix + ridge I that gives F_t(G) at all `times` > 0.

    Args:
        matrix: (n, n), used up: its memory is overwritten.
        ridge: lambda >= 0, absolute.
        times: t >= 0 or inf.
        advance: called with the number of blocks finished.

    Raises:
        SingularMatrixError: inf is among the times, and G is singular to rounding.
    """
    match solver_for(times):
        case "none":
            return PriorFlow()
        case "cholesky":
            matrix.add_to_diagonal(ridge)
            return CholeskyFlow(Cholesky(matrix, advance))
    full = matrix.to_array()
    del matrix
    spectrum = Spectrum(full)
    if math.inf in times:
        spectrum.check_positive(ridge)
    return SpectralFlow(spectrum, ridge)


def solver_for(times: Collection[float]) -> Literal["none", "cholesky", "eigh"]:
    """Name of the factorisation that `make_flow` chooses: finite times need the eigenvalues."""
    if any(0 < time < math.inf for time in times):
        return "eigh"
    return "cholesky" if math.inf in times else "none"
