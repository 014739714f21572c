"""Networks of finite width, with the kernels that their own weights give."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from ntkcli.arrays import FloatArray

Function = Callable[[FloatArray], FloatArray]


def _step(z: FloatArray) -> FloatArray:
    return np.asarray(z > 0, np.float64)


def _relu(z: FloatArray) -> FloatArray:
    return np.maximum(z, 0.0)


def _erf(z: FloatArray) -> FloatArray:
    return np.asarray(erf(z))


def _bell(z: FloatArray) -> FloatArray:
    return np.asarray(2 / np.sqrt(np.pi) * np.exp(-(z**2)))


# phi and its derivative.
FUNCTIONS: dict[str, tuple[Function, Function]] = {"relu": (_relu, _step), "erf": (_erf, _bell)}


@dataclass(frozen=True)
class FiniteNetwork:
    """A fully-connected network in the NTK parameterisation, every hidden layer `width` wide."""

    activation: str
    depth: int
    width: int
    sigma_w: float
    sigma_b: float

    def kernels(self, x: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """The empirical NNGP kernel and NTK of one draw of the weights, each (n, n).

        A parameter W_ij of layer l has the gradient sigma_w / sqrt(fan_in) * delta_i h_j, and a bias
        sigma_b delta_i, so layer l adds (delta delta^T) * (sigma_w^2 h h^T / fan_in + sigma_b^2) to the NTK.
        """
        phi, phi_prime = FUNCTIONS[self.activation]
        h, grams, slopes, weights = x, [self._gram(x)], [], []
        for _ in range(self.depth - 1):
            w, b = rng.normal(size=(self.width, h.shape[1])), rng.normal(size=self.width)
            z = self.sigma_w / np.sqrt(h.shape[1]) * h @ w.T + self.sigma_b * b
            h = phi(z)
            grams.append(self._gram(h))
            slopes.append(phi_prime(z))
            weights.append(w)
        weights.append(rng.normal(size=(1, h.shape[1])))
        delta = np.ones((len(x), 1))
        ntk = grams[-1].copy()
        for gram, slope, w in zip(grams[-2::-1], slopes[::-1], weights[:0:-1], strict=True):
            delta = (self.sigma_w / np.sqrt(w.shape[1]) * delta @ w) * slope
            ntk += gram * (delta @ delta.T)
        return grams[-1], ntk

    def _gram(self, h: FloatArray) -> FloatArray:
        return np.asarray(self.sigma_w**2 * h @ h.T / h.shape[1] + self.sigma_b**2)
