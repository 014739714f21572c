"""Predictions by many ridges and times at once, from one eigendecomposition."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import relaxation
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.linalg.spectrum import Spectrum

# A ridge in absolute terms, and a time in units of the exponent.
Pair = tuple[float, float]


@dataclass(frozen=True)
class Stack:
    """Predictions of some rows x* from the training rows' Gram matrix M = V diag(g) V^T, stacked by pair.

    Pairs of a time inf and a ridge that leaves M singular to rounding have no answer: NaN.

    spectrum: of M (n, n).
    targets: V^T y, (n, k).
    rotated: M(x*, X) V, (m, n).
    """

    spectrum: Spectrum
    targets: FloatArray
    rotated: FloatArray

    def means(self, pairs: Sequence[Pair]) -> FloatArray:
        """M(x*, X) F_t(M + ridge I) y, (p, m, k)."""
        n, k = self.targets.shape
        factors = self._relaxations(pairs, 1.0)
        weights = (factors[:, :, None] * self.targets[:, None, :]).reshape(n, -1)
        means = (self.rotated @ weights).reshape(len(self.rotated), len(pairs), k)
        return np.asarray(means.transpose(1, 0, 2))

    def posterior_variances(self, prior: FloatArray, pairs: Sequence[Pair]) -> FloatArray:
        """Of the noise-free function: M(x*, x*) - M(x*, X) F_2t(M + ridge I) M(X, x*), (p, m).

        prior: M(x*, x*), its diagonal (m,).
        """
        spent = self.rotated**2 @ self._relaxations(pairs, 2.0)
        # A NaN stays one.
        return np.asarray(np.maximum(prior - spent.T, 0.0))

    def is_regular(self, pair: Pair) -> bool:
        """Whether a pair has an answer."""
        ridge, time = pair
        try:
            if time == math.inf:
                self.spectrum.check_positive(ridge)
        except SingularMatrixError:
            return False
        return True

    def _relaxations(self, pairs: Sequence[Pair], factor: float) -> FloatArray:
        """F_(factor t) of the eigenvalues, (n, p)."""
        out = np.full((len(self.targets), len(pairs)), np.nan)
        for j, (ridge, time) in enumerate(pairs):
            if self.is_regular((ridge, time)):
                out[:, j] = relaxation(self.spectrum.eigenvalues + ridge, factor * time)
        return out
