"""Gradient descent on the squared loss, full batch, with steps that end at given times."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.executor import stop_if_asked
from ntkcli.kernels.tiling import strips
from ntkcli.simulation.finite_network import FiniteNetwork

LEAST_STEPS = 32
# Rows of a gradient that are computed at once.
STRIP_ROWS = 256


@dataclass(frozen=True)
class Interval:
    """A stretch of training.

    end: its end, in units of the exponent (learning rate and loss are in it).
    steps: of gradient descent.
    length: of each step.
    """

    end: float
    steps: int
    length: float


def intervals(times: Sequence[float], longest: float) -> list[Interval]:
    """Cut training at ascending times >= 0, each interval in equal steps no longer than `longest`.

    An interval has at least LEAST_STEPS: fewer would not follow the flow where it is fastest.
    """
    found, start = [], 0.0
    for time in times:
        steps = max(math.ceil((time - start) / longest), LEAST_STEPS) if time > start else 0
        found.append(Interval(time, steps, (time - start) / max(steps, 1)))
        start = time
    return found


def descend(
    network: FiniteNetwork, rows: slice, y: FloatArray, plan: Sequence[Interval], ridge: float = 0.0
) -> Iterator[Interval]:
    """Train a network in place by gradient descent, and pause at the end of every interval.

        theta <- theta - length (J^T (f(X) - y) + ridge (theta - theta_0))

    The ridge draws the parameters back to where they started: that is what adds it to the Gram matrix of the
    linearised network.

    Args:
        network: at its initialisation.
        rows: the training rows among those that it knows.
        y: (n, k) targets.
        plan: the intervals.
        ridge: lambda >= 0, absolute.
    """
    starts = [(dense.weights.copy(), dense.biases.copy()) for dense in network.trained[::-1]] if ridge else []
    for interval in plan:
        for _ in range(interval.steps):
            stop_if_asked()
            _step(network, rows, y, interval.length, ridge, starts)
        yield interval


def _step(
    network: FiniteNetwork,
    rows: slice,
    y: FloatArray,
    length: float,
    ridge: float,
    starts: Sequence[tuple[FloatArray, FloatArray]],
) -> None:
    """One step; `starts` has the parameters' first values, the last layer's first, if there is a ridge."""
    done = network.forward(rows)
    changes = network.backward(done, done.outputs - y)
    for found, start in zip_longest(changes, starts):
        dense = found.dense
        if start is not None:
            dense.weights -= (length * ridge) * (dense.weights - start[0])
            dense.biases -= (length * ridge) * (dense.biases - start[1])
        if dense.affine.ntk_weight > 0:
            _add_gradient(dense.weights, found.inputs, (-length * dense.gain) * found.delta)
        if dense.affine.ntk_bias > 0:
            dense.biases -= (length * dense.bias_gain) * found.delta.sum(axis=0)


def _add_gradient(weights: FloatArray, inputs: FloatArray, delta: FloatArray) -> None:
    """Add inputs^T delta, in strips of rows that stay in the cache until they are added."""
    for strip in strips(slice(0, len(weights)), STRIP_ROWS):
        weights[strip] += inputs[:, strip].T @ delta
