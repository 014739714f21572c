"""What layer normalisation, dropout and residual blocks do to kernels, whatever the network."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ntkcli.arrays import FloatArray
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.network import Network
from ntkcli.kernels.scratch import Scratch

from .inputs import FEATURES, make_network, normal_rows, ready
from .matrices import BOTH, cosines, kernels, rectangle, symmetric

X = normal_rows(7, seed=3)
DEEP = 60
EVERYTHING: dict[str, Any] = {
    "activation": ["tanh", "relu", "gelu", "swish", "erf"],
    "depth": 6,
    "sigma_w": [1.5, 1.2, 0.9, 1.4, 1.1, 0.8],
    "sigma_b": [0.1, 0.5, 0.0, 0.3, 0.2, 0.0],
    "train": {"first_frozen": 2},
    "bias_init": "zero",
    "residual": {"every": 2, "scale": 0.6},
    "layer_norm": True,
    "keep_probability": 0.8,
    "parameterization": "standard",
    "width": 30,
}
OPTIONS: list[dict[str, Any]] = [
    {"residual": True},
    {"residual": {"every": 2, "scale": 0.3}},
    {"layer_norm": True},
    {"layer_norm": True, "residual": True},
    {"keep_probability": 0.7, "residual": True},
    {"train": {"first_frozen": 2}, "bias_init": "zero"},
    {"parameterization": "standard", "width": 16, "layer_norm": True},
]

every_option = pytest.mark.parametrize("options", OPTIONS, ids=str)


def everything() -> tuple[Network, FloatArray]:
    """A network with everything on, and rows of which some are equal, parallel, opposite or zero."""
    x = normal_rows(15, seed=4)
    x[9:12], x[12], x[13], x[14] = x[:3], 2 * x[3], -x[4], 0.0
    return ready(make_network(**EVERYTHING), x), x


def test_hidden_layers_have_variance_1_behind_layer_norm() -> None:
    """What the readout adds is its weights and biases alone."""
    network = make_network("identity", 4, sigma_w=1.5, sigma_b=0.3, layer_norm=True)
    np.testing.assert_allclose(network.rows(X).diagonal("nngp"), 1.5**2 + 0.3**2, rtol=1e-14)
    diagonals = [rows.q for rows in network.walk(X)]
    for at in (2, 5, 8):
        np.testing.assert_allclose(diagonals[at], 1.0, rtol=1e-14)


def test_layer_norm_makes_of_a_linear_layer_the_cosine() -> None:
    network = make_network("identity", 2, sigma_w=1.5, sigma_b=0.0, layer_norm=True)
    nngp, ntk = kernels(network, X, normal_rows(5))
    np.testing.assert_allclose(nngp, 1.5**2 * cosines(X, normal_rows(5)), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(ntk, 2 * nngp, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("activation", ["relu", "erf", "cos"])
def test_with_layer_norm_the_length_of_a_row_is_forgotten(activation: str) -> None:
    network = make_network(activation, 4, sigma_b=0.0, layer_norm=True)
    scaled = X * np.geomspace(1e-100, 1e100, len(X))[:, None]
    np.testing.assert_allclose(kernels(network, scaled, X)[0], kernels(network, X, X)[0], rtol=1e-12)


@pytest.mark.parametrize("activation", ["relu", "erf", "gelu"])
def test_dropout_enlarges_the_diagonal_and_of_relu_nothing_else(activation: str) -> None:
    dropped, plain = make_network(activation, 3, keep_probability=0.5), make_network(activation, 3)
    for kernel in BOTH:
        assert np.all(dropped.rows(X).diagonal(kernel) > plain.rows(X).diagonal(kernel))
    # At depth 2 no activation sees the larger variance.
    two = [make_network(activation, 2, keep_probability=keep) for keep in (0.5, 1.0)]
    assert np.array_equal(kernels(two[0], X, X), kernels(two[1], X, X))
    diagonal, bias = two[1].rows(X).diagonal("nngp"), 0.1**2
    np.testing.assert_allclose(two[0].rows(X).diagonal("nngp"), 2 * (diagonal - bias) + bias, rtol=1e-13)


def test_with_dropout_equal_rows_differ_by_their_masks() -> None:
    x = X.copy()
    x[4] = x[1]
    evaluator = Evaluator(make_network("erf", 4, keep_probability=0.8), 3)
    matrices, between = symmetric(evaluator, x), rectangle(evaluator, x, x)
    for kernel in BOTH:
        matrix = matrices[kernel]
        assert matrix[1, 4] == pytest.approx(between[kernel][1, 1], rel=1e-13)
        assert matrix[1, 4] < 0.95 * matrix[1, 1]
        assert matrix[1, 1] == pytest.approx(matrix[4, 4], rel=1e-14)


def test_keeping_every_unit_is_no_dropout() -> None:
    assert make_network("relu", 4, keep_probability=1.0) == make_network("relu", 4)
    assert not make_network("relu", 4, keep_probability=1.0).drops_units
    assert not make_network("relu", 1, keep_probability=0.5).drops_units
    assert make_network("relu", 2, keep_probability=0.5).drops_units


@pytest.mark.parametrize("tile_rows", [1, 4, 256])
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.usefixtures("blocks_of_five")
def test_with_everything_on_tiles_make_the_whole(tile_rows: int, threads: int) -> None:
    network, x = everything()
    tiled = symmetric(Evaluator(network, tile_rows, Threads(threads)), x)
    whole = rectangle(Evaluator(network, 32), x, x)
    for kernel in BOTH:
        np.fill_diagonal(whole[kernel], network.rows(x).diagonal(kernel))
        np.testing.assert_allclose(tiled[kernel], whole[kernel], rtol=1e-12, atol=1e-14)
        assert np.array_equal(tiled[kernel], tiled[kernel].T)


def test_with_everything_on_a_tile_of_some_rows_is_that_part_of_the_whole() -> None:
    network, x = everything()
    rows = network.rows(x)
    part = network.tile(rows[2:5], rows[1:12], Scratch(), ntk=True)
    parts = [array.copy() for array in part]
    whole = network.tile(rows, rows, Scratch(), ntk=True)
    np.testing.assert_allclose(parts, np.array(whole)[:, 2:5, 1:12], rtol=1e-13)


def test_with_everything_on_k_is_the_same_when_nobody_wants_theta() -> None:
    network, x = everything()
    rows = network.rows(x)
    nngp = network.tile(rows, rows, Scratch(), ntk=False)[0].copy()
    assert np.array_equal(nngp, network.tile(rows, rows, Scratch(), ntk=True)[0])


@every_option
@pytest.mark.parametrize("activation", ["relu", "erf"])
@given(x=arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.floats(-9, 9)))
def test_gram_matrices_are_positive_semidefinite(
    activation: str, options: dict[str, Any], x: FloatArray
) -> None:
    """To rounding: layer norm makes rows of any size unit ones, and the angle is good to its root."""
    for kernel, matrix in symmetric(Evaluator(make_network(activation, 4, **options), 5), x).items():
        eigenvalues = np.linalg.eigvalsh(matrix)
        assert eigenvalues[0] >= -(1e-11 if kernel == "nngp" else 1e-6) * eigenvalues[-1]


@pytest.mark.parametrize("every", [1, 2])
@pytest.mark.parametrize("layer_norm", [False, True])
def test_equal_rows_of_residual_networks_get_the_diagonals_value(every: int, layer_norm: bool) -> None:
    """The skip carries the inner product, with the rounding of d terms, to every later activation."""
    residual = {"every": every, "scale": 0.1}
    network = make_network("relu", 6, sigma_b=0.0, residual=residual, layer_norm=layer_norm)
    for seed in range(5):
        # Tables come by columns.
        x = np.asfortranarray(np.random.default_rng(seed).uniform(size=(40, 5000)))
        x[20:] = x[:20]
        rows = network.rows(x)
        for kernel, matrix in zip(BOTH, kernels(network, x, x), strict=True):
            equal = matrix[np.arange(20), np.arange(20, 40)]
            np.testing.assert_allclose(equal, rows.diagonal(kernel)[:20], rtol=1e-13)


@pytest.mark.parametrize("options", [{}, {"residual": {"scale": 0.05}}, {"layer_norm": True}], ids=str)
@pytest.mark.parametrize("activation", ["tanh", "gelu", "relu"])
def test_deep_networks_have_the_diagonals_value_at_equal_rows(
    activation: str, options: dict[str, Any]
) -> None:
    network = ready(make_network(activation, DEEP, sigma_w=1.2, **options), X)
    for kernel, matrix in zip(BOTH, kernels(network, X, X.copy()), strict=True):
        assert np.all(np.isfinite(matrix))
        np.testing.assert_allclose(matrix.diagonal(), network.rows(X).diagonal(kernel), rtol=1e-11)


def test_blocks_of_nothing_new_add_up() -> None:
    """A block of identities with weights of variance 1 doubles K each time."""
    network = make_network("identity", 12, sigma_w=1.0, sigma_b=0.0, residual=True)
    np.testing.assert_allclose(kernels(network, X, X)[0], 2**10 * X @ X.T / FEATURES, rtol=1e-13, atol=1e-13)
