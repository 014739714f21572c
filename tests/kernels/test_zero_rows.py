"""Rows of zeros without biases: where K(x, x) is 0, and where an activation makes something of it."""

from typing import Any

import numpy as np
import pytest

from .inputs import make_network, normal_rows, ready
from .matrices import kernels

ZERO = [1, 4]
OTHERS = [0, 2, 3, 5]
X = normal_rows(6)
X[ZERO] = 0.0
ODD = ["relu", "leaky_relu", "erf", "identity", "gelu", "tanh", "sign", "abs", "swish", "rectified_monomial"]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"layer_norm": True},
    {"residual": {"scale": 0.5}},
    {"layer_norm": True, "residual": True},
    {"keep_probability": 0.5, "layer_norm": True},
    {"train": {"first_frozen": 1}},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("activation", ODD)
def test_what_is_0_at_0_keeps_them_at_0(activation: str, options: dict[str, Any]) -> None:
    network = ready(make_network(activation, 4, sigma_b=0.0, **options), X)
    for kernel in kernels(network, X, X):
        assert np.all(np.isfinite(kernel))
        assert np.all(kernel[ZERO] == 0.0)
        assert np.all(kernel[:, ZERO] == 0.0)
    rows = network.rows(X)
    assert np.all(rows.variances[-1][ZERO] == 0.0)
    assert np.all(rows.ntk_diagonal[ZERO] == 0.0)
    assert np.all(rows.variances[-1][OTHERS] > 0.0)


@pytest.mark.parametrize(("activation", "at_zero"), [("cos", 1.0), ("sigmoid", 0.5), ("softplus", np.log(2))])
@pytest.mark.parametrize("options", [{}, {"layer_norm": True}, {"keep_probability": 0.5}], ids=str)
def test_behind_two_layers_they_are_what_the_activation_is_at_0(
    activation: str, at_zero: float, options: dict[str, Any]
) -> None:
    """K is sigma_w^2 phi(0)^2, and nothing of layer 1 is trained by rows of zeros."""
    network = ready(make_network(activation, 2, sigma_b=0.0, **options), X)
    expected = 1.5**2 * at_zero**2
    for kernel in kernels(network, X, X):
        np.testing.assert_allclose(kernel[np.ix_(ZERO, ZERO)], expected, rtol=1e-12)
    rows, keep = network.rows(X), options.get("keep_probability", 1.0)
    np.testing.assert_allclose(rows.diagonal("nngp")[ZERO], expected / keep, rtol=1e-12)
    np.testing.assert_allclose(rows.diagonal("ntk")[ZERO], expected / keep, rtol=1e-12)


@pytest.mark.parametrize("activation", ["cos", "sigmoid", "softplus"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_behind_more_layers_they_are_finite_and_as_the_diagonal_says(
    activation: str, options: dict[str, Any]
) -> None:
    network = ready(make_network(activation, 4, sigma_b=0.0, **options), X)
    rows = network.rows(X)
    for kernel, diagonal in zip(kernels(network, X, X), (rows.variances[-1], rows.ntk_diagonal), strict=True):
        assert np.all(np.isfinite(kernel))
        np.testing.assert_allclose(kernel, kernel.T, rtol=1e-12)
        if "keep_probability" not in options:
            np.testing.assert_allclose(kernel.diagonal(), diagonal, rtol=1e-11)


@pytest.mark.parametrize(("activation", "slope"), [("relu", 0.25), ("erf", 4 / np.pi), ("abs", 0.0)])
def test_biases_that_start_from_0_are_trained_at_rows_of_zeros(activation: str, slope: float) -> None:
    """K is 0, and Theta what the biases do: 0.1^2 of layer 2, and of layer 1 through phi'(0)^2."""
    network = make_network(activation, 2, bias_init="zero")
    nngp, ntk = kernels(network, X, X)
    assert np.all(nngp[ZERO] == 0.0)
    expected = 0.1**2 + 1.5**2 * slope * 0.1**2
    np.testing.assert_allclose(ntk[np.ix_(ZERO, ZERO)], expected, rtol=1e-13)
    np.testing.assert_allclose(network.rows(X).ntk_diagonal[ZERO], expected, rtol=1e-13)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_with_biases_they_are_rows_as_others_are(options: dict[str, Any]) -> None:
    network = make_network("erf", 4, sigma_b=0.4, **options)
    rows = network.rows(X)
    for kernel, diagonal in zip(kernels(network, X, X), (rows.variances[-1], rows.ntk_diagonal), strict=True):
        assert np.all(np.isfinite(kernel))
        assert np.all(diagonal > 0.0)
        if "keep_probability" not in options:
            np.testing.assert_allclose(kernel.diagonal(), diagonal, rtol=1e-12)
            assert kernel[1, 4] == pytest.approx(diagonal[1], rel=1e-12)
