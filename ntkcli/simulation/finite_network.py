"""A fully-connected network of finite width: drawn at random, evaluated, and differentiated."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.network import Network
from ntkcli.kernels.skips import Branch, Join
from ntkcli.kernels.steps import Activate, Affine, Normalise, Step
from ntkcli.simulation.layers import Dense, Elementwise, Layer, LayerNorm, SkipEnd, SkipStart


@dataclass(frozen=True)
class Pass:
    """A forward pass of some rows.

    outputs: (r, k).
    saved: what each step needs on the way back.
    """

    outputs: FloatArray
    saved: list[Any]


@dataclass(frozen=True)
class Sensitivity:
    """How outputs depend on one weight layer.

    dense: the layer.
    inputs: (r, fan_in) what enters it.
    delta: (r, units) the gradient by what leaves it.
    """

    dense: Dense
    inputs: FloatArray
    delta: FloatArray

    def on(self, rows: slice) -> "Sensitivity":
        """The same at some of the rows."""
        return Sensitivity(self.dense, self.inputs[rows], self.delta[rows])


@dataclass(frozen=True)
class FiniteNetwork:
    """A network of finite width, on rows that are known when it is drawn.

    x: (rows, d) all rows that it will see: dropout draws its masks once, one for each of them.
    layers: its steps.
    """

    x: FloatArray
    layers: list[Layer]

    @classmethod
    def draw(
        cls, network: Network, x: FloatArray, *, width: int, outputs: int, rng: np.random.Generator
    ) -> Self:
        """Draw weights, biases and dropout's masks.

        Args:
            network: whose finite kin it is.
            x: (rows, d) inputs.
            width: of the hidden layers.
            outputs: k.
            rng: every draw is from it, in the order of the steps.
        """
        layers: list[Layer] = []
        units, weight_layers = x.shape[1], network.depth
        for step in network.steps:
            weight_layers -= isinstance(step, Affine)
            after = width if weight_layers else outputs
            layers.append(_drawn(step, len(x), units, after, rng))
            units = after if isinstance(step, Affine) else units
        return cls(x, layers)

    @property
    def dense(self) -> list[Dense]:
        """The weight layers, in order."""
        return [layer for layer in self.layers if isinstance(layer, Dense)]

    @property
    def trained(self) -> list[Dense]:
        """The weight layers that are trained, in order."""
        return [dense for dense in self.dense if dense.affine.is_trained]

    def forward(self, rows: slice) -> Pass:
        """The outputs at some rows.

        Raises:
            NotImplementedError: an activation is known by its kernel alone.
        """
        h, saved, skips = self.x[rows], [], list[FloatArray]()
        for layer in self.layers:
            h, kept = layer.forward(h, rows, skips)
            saved.append(kept)
        return Pass(h, saved)

    def backward(self, done: Pass, gradient: FloatArray) -> Iterator[Sensitivity]:
        """How a combination of outputs depends on the trained weight layers, the last layer first.

        Args:
            done: a forward pass.
            gradient: (r, k) of the combination, by the outputs.
        """
        skips: list[FloatArray] = []
        first = self.layers.index(self.trained[0])
        for i in reversed(range(first, len(self.layers))):
            layer, saved = self.layers[i], done.saved[i]
            entered = layer.backward(gradient, saved, skips) if i > first else gradient
            # Only now: whoever reads this may change the layer's weights.
            if isinstance(layer, Dense) and layer.affine.is_trained:
                yield Sensitivity(layer, saved, gradient)
            gradient = entered


def _drawn(step: Step, rows: int, units: int, after: int, rng: np.random.Generator) -> Layer:
    """A finite step: `units` enter it, and a weight layer has `after`."""
    match step:
        case Affine():
            return Dense.draw(step, units, after, rng)
        case Activate() if step.keep < 1:
            return Elementwise(step.activation, rng.random((rows, units)) < step.keep, step.keep)
        case Activate():
            return Elementwise(step.activation)
        case Normalise():
            return LayerNorm()
        case Branch():
            return SkipStart()
        case Join():
            return SkipEnd(step.scale)
    raise NotImplementedError(f"{type(step).__name__} has no finite kin")
