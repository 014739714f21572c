"""Rows of random features, whose kernel has a known population."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.spectrum import Spectrum


@dataclass(frozen=True)
class Population:
    """Gaussian features x, the kernel sum lambda_i x_i x'_i, and the target sum w_i x_i with noise.

    eigenvalues: lambda (p,).
    coefficients: w (p,).
    noise: the variance around the target.
    """

    eigenvalues: FloatArray
    coefficients: FloatArray
    noise: float = 0.0

    def sample(self, rows: int, seed: int) -> tuple[FloatArray, FloatArray]:
        """The Gram matrix (n, n) and the targets (n, 1) of rows drawn at random."""
        random = np.random.default_rng(seed)
        x = random.normal(size=(rows, len(self.eigenvalues)))
        y = x @ self.coefficients + np.sqrt(self.noise) * random.normal(size=rows)
        return (x * self.eigenvalues) @ x.T, y[:, None]


@dataclass(frozen=True)
class Features:
    """A network that is linear in its weights: f = f_0 + J (theta - theta_0).

    jacobian: J (n, p).
    y: (n, k).
    """

    jacobian: FloatArray
    y: FloatArray

    @cached_property
    def gram(self) -> FloatArray:
        return np.asarray(self.jacobian @ self.jacobian.T)

    @cached_property
    def spectrum(self) -> Spectrum:
        return Spectrum.of(self.gram.copy(order="F"))


def power_law(count: int, decay: float, power: float, noise: float = 0.0) -> Population:
    """lambda_i = i^-decay and w_i^2 = i^-power."""
    i = np.arange(1.0, count + 1)
    return Population(i**-decay, i ** (-power / 2), noise)
