"""Nanoseconds that each activation takes for an entry of a layer, on one thread: one JSON object.

activation_costs.py; of every activation "nngp" and "both" kernels, and of relu's network as a whole too.
"""

import json
import time
from typing import Any

import numpy as np

from ntkcli.jobs.network import network_of
from ntkcli.kernels.activations.catalogue import ACTIVATIONS
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.spec.network import NetworkSpec

ROWS, FEATURES, REPEATS = 1024, 20, 9
KERNELS: dict[str, list[GramName]] = {"nngp": ["nngp"], "both": ["nngp", "ntk"]}
# Their variances grow without end at the others' sigma_w.
SMALL_WEIGHTS = {"exp", "monomial", "polynomial", "hermite"}


def main() -> None:
    """Measure every activation between two weight layers, less the layers alone."""
    x = np.random.default_rng(0).normal(size=(ROWS, FEATURES))
    linear = prepared("identity", 1, x)
    costs: dict[str, Any] = {}
    for activation in ACTIVATIONS:
        network = prepared(activation, 2, x)
        costs[activation] = {name: difference(network, linear, kernels) for name, kernels in KERNELS.items()}
    relu = prepared("relu", 3, x)
    costs["relu, depth 3"] = {
        name: min(nanoseconds(*relu, kernels) for _ in range(REPEATS)) for name, kernels in KERNELS.items()
    }
    print(json.dumps(costs))


def difference(network: tuple[Network, Rows], linear: tuple[Network, Rows], kernels: list[GramName]) -> float:
    """Of the shortest of runs in turn, so that a busy machine tells on both sides."""
    runs = [(nanoseconds(*network, kernels), nanoseconds(*linear, kernels)) for _ in range(REPEATS)]
    longer, shorter = (min(side) for side in zip(*runs, strict=True))
    return float(longer - shorter)


def prepared(activation: str, depth: int, x: np.ndarray[Any, Any]) -> tuple[Network, Rows]:
    """A network that is ready for some rows, and the rows."""
    parameters = {parameter.name: parameter.example for parameter in ACTIVATIONS[activation].parameters}
    spec = {"activation": {"name": activation, **parameters}, "depth": depth}
    network = network_of(
        NetworkSpec.model_validate(spec | {"sigma_w": 0.5 if activation in SMALL_WEIGHTS else 1.5}), FEATURES
    )
    network = network.tabulated(network.spans(x))
    return network, network.rows(x)


def nanoseconds(network: Network, rows: Rows, kernels: list[GramName]) -> float:
    """For an entry of a matrix of the rows with themselves."""
    evaluator = Evaluator(network)
    start = time.perf_counter()
    evaluator.rectangle(rows, rows, kernels)
    return (time.perf_counter() - start) / len(rows) ** 2 * 1e9


if __name__ == "__main__":
    main()
