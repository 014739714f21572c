"""Gram matrices of training and test rows, and dense formulas to compare with."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import expm

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Flow
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.solvers.eigh import SpectralFlow


@dataclass(frozen=True)
class Joint:
    """A kernel on n training rows followed by m test rows.

    whole: (n + m, n + m).
    n: training rows.
    """

    whole: FloatArray
    n: int

    @property
    def train(self) -> FloatArray:
        """k(X, X)."""
        return self.whole[: self.n, : self.n]

    @property
    def test_train(self) -> FloatArray:
        """k(x*, X)."""
        return self.whole[self.n :, : self.n]

    @property
    def test(self) -> FloatArray:
        """k(x*, x*)."""
        return self.whole[self.n :, self.n :]


@dataclass(frozen=True)
class Problem:
    """Two unrelated kernels on the same rows, and targets with two outputs."""

    seed: int = 0
    n: int = 9
    m: int = 4

    @cached_property
    def nngp(self) -> Joint:
        """K."""
        return self._kernel(0)

    @cached_property
    def ntk(self) -> Joint:
        """Theta."""
        return self._kernel(1)

    @cached_property
    def y(self) -> FloatArray:
        """Targets (n, 2)."""
        return np.random.default_rng([self.seed, 2]).normal(size=(self.n, 2))

    def _kernel(self, number: int) -> Joint:
        size = self.n + self.m
        factor = np.random.default_rng([self.seed, number]).normal(size=(size, size + 3))
        return Joint(factor @ factor.T / size + 0.1 * np.eye(size), self.n)


def spectral_flow(gram: FloatArray, ridge: float = 0.0) -> Flow:
    """F_t from the eigendecomposition of gram + ridge I."""
    return SpectralFlow(Spectrum.of(gram.copy(order="F")), ridge)


def dense_flow(gram: FloatArray, time: float) -> FloatArray:
    """F_t(G) = G^{-1} (I - exp(-t G)), by the matrix exponential."""
    decay = np.zeros_like(gram) if np.isinf(time) else expm(-time * gram)
    return np.asarray(np.linalg.solve(gram, np.eye(len(gram)) - decay))
