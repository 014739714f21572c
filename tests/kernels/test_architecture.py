"""Networks of every kind beside recursions written for each."""

from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import activation_of
from ntkcli.kernels.architecture import Residual, fully_connected
from ntkcli.kernels.network import Network
from ntkcli.kernels.skips import Branch, Join
from ntkcli.kernels.steps import Activate, Affine, Normalise

from .inputs import FEATURES, make_network, normal_rows
from .matrices import kernels
from .recursion import Recursion

X = normal_rows(7, seed=3)
OFF_DIAGONAL = ~np.eye(len(X), dtype=bool)
MIXED = ["erf", "relu", "identity", "relu"]
W, B = [1.5, 1.2, 0.9, 1.4, 1.1], [0.1, 0.5, 0.0, 0.3, 0.2]
ERFS = ["erf"] * 4

RECURSIONS = {
    "one layer": Recursion([], W[:1], B[:1]),
    "lists": Recursion(MIXED, W, B),
    "three frozen": Recursion(MIXED, W, B, frozen=3),
    "all frozen but the readout": Recursion(MIXED, W, B, frozen=4),
    "biases from 0": Recursion(MIXED, W, B, zero_biases=True),
    "biases from 0, two frozen": Recursion(MIXED, W, B, zero_biases=True, frozen=2),
    "residual": Recursion(MIXED, W, B, every=1),
    "residual, layer 1 frozen": Recursion(ERFS, W, B, every=1, frozen=1),
    "residual, a whole block frozen": Recursion(ERFS, W, B, every=1, frozen=2),
    "residual, half a block frozen": Recursion([*ERFS, "relu"], [*W, 1.3], [*B, 0.4], every=2, frozen=2),
    "residual, scaled, a layer left over": Recursion(MIXED, W, B, every=2, scale=0.6),
    "residual, one block": Recursion(MIXED, W, B, every=3, scale=1.7),
    "layer norm": Recursion(MIXED, W, B, layer_norm=True),
    "layer norm, residual": Recursion(MIXED, W, B, layer_norm=True, every=1, scale=0.5),
    "dropout": Recursion(MIXED, W, B, keep=0.7),
    "standard": Recursion(MIXED, W, B, width=20),
    "standard, one layer": Recursion([], W[:1], B[:1], width=20),
    "standard, biases from 0": Recursion(MIXED, W, B, width=20, zero_biases=True, frozen=1),
    "everything": Recursion(
        MIXED, W, B, frozen=2, zero_biases=True, every=1, scale=0.5, layer_norm=True, keep=0.8, width=9
    ),
}

every_recursion = pytest.mark.parametrize("recursion", RECURSIONS.values(), ids=RECURSIONS)


def network_of(recursion: Recursion) -> Network:
    return make_network(**recursion.section)


@every_recursion
def test_the_nngp_kernel_follows_the_recursion(recursion: Recursion) -> None:
    network, expected = network_of(recursion), recursion.nngp(X)
    nngp = kernels(network, X, X)[0]
    np.testing.assert_allclose(nngp[OFF_DIAGONAL], expected[OFF_DIAGONAL], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(network.rows(X).diagonal("nngp"), expected.diagonal(), rtol=1e-12)


@every_recursion
def test_the_ntk_is_the_derivative_by_the_trained_layers(recursion: Recursion) -> None:
    ntk, expected = kernels(network_of(recursion), X, X)[1], recursion.ntk(X)
    np.testing.assert_allclose(ntk[OFF_DIAGONAL], expected[OFF_DIAGONAL], rtol=1e-6, atol=1e-6)


def relu_slope(k: FloatArray, q: FloatArray) -> FloatArray:
    cosine = np.clip(k / np.sqrt(np.multiply.outer(q, q)), -1, 1)
    return np.asarray((np.pi - np.arccos(cosine)) / (2 * np.pi))


@pytest.mark.parametrize("frozen", range(5))
def test_theta_is_the_sum_over_the_trained_layers_alone(frozen: int) -> None:
    """K[l] times what the layers behind it make of it."""
    layers = [Recursion(["relu"] * i, W[: i + 1], B[: i + 1]).nngp(X) for i in range(5)]
    theta = np.zeros((len(X), len(X)))
    for i in range(frozen, 5):
        behind = [W[j] ** 2 * relu_slope(layers[j - 1], layers[j - 1].diagonal()) for j in range(i + 1, 5)]
        theta += layers[i] * np.prod([np.ones_like(theta), *behind], axis=0)
    network = network_of(Recursion(["relu"] * 4, W, B, frozen=frozen))
    ntk = kernels(network, X, X)[1]
    np.testing.assert_allclose(ntk[OFF_DIAGONAL], theta[OFF_DIAGONAL], rtol=1e-12)
    np.testing.assert_allclose(network.rows(X).ntk_diagonal, theta.diagonal(), rtol=1e-7)


@pytest.mark.parametrize(
    "settings", [{}, {"residual": True}, {"layer_norm": True}, {"keep_probability": 0.6}]
)
def test_when_only_the_readout_is_trained_theta_is_k(settings: dict[str, Any]) -> None:
    network = make_network("relu", 5, train="readout", **settings)
    nngp, ntk = kernels(network, X, normal_rows(4))
    assert np.array_equal(nngp, ntk)
    rows = network.rows(X)
    assert np.array_equal(rows.diagonal("nngp"), rows.diagonal("ntk"))
    by_number = make_network("relu", 5, train={"first_frozen": 4}, **settings)
    assert np.array_equal(kernels(by_number, X, X), kernels(network, X, X))


def test_no_frozen_layer_is_training_all() -> None:
    assert make_network("erf", 4, train={"first_frozen": 0}) == make_network("erf", 4)


def test_biases_from_zero_are_in_theta_alone() -> None:
    zero, without = make_network("relu", 4, bias_init="zero"), make_network("relu", 4, sigma_b=0.0)
    assert np.array_equal(kernels(zero, X, X)[0], kernels(without, X, X)[0])
    slopes = [
        1.5**2 * relu_slope(k, k.diagonal()) for k in (kernels(without_to(i), X, X)[0] for i in (1, 2, 3))
    ]
    biases = np.sum([0.1**2 * np.prod([np.ones((7, 7)), *slopes[i:]], axis=0) for i in range(4)], axis=0)
    difference = kernels(zero, X, X)[1] - kernels(without, X, X)[1]
    np.testing.assert_allclose(difference[OFF_DIAGONAL], biases[OFF_DIAGONAL], rtol=1e-10)


def without_to(depth: int) -> Network:
    return make_network("relu", depth, sigma_b=0.0)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_number_is_a_list_of_it_and_a_readout_is_its_last(depth: int) -> None:
    plain = make_network("erf", depth)
    assert make_network(["erf"] * (depth - 1), depth, sigma_w=[1.5] * depth, sigma_b=[0.1] * depth) == plain
    readout = make_network("erf", depth, readout={"sigma_w": 0.7, "sigma_b": 0.0})
    listed = make_network(
        "erf", depth, sigma_w=[*[1.5] * (depth - 1), 0.7], sigma_b=[*[0.1] * (depth - 1), 0.0]
    )
    assert readout == listed
    np.testing.assert_allclose(
        kernels(readout, X, X)[0],
        (kernels(plain, X, X)[0] - 0.1**2) * (0.7 / 1.5) ** 2,
        rtol=1e-12,
        atol=1e-15,
    )


@pytest.mark.parametrize(
    ("every", "depth", "steps"),
    [
        (1, 2, "l a l"),
        (1, 3, "l [ a l ] a l"),
        (1, 4, "l [ a l ] [ a l ] a l"),
        (2, 4, "l [ a l a l ] a l"),
        (2, 5, "l [ a l a l ] a l a l"),
        (2, 6, "l [ a l a l ] [ a l a l ] a l"),
        (3, 4, "l a l a l a l"),
    ],
)
def test_blocks_are_of_whole_pairs_between_the_first_layer_and_the_readout(
    every: int, depth: int, steps: str
) -> None:
    letters = {Affine: "l", Activate: "a", Branch: "[", Join: "]", Normalise: "n"}
    layers, relu = [Affine(2.0, 0.1, 2.0, 0.1)] * depth, activation_of("relu")
    network = fully_connected(layers, [relu] * (depth - 1), residual=Residual(every, 0.5))
    assert " ".join(letters[type(step)] for step in network.steps) == steps
    normed = fully_connected(layers, [relu] * (depth - 1), residual=Residual(every), layer_norm=True)
    first, *others = steps.rsplit("l", 1)
    assert (
        " ".join(letters[type(step)] for step in normed.steps) == first.replace("l", "l n") + "l" + others[0]
    )


def test_a_residual_network_of_identities_is_the_geometric_series() -> None:
    """Each block multiplies K by 1 + scale^2 sigma_w^2."""
    network = make_network("identity", 5, sigma_w=1.5, sigma_b=0.0, residual={"scale": 0.5})
    expected = 1.5**4 * (1 + 0.5**2 * 1.5**2) ** 3 * X @ X.T / FEATURES
    np.testing.assert_allclose(kernels(network, X, X)[0], expected, rtol=1e-12, atol=1e-14)


def test_the_standard_parameterization_has_the_same_nngp_kernel() -> None:
    standard = make_network("relu", 4, parameterization="standard", width=64)
    assert np.array_equal(kernels(standard, X, X)[0], kernels(make_network("relu", 4), X, X)[0])


def test_a_wide_standard_network_is_trained_by_its_hidden_layers() -> None:
    """Their weights count by the width, the first layer's and the biases not: doubling it adds no more."""
    ntk = [
        kernels(make_network("erf", 4, parameterization="standard", width=width), X, X)[1]
        for width in (100, 200, 300)
    ]
    np.testing.assert_allclose(ntk[2] - ntk[1], ntk[1] - ntk[0], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("settings", "linear"),
    [
        ({}, True),
        ({"residual": True}, True),
        ({"keep_probability": 0.5}, True),
        ({"bias_init": "zero", "train": "readout"}, True),
        ({"parameterization": "standard", "width": 3}, True),
        ({"layer_norm": True}, False),
    ],
)
def test_networks_of_identities_without_layer_norm_are_linear(settings: dict[str, Any], linear: bool) -> None:
    assert make_network("identity", 4, **settings).is_linear == linear
    assert not make_network(["identity", "relu", "identity"], 4, **settings).is_linear
    assert make_network(["identity"] * 3, 4, **settings).is_linear == linear


def test_layer_norm_has_no_effect_on_a_single_layer() -> None:
    assert make_network("relu", 1, layer_norm=True) == make_network("relu", 1)
