"""Small problems for networks of finite width."""

from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.network import Network
from ntkcli.simulation.closed_form import InfiniteWidth
from ntkcli.simulation.experiment import Experiment

from ..kernels.inputs import normal_rows
from .networks import network_with

X, X_TEST = normal_rows(8, seed=1), normal_rows(4, seed=2)
Y = np.random.default_rng(3).normal(size=(8, 2))


def infinite_width(network: Network | None = None, y: FloatArray = Y, ridge: float = 0.0) -> InfiniteWidth:
    """The infinitely wide network on the training rows."""
    network = network or network_with()
    return InfiniteWidth.of(Evaluator(network), network.rows(X), y, ridge)


def experiment(network: Network | None = None, **changes: Any) -> Experiment:
    """An experiment with a few steps of training."""
    network = network or network_with(depth=3)
    infinite = infinite_width(network)
    step = 1 / float(infinite.eigenvalues[-1])
    values: dict[str, Any] = {
        "network": network,
        "x": np.concatenate([X, X_TEST]),
        "y": Y,
        "exact": infinite.exact,
        "times": [0.0, 2 * step, 10 * step],
        "step": step,
    }
    return Experiment(**(values | changes))
