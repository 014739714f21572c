"""Networks and input rows for the tests of the kernels."""

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations import ACTIVATIONS
from ntkcli.kernels.network import Network


def make_network(activation: str, depth: int = 3, *, sigma_w: float = 1.5, sigma_b: float = 0.1) -> Network:
    """A network by the name of its activation."""
    return Network(depth, ACTIVATIONS[activation], sigma_w, sigma_b)


def normal_rows(n: int, d: int = 4, seed: int = 0) -> FloatArray:
    """Rows (n, d) of independent normal numbers."""
    return np.random.default_rng(seed).normal(size=(n, d))
