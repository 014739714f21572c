"""The linearised network: gradient descent in function space is that of its weights, and nears the flow."""

from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import relaxation
from ntkcli.simulation.descent import Interval, descend, intervals
from ntkcli.simulation.finite_network import FiniteNetwork
from ntkcli.simulation.linearised import Linearised

from .networks import drawn, every_kind, jacobian, layer_jacobians, network_with

TRAIN = slice(0, 3)
Y = np.random.default_rng(6).normal(size=(3, 3))

every_ridge = pytest.mark.parametrize("ridge", [0.0, 0.4])
every_count = pytest.mark.parametrize("outputs", [1, 3])


def flow(network: FiniteNetwork, y: FloatArray, time: float, ridge: float) -> FloatArray:
    """f_0 + Theta F_t(Theta + ridge) (y - f_0) at all rows, from the Jacobian."""
    full = jacobian(network)
    kernel = full @ full[: y.size].T
    values, vectors = np.linalg.eigh(kernel[: y.size] + ridge * np.eye(y.size))
    start = network.forward(slice(None)).outputs.ravel()
    smoothed = vectors * relaxation(np.maximum(values, 0.0), time) @ vectors.T
    outputs = start + kernel @ smoothed @ (y.ravel() - start[: y.size])
    return np.asarray(outputs).reshape(-1, y.shape[1])


@every_kind
@every_count
def test_kernels_are_those_of_the_jacobian(settings: dict[str, Any], outputs: int) -> None:
    network = drawn(network_with(**settings), outputs=outputs)
    linearised, full = Linearised.of(network, TRAIN), jacobian(network)
    n = 3 * outputs
    assert np.array_equal(linearised.start, network.forward(slice(None)).outputs)
    np.testing.assert_allclose(linearised.kernel, full @ full[:n].T, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(linearised.training_kernel, full[:n] @ full[:n].T, rtol=1e-10, atol=1e-10)
    for found, own in zip(linearised.layers, layer_jacobians(network, TRAIN), strict=True):
        np.testing.assert_allclose(found, own @ own.T, rtol=1e-10, atol=1e-10)


@every_kind
@every_ridge
@every_count
def test_steps_are_those_of_the_linear_model_in_its_weights(
    settings: dict[str, Any], ridge: float, outputs: int
) -> None:
    """The outputs at all rows, and what every layer has moved by."""
    network = drawn(network_with(**settings), outputs=outputs)
    y, full, start = Y[:, :outputs], jacobian(network), network.forward(slice(None)).outputs.ravel()
    sizes = [layer.shape[1] for layer in layer_jacobians(network)]
    moved, plan = np.zeros(full.shape[1]), [Interval(0.04, 4, 0.01), Interval(0.1, 3, 0.02)]
    linearised = Linearised.of(network, TRAIN).descend(y, plan, ridge)
    for interval, (outputs_found, moved_found) in zip(plan, linearised, strict=True):
        for _ in range(interval.steps):
            residual = (start + full @ moved)[: y.size] - y.ravel()
            moved -= interval.length * (full[: y.size].T @ residual + ridge * moved)
        np.testing.assert_allclose(outputs_found.ravel(), start + full @ moved, rtol=1e-10, atol=1e-10)
        layers = np.split(moved, np.cumsum(sizes)[:-1])
        norms = [np.linalg.norm(layer) for layer in layers]
        np.testing.assert_allclose(moved_found, norms, rtol=1e-10, atol=1e-10)


@every_ridge
@every_count
def test_short_steps_tend_to_the_flow(ridge: float, outputs: int) -> None:
    network, y = drawn(network_with(), outputs=outputs), Y[:, :outputs]
    linearised = Linearised.of(network, TRAIN)
    largest = np.linalg.eigvalsh(linearised.training_kernel)[-1]
    times = [0.0, 0.3 / largest, 3 / largest]
    coarse, fine = (
        [found for found, _ in linearised.descend(y, intervals(times, length / largest), ridge)]
        for length in (1e-3, 5e-4)
    )
    for time, one, other in zip(times, coarse, fine, strict=True):
        # The error of a step is of second order: so is that of half as long ones twice less that of these.
        np.testing.assert_allclose(2 * other - one, flow(network, y, time, ridge), rtol=0, atol=1e-6)


@every_ridge
@every_count
@pytest.mark.parametrize("sigma_b", [0.0, 0.5])
def test_a_network_that_is_linear_in_its_weights_is_its_linearisation(
    ridge: float, outputs: int, sigma_b: float
) -> None:
    network = drawn(network_with(depth=1, sigma_b=sigma_b), outputs=outputs)
    y, plan = Y[:, :outputs], intervals([0.0, 0.2, 1.0, 4.0], 0.05)
    linearised = Linearised.of(network, TRAIN)
    for _, (found, _) in zip(
        descend(network, TRAIN, y, plan, ridge), linearised.descend(y, plan, ridge), strict=True
    ):
        np.testing.assert_allclose(network.forward(slice(None)).outputs, found, rtol=0, atol=1e-10)


def test_wide_networks_follow_their_linearisation_more_closely() -> None:
    gaps = []
    for width in (32, 512):
        network, plan = drawn(network_with(), width=width, outputs=3), intervals([0.2], 0.02)
        beside = Linearised.of(network, TRAIN).descend(Y, plan)
        for _, (found, _) in zip(descend(network, TRAIN, Y, plan), beside, strict=True):
            gaps.append(np.linalg.norm(network.forward(slice(None)).outputs - found))
    assert gaps[1] < gaps[0] / 2


def test_a_long_training_ends_at_kernel_regression() -> None:
    network, ridge = drawn(network_with(), width=50), 0.5
    linearised = Linearised.of(network, TRAIN)
    largest = np.linalg.eigvalsh(linearised.training_kernel)[-1] + ridge
    ((found, _),) = linearised.descend(Y[:, :1], intervals([100 / ridge], 1 / largest), ridge)
    np.testing.assert_allclose(found, flow(network, Y[:, :1], np.inf, ridge), rtol=0, atol=1e-10)
