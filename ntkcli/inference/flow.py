"""The one function of the Gram matrix that training needs, by whichever factorisation is at hand.

Under gradient flow for a time t the residual y decays to exp(-t G) y, and the coefficients in front of the
kernel are F_t(G) y with

    F_t(G) = G^{-1} (I - exp(-t G)),    F_0 = 0,    F_inf = G^{-1}.

Times here are in units of the exponent: learning rate and loss are in them.
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ntkcli.arrays import ArraySink, FloatArray, IntArray


class Action(Protocol):
    """A flow acting on the columns of one b (n, c), at any of its times."""

    def product(self, time: float) -> FloatArray:
        """F_t(G) b, (n, c)."""

    def decay(self, time: float) -> FloatArray:
        """exp(-t G) b, (n, c)."""

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        """b^T F_t(G) b, (c, c), or its diagonal (c,) alone."""


@dataclass(frozen=True)
class Health:
    """What a factorisation shows of G and of its own accuracy; every solver has a class of its own."""

    @property
    def true_residual(self) -> float | None:
        """The largest |b - G x| / |b| of what was solved at time inf, where G is at hand to tell it."""
        return None


@dataclass(frozen=True)
class Deletion:
    """What deleting s rows one at a time, and training again, makes of the residuals at these rows.

    weights: w (n, s). The residual at row i, deleted, is w_i^T y, with w_ii = 1.
    quadratic: w_i^T G w_i, (s,), if that is wanted.
    """

    weights: FloatArray
    quadratic: FloatArray | None = None


class Flow(Protocol):
    """A Gram matrix G (n, n), ridge included, ready for F_t(G)."""

    @property
    def health(self) -> Health:
        """What the factorisation shows of G and of its own accuracy."""

    def on(self, b: FloatArray) -> Action:
        """The flow acting on b (n, c)."""

    def deletion(self, rows: IntArray, time: float, *, with_quadratic: bool) -> Deletion:
        """Delete rows (s,), one at a time, and train for t > 0 or inf.

        Raises:
            ConvergenceError: an iteration does not reach its tolerance.
        """


@runtime_checkable
class Keepable(Protocol):
    """A flow that needs no Gram matrix any more, so that a model can have it."""

    def save(self, name: str, arrays: ArraySink) -> dict[str, float]:
        """Keep what was factored as arrays called NAME; the numbers that go with them."""


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
