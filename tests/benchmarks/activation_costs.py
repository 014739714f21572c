"""Nanoseconds that each activation takes for an entry of a layer, on one thread: one JSON object.

activation_costs.py; of every activation "nngp" and "both" kernels, and of relu's network as a whole too.
"""

import json
import statistics
import time
from typing import Any

import numpy as np

from ntkcli.kernels.activations.catalogue import ACTIVATIONS
from ntkcli.kernels.gram import Gram
from ntkcli.kernels.network import Network, Rows
from ntkcli.network_of_spec import network_of
from ntkcli.spec_network import NetworkSpec

ROWS, FEATURES, REPEATS = 1024, 20, 7
KERNELS = {"nngp": ["nngp"], "both": ["nngp", "ntk"]}
# Their variances grow without end at the others' sigma_w.
SMALL_WEIGHTS = {"exp", "monomial", "polynomial", "hermite"}


def main() -> None:
    """Measure every activation between two weight layers, less the layers alone."""
    x = np.random.default_rng(0).normal(size=(ROWS, FEATURES))
    linear = {name: nanoseconds(*prepared("identity", 1, x), kernels) for name, kernels in KERNELS.items()}
    costs: dict[str, Any] = {}
    for activation in ACTIVATIONS:
        network, rows = prepared(activation, 2, x)
        costs[activation] = {
            name: nanoseconds(network, rows, kernels) - linear[name] for name, kernels in KERNELS.items()
        }
    network, rows = prepared("relu", 3, x)
    costs["relu, depth 3"] = {name: nanoseconds(network, rows, kernels) for name, kernels in KERNELS.items()}
    print(json.dumps(costs))


def prepared(activation: str, depth: int, x: np.ndarray[Any, Any]) -> tuple[Network, Rows]:
    """A network that is ready for some rows, and the rows."""
    parameters = {parameter.name: parameter.example for parameter in ACTIVATIONS[activation].parameters}
    spec = {"activation": {"name": activation, **parameters}, "depth": depth}
    network = network_of(
        NetworkSpec.model_validate(spec | {"sigma_w": 0.5 if activation in SMALL_WEIGHTS else 1.5}), FEATURES
    )
    network = network.tabulated(network.spans(x))
    return network, network.rows(x)


def nanoseconds(network: Network, rows: Rows, kernels: list[str]) -> float:
    """For an entry of a matrix of the rows with themselves: the median of some runs."""
    gram, seconds = Gram(network), []
    for _ in range(REPEATS):
        start = time.perf_counter()
        gram.rectangle(rows, rows, kernels)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) / len(rows) ** 2 * 1e9


if __name__ == "__main__":
    main()
