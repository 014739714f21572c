"""Gradient descent does the steps that it says, on the loss that it says."""

from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.simulation.descent import LEAST_STEPS, Interval, descend, intervals
from ntkcli.simulation.finite_network import FiniteNetwork

from ..kernels.inputs import normal_rows
from .networks import drawn, every_kind, flat, jacobian, network_with, parameters

TRAIN = slice(0, 3)
Y = np.random.default_rng(6).normal(size=(3, 2))


def explicit_steps(network: FiniteNetwork, steps: int, length: float, ridge: float) -> FloatArray:
    """theta - length (J^T (f - y) + ridge (theta - theta_0)), again and again; leaves the network there."""
    start = flat(network)
    for _ in range(steps):
        residual = (network.forward(TRAIN).outputs - Y).ravel()
        change = jacobian(network, TRAIN).T @ residual + ridge * (flat(network) - start)
        put(network, flat(network) - length * change)
    return flat(network)


def put(network: FiniteNetwork, theta: FloatArray) -> None:
    start = 0
    for array in parameters(network):
        array[:] = theta[start : start + array.size].reshape(array.shape)
        start += array.size


@every_kind
@pytest.mark.parametrize("ridge", [0.0, 0.4])
def test_steps_are_those_of_gradient_descent(settings: dict[str, Any], ridge: float) -> None:
    """By the Jacobian, which test_finite_network.py has from central differences."""
    network, other = (drawn(network_with(**settings), outputs=2) for _ in range(2))
    frozen = [dense for dense in network.dense if dense not in network.trained]
    before = [dense.weights.copy() for dense in frozen]
    (interval,) = descend(network, TRAIN, Y, [Interval(0.06, 4, 0.015)], ridge)
    assert interval.end == 0.06
    expected = explicit_steps(other, 4, 0.015, ridge)
    np.testing.assert_allclose(flat(network), expected, rtol=0, atol=1e-12)
    for dense, weights in zip(frozen, before, strict=True):
        assert np.array_equal(dense.weights, weights)


def test_a_step_goes_down_the_slope_of_the_loss() -> None:
    """1/2 |f - y|^2 + ridge / 2 |theta - theta_0|^2, whose slope central differences give."""
    network, ridge, length = drawn(network_with(), outputs=2), 0.7, 1e-3
    start = flat(network)
    list(descend(network, TRAIN, Y, [Interval(0.01, 1, 0.01)]))
    theta, slope = flat(network), []
    for i in range(len(theta)):
        losses = []
        for sign in (1, -1):
            put(network, theta + sign * 1e-5 * (np.arange(len(theta)) == i))
            misfit = np.sum((network.forward(TRAIN).outputs - Y) ** 2)
            losses.append((misfit + ridge * np.sum((flat(network) - start) ** 2)) / 2)
        slope.append((losses[0] - losses[1]) / 2e-5)
    put(network, start)
    list(descend(network, TRAIN, Y, [Interval(0.01, 1, 0.01)]))
    moved, expected = flat(network), np.array(slope)
    again = drawn(network_with(), outputs=2)
    plan = [Interval(0.01, 1, 0.01), Interval(0.011, 1, length)]
    list(descend(again, TRAIN, Y, plan, ridge))
    # The ridge does nothing in the first step.
    np.testing.assert_allclose(flat(again), moved - length * expected, rtol=0, atol=1e-9)


def test_gradients_of_more_rows_of_weights_than_a_strip_has_are_whole() -> None:
    settings: dict[str, Any] = {"depth": 2}
    network, other = (drawn(network_with(**settings), width=600, outputs=2) for _ in range(2))
    list(descend(network, TRAIN, Y, [Interval(0.02, 2, 0.01)]))
    np.testing.assert_allclose(flat(network), explicit_steps(other, 2, 0.01, 0.0), rtol=0, atol=1e-12)


def test_training_pauses_at_every_interval_and_not_sooner() -> None:
    network = drawn(network_with(), outputs=2)
    before, plan = flat(network), intervals([0.0, 0.1, 0.3], 0.05)
    seen = [(interval.end, flat(network)) for interval in descend(network, TRAIN, Y, plan)]
    assert [end for end, _ in seen] == [0.0, 0.1, 0.3]
    assert np.array_equal(seen[0][1], before)
    assert not np.array_equal(seen[1][1], seen[2][1])


def test_rows_that_are_not_trained_on_do_not_matter() -> None:
    one, other = (
        drawn(network_with(), np.vstack([normal_rows(3), last]), outputs=2)
        for last in (np.zeros((2, 4)), np.ones((2, 4)))
    )
    for network in (one, other):
        list(descend(network, TRAIN, Y, [Interval(0.1, 3, 0.03)]))
    assert np.array_equal(flat(one), flat(other))


@pytest.mark.parametrize("longest", [1e-3, 0.07, 0.3, 1.0, 50.0])
@pytest.mark.parametrize("times", [[0.0], [0.0, 1.0], [0.0, 0.3, 0.9], [0.0, 1e-9, 7.0, 7.1], [0.7]])
def test_intervals_end_at_their_times_in_steps_that_are_no_longer_than_wanted(
    times: list[float], longest: float
) -> None:
    found = intervals(times, longest)
    assert [interval.end for interval in found] == times
    start = 0.0
    for interval in found:
        assert interval.steps * interval.length == pytest.approx(interval.end - start, rel=1e-13)
        assert interval.length <= longest * (1 + 1e-13)
        # Nor are there more of them than need be.
        assert interval.steps <= max((interval.end - start) / longest + 1, LEAST_STEPS)
        assert interval.steps >= (LEAST_STEPS if interval.end > start else 0)
        start = interval.end


def test_time_0_takes_no_steps() -> None:
    assert intervals([0.0], 0.1) == [Interval(0.0, 0, 0.0)]
