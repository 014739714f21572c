"""Training of a network's linearisation at its initialisation, by gradient descent in function space.

With f_lin(x) = f_0(x) + J(x) (theta - theta_0), gradient descent moves theta by J(X)^T alpha, and the
outputs by the empirical tangent kernel times alpha: nothing else of the weights is needed (Lee et al. 2019).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.executor import stop_if_asked
from ntkcli.simulation.descent import Interval
from ntkcli.simulation.empirical import layer_kernels, sensitivities
from ntkcli.simulation.finite_network import FiniteNetwork


@dataclass(frozen=True)
class Linearised:
    """A network's linearisation, on the rows that the network knows.

    start: (r, k) its outputs at the initialisation.
    kernel: (r k, n k) the empirical tangent kernel of all rows with the n training rows, outputs innermost.
    layers: (n k, n k) of the training rows, what each trained layer adds to it, the last layer first.
    """

    start: FloatArray
    kernel: FloatArray
    layers: list[FloatArray]

    @classmethod
    def of(cls, network: FiniteNetwork, rows: slice) -> Self:
        """Linearise a network where it is; `rows` are the training rows, its first ones."""
        done = network.forward(slice(None))
        outputs = range(done.outputs.shape[1])
        found = [sensitivities(network, done, output) for output in outputs]
        training = [[s.on(rows) for s in one] for one in found]
        blocks = [[[*layer_kernels(a, b)] for b in training] for a in found]
        layers = [_joined(blocks, layer) for layer in range(len(network.trained))]
        n = rows.stop * len(outputs)
        return cls(done.outputs, sum(layers[1:], layers[0]), [layer[:n] for layer in layers])

    @property
    def training_kernel(self) -> FloatArray:
        """The empirical tangent kernel (n k, n k) of the training rows."""
        return self.kernel[: self.kernel.shape[1]]

    def descend(
        self, y: FloatArray, plan: Sequence[Interval], ridge: float = 0.0
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Train by gradient descent, and pause at the end of every interval.

            alpha <- alpha - length (f(X) - y + ridge alpha),    f = f_0 + Theta alpha

        Args:
            y: (n, k) targets.
            plan: the intervals.
            ridge: lambda >= 0, absolute.

        Yields:
            The outputs (r, k) at all rows, and what each trained layer's parameters have moved by, the last
            layer first.
        """
        targets, start = y.ravel(), self.start.ravel()
        alpha, theta = np.zeros_like(targets), self.training_kernel
        residual = start[: len(targets)] - targets
        for interval in plan:
            for _ in range(interval.steps):
                stop_if_asked()
                alpha -= interval.length * (residual + theta @ alpha + ridge * alpha)
            moved = [max(float(alpha @ layer @ alpha), 0.0) for layer in self.layers]
            yield (start + self.kernel @ alpha).reshape(self.start.shape), np.sqrt(moved)


def _joined(blocks: list[list[list[FloatArray]]], layer: int) -> FloatArray:
    """One layer's blocks (r, n) of pairs of outputs as one matrix (r k, n k), outputs innermost."""
    stacked = np.array([[block[layer] for block in row] for row in blocks])
    k, _, r, n = stacked.shape
    return stacked.transpose(2, 0, 3, 1).reshape(r * k, n * k)
