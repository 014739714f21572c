from collections.abc import Callable

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.range_errors import KernelRangeError
from ntkcli.kernels.scratch import Scratch

from .finite_network import FUNCTIONS, FiniteNetwork
from .inputs import make_network, normal_rows
from .matrices import kernels

WIDTHS = [32, 64, 128, 256, 512, 1024]

PLAIN = ["relu", "erf", "identity"]

every_activation = pytest.mark.parametrize("activation", PLAIN)
Step = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def relu_step(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    return q / 2, np.full_like(q, 0.5)


def erf_step(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Williams 1997, as printed."""
    return 2 / np.pi * np.arcsin(2 * q / (1 + 2 * q)), 4 / np.pi / np.sqrt((1 + 2 * q) ** 2 - 4 * q**2)


def identity_step(q: FloatArray) -> tuple[FloatArray, FloatArray]:
    return q, np.ones_like(q)


every_step = pytest.mark.parametrize(
    ("activation", "step"), [("relu", relu_step), ("erf", erf_step), ("identity", identity_step)]
)


@every_step
@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_diagonals_follow_the_recursion(activation: str, step: Step, depth: int) -> None:
    x = normal_rows(5)
    rows = make_network(activation, depth, sigma_w=1.5, sigma_b=0.1).rows(x)
    q = theta = 1.5**2 * np.sum(x**2, axis=1) / x.shape[1] + 0.1**2
    layers = [q]
    for _ in range(depth - 1):
        value, slope = step(q)
        q = 1.5**2 * value + 0.1**2
        theta = q + 1.5**2 * slope * theta
        layers.append(q)
    np.testing.assert_allclose(rows.variances, layers, rtol=1e-13)
    np.testing.assert_allclose(rows.diagonal("ntk"), theta, rtol=1e-13)
    assert np.array_equal(rows.diagonal("nngp"), rows.variances[-1])


@every_activation
def test_depth_one_is_the_linear_kernel(activation: str) -> None:
    a, b = normal_rows(4, seed=1), normal_rows(5, seed=2)
    nngp, ntk = kernels(make_network(activation, 1, sigma_w=1.5, sigma_b=0.1), a, b)
    np.testing.assert_allclose(nngp, 1.5**2 * a @ b.T / a.shape[1] + 0.1**2, rtol=1e-13)
    assert np.array_equal(ntk, nngp)


@every_activation
def test_rotating_the_inputs_changes_nothing(activation: str) -> None:
    a, b, network = normal_rows(4, seed=1), normal_rows(5, seed=2), make_network(activation)
    rotation = np.linalg.qr(normal_rows(a.shape[1]))[0]
    rotated = kernels(network, a @ rotation, b @ rotation)
    np.testing.assert_allclose(rotated, kernels(network, a, b), rtol=1e-12, atol=1e-14)


def test_a_relu_network_without_biases_is_homogeneous() -> None:
    a, b, network = normal_rows(4, seed=1), normal_rows(5, seed=2), make_network("relu", sigma_b=0.0)
    scaled = kernels(network, 1e3 * a, 1e-5 * b)
    np.testing.assert_allclose(scaled, 1e-2 * np.array(kernels(network, a, b)), rtol=1e-12)


@every_activation
def test_a_tile_of_some_rows_is_that_part_of_the_whole(activation: str) -> None:
    network = make_network(activation)
    a, b = network.rows(normal_rows(6, seed=1)), network.rows(normal_rows(7, seed=2))
    part = network.tile(a[2:5], b[1:7], Scratch(), ntk=True)
    whole = network.tile(a, b, Scratch(), ntk=True)
    np.testing.assert_allclose(part, np.array(whole)[:, 2:5, 1:7], rtol=1e-13)


@every_activation
def test_a_tile_leaves_its_rows_alone(activation: str) -> None:
    network, x = make_network(activation), normal_rows(4)
    rows, untouched = network.rows(x), network.rows(x.copy())
    network.tile(rows, rows, Scratch(), ntk=True)
    assert np.array_equal(x, normal_rows(4))
    assert np.array_equal(rows.x, untouched.x)
    assert np.array_equal(rows.variances, untouched.variances)
    assert np.array_equal(rows.ntk_diagonal, untouched.ntk_diagonal)


def test_zero_rows_without_biases_have_no_covariance_with_anything() -> None:
    x = normal_rows(4)
    x[[1, 3]] = 0.0
    for activation in PLAIN:
        for kernel in kernels(make_network(activation, sigma_b=0.0), x, x):
            assert np.all(kernel[[1, 3]] == 0.0)
            assert np.all(kernel[:, [1, 3]] == 0.0)
            assert np.all(np.isfinite(kernel))


def test_opposite_rows_share_no_relu_unit() -> None:
    """Without biases, a unit is active on one of x and -x alone."""
    x = normal_rows(4)
    nngp, ntk = kernels(make_network("relu", 2, sigma_b=0.0), x, -x)
    assert np.all(nngp.diagonal() == 0.0)
    assert np.all(ntk.diagonal() == 0.0)


@pytest.mark.parametrize("activation", ["erf", "identity"])
def test_odd_activations_without_biases_give_odd_kernels(activation: str) -> None:
    a, b, network = normal_rows(4, seed=1), normal_rows(5, seed=2), make_network(activation, sigma_b=0.0)
    odd = -np.array(kernels(network, -a, b))
    np.testing.assert_allclose(odd, kernels(network, a, b), rtol=1e-13)


@pytest.mark.parametrize(("activation", "linear"), [("relu", False), ("erf", False), ("identity", True)])
def test_linear_networks_know_that_they_are(activation: str, linear: bool) -> None:
    assert make_network(activation, 3).is_linear == linear
    assert make_network(activation, 1).is_linear


@every_activation
def test_an_overflowing_row_is_named(activation: str) -> None:
    x = normal_rows(5)
    x[3] = 1e160
    with pytest.raises(KernelRangeError) as caught:
        make_network(activation).rows(x)
    assert (caught.value.row, caught.value.layer) == (3, 1)


def test_an_overflow_in_a_late_layer_is_named() -> None:
    """The variance is 1e4 * 5e3**(layer - 1), and Theta `layer` times that."""
    x = np.array([[1e-3], [1.0]])
    with pytest.raises(KernelRangeError) as caught:
        make_network("relu", 100, sigma_w=1e2, sigma_b=0.0).rows(x)
    assert (caught.value.row, caught.value.layer) == (1, 83)


def test_the_range_is_that_of_the_matrices() -> None:
    x = np.array([[1.0], [1e20]])
    assert np.all(np.isfinite(make_network("relu").rows(x).ntk_diagonal))
    with pytest.raises(KernelRangeError) as caught:
        make_network("relu").rows(x, np.float32)
    assert (caught.value.row, caught.value.layer) == (1, 1)


def _relative_errors(activation: str, width: int, seeds: int) -> FloatArray:
    """Root mean square over `seeds` networks of the errors of K and Theta, (2,)."""
    x = normal_rows(6, 4, seed=5)
    limits = np.array(kernels(make_network(activation, 3, sigma_w=1.5, sigma_b=0.3), x, x))
    finite = FiniteNetwork(activation, 3, width, sigma_w=1.5, sigma_b=0.3)
    draws = np.array([finite.kernels(x, np.random.default_rng([width, seed])) for seed in range(seeds)])
    norms = np.sum(limits**2, axis=(1, 2))
    return np.asarray(np.sqrt(np.mean(np.sum((draws - limits) ** 2, axis=(2, 3)), axis=0) / norms))


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_errors_of_finite_networks_fall_as_one_over_the_root_of_the_width(activation: str) -> None:
    errors = np.array([_relative_errors(activation, width, seeds=50) for width in WIDTHS])
    slopes = np.polyfit(np.log(WIDTHS), np.log(errors), 1)[0]
    assert np.all(np.abs(slopes + 0.5) < 0.15)
    assert np.all(errors[-1] < 0.1)


@pytest.mark.parametrize("activation", FUNCTIONS)
def test_finite_networks_have_the_kernels_on_average(activation: str) -> None:
    """At depth 2, K and Theta are the means at any width."""
    x = normal_rows(4, 3, seed=6)
    finite = FiniteNetwork(activation, 2, 200, sigma_w=1.2, sigma_b=0.4)
    draws = np.array([finite.kernels(x, np.random.default_rng(seed)) for seed in range(2000)])
    standard_error = draws.std(axis=0) / np.sqrt(len(draws))
    limits = np.array(kernels(make_network(activation, 2, sigma_w=1.2, sigma_b=0.4), x, x))
    assert np.all(np.abs(draws.mean(axis=0) - limits) < 4 * standard_error)
    assert np.all(standard_error < 0.01 * limits.max())
