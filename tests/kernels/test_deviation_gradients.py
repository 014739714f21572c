"""The gradient of a Gram matrix by log sigma_w and log sigma_b, beside differences of its values."""

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation
from ntkcli.kernels.activations.catalogue import make
from ntkcli.kernels.architecture import fully_connected
from ntkcli.kernels.deviation_gradients import deviation_gradients
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.network import Network
from ntkcli.kernels.steps import Affine

X = np.random.default_rng(0).standard_normal((300, 3))
RELU, CUBE = make("relu"), make("rectified_monomial", degree=3)


def network(activations: list[Activation], weight: float = 1.0, bias: float = 1.0) -> Network:
    """Each layer has variances of its own, all of them times a number."""
    layers = [Affine(weight * (1.0 + 0.3 * i), bias * 0.2 * i, 1.0, 1.0) for i in range(len(activations) + 1)]
    return fully_connected(layers, activations)


def values(made: Network) -> FloatArray:
    return Evaluator(made).symmetric(made.rows(X), ["nngp"])["nngp"].to_array()


@pytest.mark.parametrize(
    "activations", [[], [RELU], [RELU, CUBE], [CUBE, RELU, RELU]], ids=lambda found: len(found)
)
def test_gradients_are_differences_of_values(activations: list[Activation]) -> None:
    """Of tiles beside and on the diagonal."""
    made, h = network(activations), 1e-4
    found = deviation_gradients(made, X, values(made), Threads(2))
    for key, gradient in zip(("weight", "bias"), found, strict=True):
        above, below = (values(network(activations, **{key: np.exp(2 * step)})) for step in (h, -h))
        np.testing.assert_allclose(gradient, (above - below) / (2 * h), rtol=1e-5, atol=1e-6 * gradient.max())
        np.testing.assert_allclose(gradient, gradient.T, rtol=1e-12)
