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
class Layer:
    """One weight layer in use: its input h, its weights w as they act, and z, what leaves it or its block."""

    h: FloatArray
    w: FloatArray
    z: FloatArray
    normalised: FloatArray
    spread: FloatArray


@dataclass(frozen=True)
class FiniteNetwork:
    """A fully-connected network, every hidden layer `width` wide.

    frozen: how many of the first layers are not trained.
    zero_biases: whether biases start from 0.
    every, scale: of residual blocks of layers 2, 3, ...; none for 0.
    standard: whether the parameters are the weights themselves, and not what sigma_w / sqrt(fan_in) scales.
    """

    activation: str
    depth: int
    width: int
    sigma_w: float
    sigma_b: float
    frozen: int = 0
    zero_biases: bool = False
    every: int = 0
    scale: float = 1.0
    layer_norm: bool = False
    standard: bool = False

    def kernels(self, x: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """The empirical NNGP kernel and NTK of one draw of the weights, each (n, n).

        With delta the gradient by what leaves layer l, a parameter W_ij has the gradient
        sigma_w / sqrt(fan_in) * delta_i h_j and a bias sigma_b delta_i, so that layer l adds
        (delta delta^T) * (sigma_w^2 h h^T / fan_in + sigma_b^2) to the NTK.
        """
        layers = self._forward(x, rng)
        delta: FloatArray = np.ones((len(x), 1))
        kept, ntk = delta, np.zeros((len(x), len(x)))
        for i in reversed(range(self.depth)):
            layer = layers[i]
            if self._ends_a_block(i):
                kept, delta = delta, self.scale * delta
            if self.layer_norm and i < self.depth - 1:
                delta = _through_norm(delta, layer)
            if i >= self.frozen:
                ntk += self._own(layer.h) * (delta @ delta.T)
            if i > 0:
                delta = (delta @ layer.w) * FUNCTIONS[self.activation][1](layers[i - 1].z)
            if self._starts_a_block(i):
                delta = delta + kept
        return self._nngp(layers[-1].h), ntk

    def _forward(self, x: FloatArray, rng: np.random.Generator) -> list[Layer]:
        layers: list[Layer] = []
        h = skipped = x
        for i in range(self.depth):
            units = self.width if i < self.depth - 1 else 1
            w = self.sigma_w / np.sqrt(h.shape[1]) * rng.normal(size=(units, h.shape[1]))
            b = 0.0 if self.zero_biases else self.sigma_b * rng.normal(size=units)
            z = h @ w.T + b
            centred = z - z.mean(axis=1, keepdims=True)
            spread = np.sqrt(np.mean(centred**2, axis=1, keepdims=True)) + (units == 1)
            if self._starts_a_block(i):
                skipped = layers[-1].z
            out = centred / spread if self.layer_norm else z
            out = skipped + self.scale * out if self._ends_a_block(i) else out
            layers.append(Layer(h, w, out, centred / spread, spread))
            h = FUNCTIONS[self.activation][0](out)
        return layers

    def _starts_a_block(self, i: int) -> bool:
        return bool(self.every) and 1 <= i <= self._in_blocks and (i - 1) % self.every == 0

    def _ends_a_block(self, i: int) -> bool:
        return bool(self.every) and 1 <= i <= self._in_blocks and i % self.every == 0

    @property
    def _in_blocks(self) -> int:
        """The last layer, from 0, that is in a block; the readout is in none."""
        return (self.depth - 2) // self.every * self.every

    def _nngp(self, h: FloatArray) -> FloatArray:
        bias = 0.0 if self.zero_biases else self.sigma_b**2
        return np.asarray(self.sigma_w**2 * h @ h.T / h.shape[1] + bias)

    def _own(self, h: FloatArray) -> FloatArray:
        """The products of the gradients by a layer's own parameters, over those by its outputs."""
        if self.standard:
            return np.asarray(h @ h.T + (self.sigma_b > 0))
        return np.asarray(self.sigma_w**2 * h @ h.T / h.shape[1] + self.sigma_b**2)


def _through_norm(delta: FloatArray, layer: Layer) -> FloatArray:
    """The gradient by z, from that by its normalisation n: (delta - mean(delta) - n mean(delta n)) / std."""
    n = layer.normalised
    along = np.mean(delta * n, axis=1, keepdims=True)
    return np.asarray((delta - delta.mean(axis=1, keepdims=True) - n * along) / layer.spread)
