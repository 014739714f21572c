"""Finite networks: gradients are those of their outputs, and draws are what the spec says."""

from typing import Any

import numpy as np
import pytest

from ntkcli.kernels.architecture import fully_connected
from ntkcli.kernels.steps import Affine
from ntkcli.simulation.layers import Elementwise

from ..kernels.cases import CASES, Case
from ..kernels.functions import FUNCTIONS
from ..kernels.inputs import FEATURES, normal_rows
from .networks import KINDS, differences, drawn, every_kind, flat, jacobian, network_with

WITH_VALUES = [case for case in CASES if case.made().has_values]


def assert_same_to_differences(found: Any, expected: Any) -> None:
    assert np.all(np.abs(found - expected) <= 1e-6 * max(np.max(np.abs(expected)), 1e-3))


@pytest.mark.parametrize("case", WITH_VALUES, ids=str)
def test_gradients_are_central_differences_for_every_activation(case: Case) -> None:
    layers, step = [Affine(0.6, 0.1, 0.6, 0.1)] * 3, 1e-5
    network = drawn(fully_connected(layers, [case.made()] * 2), 0.7 * normal_rows(4), outputs=2)
    kinks = FUNCTIONS[case.name](**case.parameters).kinks
    done = network.forward(slice(None))
    for layer, saved in zip(network.layers, done.saved, strict=True):
        if isinstance(layer, Elementwise):
            assert np.min(np.abs(saved[0][..., None] - kinks)) > 20 * step
    assert_same_to_differences(jacobian(network), differences(network, step))


@every_kind
def test_gradients_are_central_differences_for_every_kind_of_layer(settings: dict[str, Any]) -> None:
    network = drawn(network_with(**settings), outputs=3)
    assert_same_to_differences(jacobian(network), differences(network))


@every_kind
def test_a_combination_of_outputs_has_the_combination_of_their_gradients(settings: dict[str, Any]) -> None:
    network = drawn(network_with(**settings), outputs=2)
    done = network.forward(slice(None))
    weights = np.random.default_rng(1).normal(size=done.outputs.shape)
    found = []
    for one in network.backward(done, weights):
        found.append((one.dense.gain * one.inputs.T @ one.delta).ravel())
        if one.dense.affine.ntk_bias > 0:
            found.append(one.dense.bias_gain * one.delta.sum(axis=0))
    np.testing.assert_allclose(np.concatenate(found), weights.ravel() @ jacobian(network), rtol=0, atol=1e-12)


@every_kind
def test_rows_are_evaluated_alike_alone_and_among_others(settings: dict[str, Any]) -> None:
    network = drawn(network_with(**settings), outputs=2)
    together = network.forward(slice(None)).outputs
    parts = [network.forward(slice(start, start + 2)).outputs for start in (0, 2, 4)]
    np.testing.assert_allclose(np.concatenate(parts), together, rtol=0, atol=1e-13)


@every_kind
def test_passes_leave_inputs_parameters_and_one_another_alone(settings: dict[str, Any]) -> None:
    network = drawn(network_with(**settings), outputs=2)
    x, theta = network.x.copy(), flat(network)
    done = network.forward(slice(None))
    outputs = done.outputs.copy()
    before = jacobian(network)
    list(network.backward(done, np.ones_like(outputs)))
    network.forward(slice(0, 2))
    assert np.array_equal(network.x, x)
    assert np.array_equal(flat(network), theta)
    assert np.array_equal(done.outputs, outputs)
    assert np.array_equal(jacobian(network), before)


@every_kind
def test_the_same_seed_draws_the_same_network(settings: dict[str, Any]) -> None:
    network = network_with(**settings)
    first, again, other = (drawn(network, seed=seed).forward(slice(None)).outputs for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.any(first == other)


@every_kind
def test_layers_have_the_variances_of_the_spec(settings: dict[str, Any]) -> None:
    """As they act: with their gains. Every gain is that of the kernel's own step."""
    network = network_with(**settings)
    finite = drawn(network, width=150, outputs=150)
    for dense in finite.dense:
        affine, fan_in = dense.affine, len(dense.weights)
        acting = dense.gain**2 * np.mean(dense.weights**2) * fan_in
        # 600 numbers at least, whose mean square has a relative error of sqrt(2 / 600).
        assert acting == pytest.approx(affine.weight, rel=0.25)
        assert dense.bias_gain**2 * np.mean(dense.biases**2) == pytest.approx(affine.bias, rel=0.5)
        if affine.ntk_weight > 0:
            assert dense.gain**2 * fan_in == pytest.approx(affine.ntk_weight)
        if affine.ntk_bias > 0:
            assert dense.bias_gain**2 == pytest.approx(affine.ntk_bias)


def test_the_standard_parameters_are_the_weights_themselves_at_the_width_of_the_spec() -> None:
    network = network_with(parameterization="standard", width=64)
    finite = drawn(network, width=64)
    assert [dense.gain for dense in finite.dense] == [1.0] * 4
    assert [dense.bias_gain for dense in finite.dense] == [1.0] * 4
    assert np.std(finite.dense[1].weights) == pytest.approx(1.4 / 8, rel=0.1)


def test_widths_are_those_of_hidden_layers() -> None:
    finite = drawn(network_with(), width=11, outputs=3)
    assert [dense.weights.shape for dense in finite.dense] == [(FEATURES, 11), (11, 11), (11, 11), (11, 3)]
    (only,) = drawn(network_with(depth=1), width=11, outputs=3).dense
    assert only.weights.shape == (FEATURES, 3)


def test_a_layer_without_biases_has_none_that_count() -> None:
    for dense in drawn(network_with(sigma_b=[0.0, 0.2, 0.0, 0.2])).dense[::2]:
        assert not dense.biases.any()


def test_dropout_keeps_its_share_and_each_row_has_masks_of_its_own() -> None:
    finite = drawn(network_with(**KINDS["dropout"]), np.ones((60, FEATURES)), width=50)
    masks = [layer.kept for layer in finite.layers if isinstance(layer, Elementwise)]
    assert len(masks) == 3
    for mask in masks:
        assert mask is not None
        assert mask.mean() == pytest.approx(0.7, abs=0.05)
        assert len(np.unique(mask, axis=0)) == 60
    outputs = finite.forward(slice(None)).outputs
    assert len(np.unique(outputs)) == 60
    assert np.array_equal(finite.forward(slice(None)).outputs, outputs)


@pytest.mark.parametrize("width", [1, 6])
def test_layer_norm_takes_a_row_of_equal_units_to_0_and_no_gradient_through_it(width: int) -> None:
    x = np.vstack([np.zeros((1, FEATURES)), normal_rows(2)])
    finite = drawn(network_with(layer_norm=True, sigma_b=0.0, activation="erf"), x, width=width)
    assert finite.forward(slice(None)).outputs[0] == 0.0
    assert np.all(np.isfinite(jacobian(finite)))
    assert not jacobian(finite)[0].any()


def test_what_is_a_kernel_and_no_function_is_not_evaluated() -> None:
    finite = drawn(network_with(activation="exp_normalized"))
    with pytest.raises(NotImplementedError, match="no phi"):
        finite.forward(slice(None))
