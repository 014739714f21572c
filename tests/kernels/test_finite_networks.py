"""Finite networks of every kind tend to the kernels as they get wider."""

from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray

from .finite_network import FiniteNetwork
from .inputs import FEATURES, make_network, normal_rows
from .matrices import kernels

WIDTHS = [64, 128, 256]
X = normal_rows(6, FEATURES, seed=5)

# For FiniteNetwork, and for the network section of a spec.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "two frozen": ({"frozen": 2}, {"train": {"first_frozen": 2}}),
    "readout": ({"frozen": 3}, {"train": "readout"}),
    "biases from 0": ({"zero_biases": True}, {"bias_init": "zero"}),
    "residual": ({"every": 1, "scale": 0.7}, {"residual": {"scale": 0.7}}),
    "layer left over": ({"every": 2, "depth": 5}, {"residual": {"every": 2}, "depth": 5}),
    "layer norm": ({"layer_norm": True}, {"layer_norm": True}),
    "layer norm, residual": (
        {"layer_norm": True, "every": 2},
        {"layer_norm": True, "residual": {"every": 2}},
    ),
    "together": (
        {"frozen": 1, "zero_biases": True, "every": 1, "layer_norm": True},
        {"train": {"first_frozen": 1}, "bias_init": "zero", "residual": True, "layer_norm": True},
    ),
}


def mean_errors(
    finite: FiniteNetwork, limits: tuple[FloatArray, FloatArray], seeds: int
) -> tuple[FloatArray, FloatArray]:
    """Root mean square of the relative errors of K and Theta, and the relative error of their means, (2,)."""
    draws = np.array(
        [finite.kernels(X, np.random.default_rng([finite.width, seed])) for seed in range(seeds)]
    )
    norms = np.sqrt(np.sum(np.square(limits), axis=(1, 2)))
    each = np.sqrt(np.mean(np.sum((draws - limits) ** 2, axis=(2, 3)), axis=0))
    of_mean = np.sqrt(np.sum((draws.mean(axis=0) - limits) ** 2, axis=(1, 2)))
    return each / norms, of_mean / norms


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize(("arguments", "settings"), KINDS.values(), ids=KINDS)
def test_errors_fall_as_one_over_the_root_of_the_width(
    activation: str, arguments: dict[str, Any], settings: dict[str, Any]
) -> None:
    scales = {"depth": 4, "sigma_w": 1.4, "sigma_b": 0.3}
    limits = kernels(make_network(activation, **(scales | settings)), X, X)
    errors = []
    for width in WIDTHS:
        finite = FiniteNetwork(activation, width=width, **(scales | arguments))
        each, of_mean = mean_errors(finite, limits, seeds=25)
        errors.append(each)
    slopes = np.polyfit(np.log(WIDTHS), np.log(errors), 1)[0]
    assert np.all(np.abs(slopes + 0.5) < 0.3)
    assert np.all(of_mean < 0.09)


@pytest.mark.parametrize("zero_biases", [False, True])
def test_standard_networks_have_the_ntk_of_their_width(zero_biases: bool) -> None:
    """It grows with the width, and so does what it is compared to."""
    width = 400
    settings: dict[str, Any] = {"bias_init": "zero" if zero_biases else "normal", "width": width}
    network = make_network("erf", 4, parameterization="standard", **settings)
    finite = FiniteNetwork("erf", 4, width, 1.5, 0.1, zero_biases=zero_biases, standard=True)
    _, of_mean = mean_errors(finite, kernels(network, X, X), seeds=25)
    assert np.all(of_mean < 0.09)
