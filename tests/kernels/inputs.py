"""Networks and input rows for the tests of the kernels."""

from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import network_of
from ntkcli.kernels.network import Network
from ntkcli.spec.network import NetworkSpec

FEATURES = 4


def make_network(
    activation: Any, depth: int = 3, *, sigma_w: Any = 1.5, sigma_b: Any = 0.1, **settings: Any
) -> Network:
    """A network by the settings of a spec, for rows of FEATURES features."""
    spec = {"activation": activation, "depth": depth, "sigma_w": sigma_w, "sigma_b": sigma_b} | settings
    return network_of(NetworkSpec.model_validate(spec), FEATURES)


def ready(network: Network, *inputs: FloatArray) -> Network:
    """A network with its activations' tables for the variances of these rows."""
    spans = zip(*(network.spans(x) for x in inputs), strict=True)
    return network.tabulated([np.concatenate(of_step) for of_step in spans])


def normal_rows(n: int, d: int = FEATURES, seed: int = 0) -> FloatArray:
    """Rows (n, d) of independent normal numbers."""
    return np.random.default_rng(seed).normal(size=(n, d))
