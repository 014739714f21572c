"""What is seen of a network while it is trained, with its linearisation trained beside it or in its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.simulation.descent import Interval, descend
from ntkcli.simulation.empirical import empirical_ntk, sensitivities
from ntkcli.simulation.finite_network import FiniteNetwork
from ntkcli.simulation.layers import Dense
from ntkcli.simulation.linearised import Linearised


@dataclass(frozen=True)
class State:
    """A network at one time of its training.

    outputs: (r, k) at all rows that it knows.
    weight_changes: (layers,) |W - W_0| / |W_0|, biases included, of every trained weight layer, in order.
    kernel_change: |Theta - Theta_0| / |Theta_0| of the empirical NTK of the first output at the training
        rows, in Frobenius norm; NaN of a linearised network, whose NTK does not change.
    linearised: (r, k) the outputs of the linearised network.
    """

    outputs: FloatArray
    weight_changes: FloatArray
    kernel_change: float
    linearised: FloatArray


def states(
    network: FiniteNetwork,
    linearised: Linearised,
    y: FloatArray,
    plan: Sequence[Interval],
    ridge: float,
) -> Iterator[State]:
    """Train a network in place, and its linearisation with the same steps; yield both after each interval.

    Args:
        network: at its initialisation; its first rows are the training rows.
        linearised: its linearisation there.
        y: (n, k) targets.
        plan: the intervals of training.
        ridge: lambda >= 0, absolute.
    """
    train = slice(len(y))
    starts, kernel = [_parameters(dense) for dense in network.trained], _tangent(network, train)
    beside = linearised.descend(y, plan, ridge)
    for _, (linear, _) in zip(descend(network, train, y, plan, ridge), beside, strict=True):
        changes = [
            _relative(_parameters(dense), start) for dense, start in zip(network.trained, starts, strict=True)
        ]
        outputs = network.forward(slice(None)).outputs
        yield State(outputs, np.array(changes), _relative(_tangent(network, train), kernel), linear)


def linearised_states(
    network: FiniteNetwork,
    linearised: Linearised,
    y: FloatArray,
    plan: Sequence[Interval],
    ridge: float,
) -> Iterator[State]:
    """Train the linearised network alone; arguments as of `states`."""
    norms = np.array([np.linalg.norm(_parameters(dense)) for dense in network.trained])
    for linear, moved in linearised.descend(y, plan, ridge):
        yield State(linear, moved[::-1] / norms, np.nan, linear)


def _parameters(dense: Dense) -> FloatArray:
    return np.concatenate([dense.weights.ravel(), dense.biases])


def _tangent(network: FiniteNetwork, rows: slice) -> FloatArray:
    found = sensitivities(network, network.forward(rows), 0)
    return empirical_ntk(found, found)


def _relative(now: FloatArray, before: FloatArray) -> float:
    """|now - before| / |before|; 0 where neither is anything."""
    norm = float(np.linalg.norm(before))
    return float(np.linalg.norm(now - before)) / norm if norm else float(np.any(now))
