"""The steps of a network of finite width: what each does to a signal, and to a gradient on its way back."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ntkcli.arrays import BoolArray, FloatArray
from ntkcli.kernels.activations.activation import Activation, inverse_root
from ntkcli.kernels.steps import Affine

# The signals that wait for the end of their residual block, innermost last.
Skips = list[FloatArray]


class Layer(ABC):
    """One step of a finite network."""

    @abstractmethod
    def forward(self, h: FloatArray, rows: slice, skips: Skips) -> tuple[FloatArray, Any]:
        """Take a signal (r, units) of some rows one step further; also return what `backward` needs of it."""

    @abstractmethod
    def backward(self, gradient: FloatArray, saved: Any, skips: Skips) -> FloatArray:
        """Return the gradient by what entered, from that by what left."""


# Compared by identity: a network's layers are those whose weights change.
@dataclass(eq=False)
class Dense(Layer):
    """A weight layer h W gain + b bias_gain, whose parameters W and b are trained, unless it is frozen.

    A layer's kernel step says what its parameters are: their variances at the start, and by how much they
    add to the tangent kernel. In the NTK parameterisation, W is N(0, 1) and the gain sigma_w / sqrt(fan_in);
    in the standard one W has variance sigma_w^2 / width and gain 1 where the width is the spec's, and at
    other widths what gives the same tangent kernel in the limit.

    affine: the kernel step.
    weights: W (fan_in, units). biases: b (units,).
    """

    affine: Affine
    weights: FloatArray
    biases: FloatArray

    @classmethod
    def draw(cls, affine: Affine, fan_in: int, units: int, rng: np.random.Generator) -> Self:
        """Draw a layer's parameters; biases that the layer has not are 0."""
        weights = rng.standard_normal((fan_in, units))
        biases = rng.standard_normal(units) if affine.has_biases else np.zeros(units)
        if affine.ntk_weight > 0 and affine.ntk_weight != affine.weight:
            weights *= np.sqrt(affine.weight / affine.ntk_weight)
        # A layer without biases has zeros, which count for nothing in the norm of its parameters.
        biases *= np.sqrt(affine.bias / (affine.ntk_bias or affine.bias or 1.0))
        return cls(affine, weights, biases)

    @property
    def gain(self) -> float:
        """What h W is multiplied by."""
        return float(np.sqrt((self.affine.ntk_weight or self.affine.weight) / len(self.weights)))

    @property
    def bias_gain(self) -> float:
        """What b is multiplied by."""
        return float(np.sqrt(self.affine.ntk_bias or self.affine.bias))

    def forward(self, h: FloatArray, rows: slice, skips: Skips) -> tuple[FloatArray, FloatArray]:
        """h W gain + b bias_gain."""
        out = h @ self.weights
        out *= self.gain
        if self.bias_gain:
            out += self.bias_gain * self.biases
        return out, h

    def backward(self, gradient: FloatArray, saved: FloatArray, skips: Skips) -> FloatArray:
        """The gradient times W^T gain."""
        back = gradient @ self.weights.T
        back *= self.gain
        return back


@dataclass(frozen=True)
class Elementwise(Layer):
    """An activation, and dropout behind it.

    activation: phi.
    kept: (rows, units), the units that dropout keeps at each row; None where it keeps all.
    keep: the share that it keeps.
    """

    activation: Activation
    kept: BoolArray | None = None
    keep: float = 1.0

    def forward(
        self, h: FloatArray, rows: slice, skips: Skips
    ) -> tuple[FloatArray, tuple[FloatArray, slice]]:
        """phi(h), over the share of units that are kept."""
        return self._dropped(self.activation.value(h), rows), (h, rows)

    def backward(self, gradient: FloatArray, saved: tuple[FloatArray, slice], skips: Skips) -> FloatArray:
        """The gradient times phi'(h)."""
        h, rows = saved
        slope = self.activation.derivative(h)
        slope *= gradient
        return self._dropped(slope, rows)

    def _dropped(self, values: FloatArray, rows: slice) -> FloatArray:
        if self.kept is not None:
            values *= self.kept[rows]
            values /= self.keep
        return values


class LayerNorm(Layer):
    """Layer normalisation over the units of each row, without parameters; equal units become 0.

    Ba et al. 2016.
    """

    def forward(
        self, h: FloatArray, rows: slice, skips: Skips
    ) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
        """(h - mean) / standard deviation."""
        out = h - h.mean(axis=1, keepdims=True)
        inverse = inverse_root(np.mean(out**2, axis=1, keepdims=True))
        out *= inverse
        return out, (out, inverse)

    def backward(
        self, gradient: FloatArray, saved: tuple[FloatArray, FloatArray], skips: Skips
    ) -> FloatArray:
        """(g - mean(g) - out mean(g out)) / standard deviation."""
        out, inverse = saved
        along = np.mean(gradient * out, axis=1, keepdims=True)
        return np.asarray((gradient - gradient.mean(axis=1, keepdims=True) - out * along) * inverse)


class SkipStart(Layer):
    """The start of a residual block: what enters it goes to its end as well."""

    def forward(self, h: FloatArray, rows: slice, skips: Skips) -> tuple[FloatArray, None]:
        """Keep the signal."""
        skips.append(h)
        return h, None

    def backward(self, gradient: FloatArray, saved: None, skips: Skips) -> FloatArray:
        """Add what came back by the skip."""
        return gradient + skips.pop()


@dataclass(frozen=True)
class SkipEnd(Layer):
    """The end of a residual block: what entered it, and scale times what it made of it."""

    scale: float

    def forward(self, h: FloatArray, rows: slice, skips: Skips) -> tuple[FloatArray, None]:
        """Add what was kept."""
        return skips.pop() + self.scale * h, None

    def backward(self, gradient: FloatArray, saved: None, skips: Skips) -> FloatArray:
        """Keep the gradient for the skip."""
        skips.append(gradient)
        return self.scale * gradient
