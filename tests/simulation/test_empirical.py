"""Empirical kernels are J J^T, and tend to the kernels of the infinitely wide network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.architecture import fully_connected
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.network import Network
from ntkcli.kernels.steps import Affine
from ntkcli.simulation.empirical import empirical_nngp, empirical_ntk, layer_kernels, sensitivities

from ..kernels.cases import CASES, Case
from ..kernels.inputs import normal_rows, ready
from ..kernels.matrices import BOTH, symmetric
from .networks import KINDS, drawn, every_kind, jacobian, layer_jacobians, network_with

X = normal_rows(5, seed=3)
# Tables for a narrow range of variances are made sooner.
EQUALLY_LONG = 2 * X / np.linalg.norm(X, axis=1, keepdims=True)
SEEDS, STANDARD_ERRORS = 24, 4.0

# Their fourth moments are large beside the square of their second: they are taken in one hidden layer, whose
# kernels are exact in expectation at any width, and in a wide one.
HEAVY = ["exp", "monomial", "polynomial", "rectified_monomial"]


def assert_close(found: FloatArray, expected: FloatArray) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * max(1.0, float(np.abs(expected).max())))


@every_kind
def test_the_empirical_ntk_is_the_product_of_the_jacobians(settings: dict[str, Any]) -> None:
    """Between any two outputs, and any two sets of rows."""
    network = drawn(network_with(**settings), outputs=2)
    full = jacobian(network).reshape(5, 2, -1)
    done, first, last = (network.forward(rows) for rows in (slice(None), slice(0, 2), slice(2, 5)))
    for i in range(2):
        for j in range(2):
            a, b = sensitivities(network, done, i), sensitivities(network, done, j)
            assert_close(empirical_ntk(a, b), full[:, i] @ full[:, j].T)
            a, b = sensitivities(network, first, i), sensitivities(network, last, j)
            assert_close(empirical_ntk(a, b), full[:2, i] @ full[2:, j].T)


@every_kind
def test_every_trained_layer_adds_the_product_of_its_own_jacobians(settings: dict[str, Any]) -> None:
    network = drawn(network_with(**settings))
    found = sensitivities(network, network.forward(slice(None)), 0)
    kernels = list(layer_kernels(found, found))
    assert [one.dense for one in found] == network.trained[::-1]
    for kernel, own in zip(kernels, layer_jacobians(network), strict=True):
        assert_close(kernel, own @ own.T)
    assert_close(empirical_ntk(found, found), np.sum(kernels, axis=0))


def test_frozen_layers_add_nothing() -> None:
    """The same weights with all layers trained have the same kernels in the last layers, and more before."""
    trained, frozen = (drawn(network_with(train=train)) for train in ("all", {"first_frozen": 2}))
    every, last = (
        list(layer_kernels(found, found))
        for network in (trained, frozen)
        for found in [sensitivities(network, network.forward(slice(None)), 0)]
    )
    assert (len(every), len(last)) == (4, 2)
    for i in range(2):
        np.testing.assert_allclose(last[i], every[i], rtol=1e-12)


def test_a_readout_alone_has_the_nngp_kernel_as_its_ntk() -> None:
    network = drawn(network_with(train="readout"))
    done = network.forward(slice(None))
    found = sensitivities(network, done, 0)
    assert_close(empirical_ntk(found, found), empirical_nngp(network, done))


@every_kind
def test_the_empirical_nngp_kernel_is_the_covariance_over_readouts(settings: dict[str, Any]) -> None:
    """Exactly: over readouts of which each has one unit's weight or the bias alone, at its deviation."""
    network = drawn(network_with(**settings))
    done, readout = network.forward(slice(None)), network.dense[-1]
    affine, fan_in = readout.affine, len(readout.weights)
    expected = np.zeros((5, 5))
    for i in range(fan_in):
        readout.weights[:], readout.biases[:] = 0.0, 0.0
        readout.weights[i] = np.sqrt(affine.weight / fan_in) / readout.gain
        outputs = network.forward(slice(None)).outputs
        expected += outputs @ outputs.T
    assert_close(empirical_nngp(network, done), expected + affine.bias)


def kernels_of_draws(network: Network, x: FloatArray, width: int) -> FloatArray:
    """The empirical kernels (seeds, 2, n, n)."""
    draws = []
    for seed in range(SEEDS):
        finite = drawn(network, x, width=width, seed=[width, seed])
        done = finite.forward(slice(None))
        found = sensitivities(finite, done, 0)
        draws.append([empirical_nngp(finite, done), empirical_ntk(found, found)])
    return np.array(draws)


def directions(exact: FloatArray) -> Sequence[FloatArray]:
    """Matrices to project on: the kernel itself, its diagonal, and signs at random, symmetric."""
    signs = np.random.default_rng(7).choice([-1.0, 1.0], size=exact.shape)
    return [exact, np.diag(np.diagonal(exact)), (signs + signs.T) * np.abs(exact)]


def assert_expected(network: Network, x: FloatArray, width: int = 256, precision: float = 0.1) -> None:
    """The mean over draws is the exact kernel, within its standard error, which is small.

    precision: that of the mean along the kernel itself, relative, at the most.
    """
    exact = symmetric(Evaluator(ready(network, x)), x)
    draws = kernels_of_draws(network, x, width)
    for i, gram in enumerate(BOTH):
        limit = exact[gram]
        for j, direction in enumerate(directions(limit)):
            deviations = np.sum((draws[:, i] - limit) * direction, axis=(1, 2)) / np.sum(limit**2)
            error = deviations.std(ddof=1) / np.sqrt(SEEDS)
            # What is left of a network without a hidden layer is rounding.
            assert abs(deviations.mean()) <= STANDARD_ERRORS * error + 1e-12, (gram, j)
            assert error < precision


@pytest.mark.parametrize("case", [case for case in CASES if case.made().has_values], ids=str)
def test_kernels_of_any_activation_are_expected_to_be_exact(case: Case) -> None:
    weight, depth, width = (0.5, 2, 4096) if case.name in HEAVY else (1.5, 3, 256)
    if str(case) == "gaussian(a=1.0,b=0.05)":
        weight = 0.3
    layers = [Affine(weight, 0.1, weight, 0.1)] * depth
    network = fully_connected(layers, [case.made()] * (depth - 1), layer_norm=case.made().unit_variance)
    assert_expected(network, EQUALLY_LONG, width)


@every_kind
def test_kernels_of_any_kind_of_layer_are_expected_to_be_exact(settings: dict[str, Any]) -> None:
    assert_expected(network_with(**settings), X)


def test_the_expectation_is_told_from_that_of_other_weights() -> None:
    """The check has teeth: two percent of sigma_w are seen."""
    exact = symmetric(Evaluator(network_with(sigma_w=1.43)), X)
    draws = kernels_of_draws(network_with(sigma_w=1.4), X, 256)
    deviations = np.sum((draws[:, 1] - exact["ntk"]) * exact["ntk"], axis=(1, 2))
    assert abs(deviations.mean()) > STANDARD_ERRORS * deviations.std(ddof=1) / np.sqrt(SEEDS)


def test_dropout_divides_the_diagonal_alone() -> None:
    """Masks of two rows are independent, even of equal ones."""
    x = np.repeat(normal_rows(1), 2, axis=0)
    draws = kernels_of_draws(network_with(**KINDS["dropout"]), x, 256)
    ratio = draws[:, :, 0, 1] / draws[:, :, 0, 0]
    assert np.all(ratio.mean(axis=0) < 0.9)
