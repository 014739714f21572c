"""The NNGP kernel of networks of any kind on whole matrices, and the NTK as its derivative.

A parameter of layer l moves an output by its gradient, so that the NTK is how K[L](x, x') grows when every
trained layer's K[l](x, x') takes a step of the products of gradients by its own parameters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray

STEP = 1e-6


def relu(k: FloatArray, roots: FloatArray) -> FloatArray:
    """Cho & Saul 2009, by the angle."""
    angle = np.arccos(np.clip(k / roots, -1, 1))
    return np.asarray(roots / (2 * np.pi) * (np.sin(angle) + (np.pi - angle) * np.cos(angle)))


def erf(k: FloatArray, roots: FloatArray) -> FloatArray:
    """Williams 1997."""
    q = roots.diagonal()
    return np.asarray(2 / np.pi * np.arcsin(2 * k / np.sqrt(np.multiply.outer(1 + 2 * q, 1 + 2 * q))))


def identity(k: FloatArray, roots: FloatArray) -> FloatArray:
    """The covariance itself."""
    return k


DUALS: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "relu": relu,
    "erf": erf,
    "identity": identity,
}


@dataclass(frozen=True)
class Recursion:
    """A network by what it has in each layer.

    activations: one for each hidden layer.
    frozen: how many of the first layers are not trained.
    every, scale: of residual blocks; none for 0.
    keep: what dropout keeps.
    width: of the standard parameterization.
    """

    activations: list[str]
    sigma_w: list[float]
    sigma_b: list[float]
    frozen: int = 0
    zero_biases: bool = False
    every: int = 0
    scale: float = 1.0
    layer_norm: bool = False
    keep: float = 1.0
    width: int | None = None

    @property
    def section(self) -> dict[str, Any]:
        """The same as a spec has it."""
        standard = {"parameterization": "standard", "width": self.width} if self.width else {}
        return {
            "depth": len(self.sigma_w),
            "activation": self.activations,
            "sigma_w": self.sigma_w,
            "sigma_b": self.sigma_b,
            "train": {"first_frozen": self.frozen},
            "bias_init": "zero" if self.zero_biases else "normal",
            "residual": {"every": self.every, "scale": self.scale} if self.every else None,
            "layer_norm": self.layer_norm,
            "keep_probability": self.keep,
            **standard,
        }

    def nngp(self, x: FloatArray, step: float = 0.0) -> FloatArray:
        """K (n, n), with a step of every trained layer's own kernel in it, off the diagonal."""
        hidden = len(self.activations)
        k = self._weigh(x @ x.T / x.shape[1], 0, x.shape[1], step)
        k, layer = self._normalised(k) if hidden else k, 1
        while layer <= hidden:
            in_block = 0 < self.every <= hidden - layer
            through = k
            for _ in range(self.every if in_block else 1):
                through = self._weigh(self._activated(through, layer), layer, self.width or 1, step)
                through = self._normalised(through) if layer < hidden else through
                layer += 1
            k = k + self.scale**2 * through if in_block else through
        return k

    def ntk(self, x: FloatArray) -> FloatArray:
        """Theta (n, n) off the diagonal, to 1e-7."""
        return (self.nngp(x, STEP) - self.nngp(x, -STEP)) / (2 * STEP)

    def _weigh(self, k: FloatArray, layer: int, fan_in: int, step: float) -> FloatArray:
        weight, bias = self.sigma_w[layer] ** 2, self.sigma_b[layer] ** 2
        own = fan_in * k + (bias > 0) if self.width else weight * k + bias
        trained = layer >= self.frozen
        off_diagonal = 1 - np.eye(len(k))
        return weight * k + (0.0 if self.zero_biases else bias) + step * trained * off_diagonal * own

    def _activated(self, k: FloatArray, layer: int) -> FloatArray:
        q = k.diagonal()
        out = DUALS[self.activations[layer - 1]](k, np.sqrt(np.multiply.outer(q, q)))
        return np.where(np.eye(len(k)) > 0, out / self.keep, out)

    def _normalised(self, k: FloatArray) -> FloatArray:
        q = k.diagonal()
        return k / np.sqrt(np.multiply.outer(q, q)) if self.layer_norm else k
