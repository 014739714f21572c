"""An experiment's outcome depends on its draw alone, and says what it says it does."""

import pickle
from dataclasses import astuple, fields, replace
from functools import partial

import numpy as np
import pytest

from ntkcli.errors import NumericalError
from ntkcli.kernels.executor import Threads
from ntkcli.simulation.descent import descend, intervals
from ntkcli.simulation.empirical import empirical_nngp, empirical_ntk, sensitivities
from ntkcli.simulation.experiment import Draw, Experiment, Outcome, run
from ntkcli.simulation.finite_network import FiniteNetwork
from ntkcli.simulation.linearised import Linearised

from .networks import network_with
from .problems import X_TEST, X, Y, experiment

DRAW = Draw(24, 3)
TRAIN = slice(0, len(X))


def drawn(of: Experiment, draw: Draw = DRAW) -> FiniteNetwork:
    """The network that an experiment draws: by seed and width, whatever else is drawn."""
    rng = np.random.default_rng([draw.seed, draw.width])
    return FiniteNetwork.draw(of.network, of.x, width=draw.width, outputs=2, rng=rng)


def assert_equal(one: Outcome, other: Outcome) -> None:
    for found, expected in zip(astuple(one), astuple(other), strict=True):
        np.testing.assert_array_equal(found, expected)


def relative(now: np.ndarray, before: np.ndarray) -> float:
    return float(np.linalg.norm(now - before) / np.linalg.norm(before))


@pytest.mark.parametrize("ridge", [0.0, 0.3, 100.0])
def test_an_outcome_is_what_training_by_hand_shows(ridge: float) -> None:
    of = experiment(ridge=ridge)
    found, network = run(of, DRAW), drawn(of)
    start, theta = drawn(of), Linearised.of(network, TRAIN)
    largest = np.linalg.eigvalsh(theta.training_kernel)[-1] + ridge
    plan = intervals(of.times, min(of.step, 1.8 / largest))
    beside = theta.descend(Y, plan, ridge)
    for i, (_, (linear, _)) in enumerate(zip(descend(network, TRAIN, Y, plan, ridge), beside, strict=True)):
        outputs = network.forward(slice(None)).outputs
        np.testing.assert_allclose(found.outputs[i], outputs[len(X) :], rtol=1e-12)
        assert found.losses[i] == pytest.approx(np.sum((outputs[TRAIN] - Y) ** 2) / 2)
        gap = np.sqrt(np.mean((outputs - linear)[len(X) :] ** 2))
        assert found.gaps[i] == pytest.approx(gap, rel=1e-6, abs=1e-14)
        for j, (dense, before) in enumerate(zip(network.dense, start.dense, strict=True)):
            now, then = (np.vstack([layer.weights, layer.biases]) for layer in (dense, before))
            assert found.weight_changes[i, j] == pytest.approx(relative(now, then), rel=1e-9)
        change = relative(tangent(network), tangent(start))
        assert found.kernel_changes[i] == pytest.approx(change, rel=1e-9)


def tangent(network: FiniteNetwork) -> np.ndarray:
    found = sensitivities(network, network.forward(TRAIN), 0)
    return empirical_ntk(found, found)


def test_nothing_has_changed_at_time_0() -> None:
    found = run(experiment(), DRAW)
    assert not found.weight_changes[0].any()
    assert (found.kernel_changes[0], found.gaps[0]) == (0.0, 0.0)
    assert np.all(found.weight_changes[1:] > 0)
    assert np.all(np.diff(found.losses) < 0)


def test_kernels_are_compared_before_training() -> None:
    of = experiment()
    network, found = drawn(of), run(of, DRAW)
    errors = [
        relative(empirical_nngp(network, network.forward(TRAIN)), of.exact["nngp"]),
        relative(tangent(network), of.exact["ntk"]),
    ]
    np.testing.assert_allclose(found.kernel_errors, errors, rtol=1e-12)


def test_one_layer_has_the_exact_kernels_at_any_width() -> None:
    found = run(experiment(network_with(depth=1)), DRAW)
    np.testing.assert_allclose(found.kernel_errors, 0.0, atol=1e-14)
    np.testing.assert_allclose(found.gaps, 0.0, atol=1e-12)


def test_a_draw_has_the_same_outcome_whatever_runs_beside_it() -> None:
    of, draws = experiment(), [Draw(width, seed) for width in (40, 24, 8) for seed in range(4)]
    alone = list(Threads(1).map(partial(run, of), [DRAW]))
    for workers in (1, 2):
        together = dict(zip(draws, Threads(workers).map(partial(run, of), draws), strict=True))
        assert_equal(together[DRAW], alone[0])
    assert len({outcome.losses[0] for outcome in together.values()}) == len(draws)


def test_wider_networks_than_are_trained_have_their_kernels_compared() -> None:
    of = experiment(largest_trained=24)
    trained, untrained = run(of, DRAW), run(of, Draw(25, 3))
    assert len(trained.losses) == 3
    assert untrained.kernel_errors.shape == (2,)
    for field in fields(Outcome)[1:]:
        assert len(getattr(untrained, field.name)) == 0
    assert untrained.outputs.shape == (0, len(X_TEST), 2)


def test_a_linearised_network_has_no_gap_and_no_kernel_that_changes() -> None:
    of = experiment(linearised=True)
    found, whole = run(of, DRAW), run(replace(of, linearised=False), DRAW)
    assert np.all(np.isnan(found.kernel_changes))
    assert not found.gaps.any()
    assert not found.weight_changes[0].any()
    np.testing.assert_array_equal(found.kernel_errors, whole.kernel_errors)
    np.testing.assert_allclose(found.outputs[0], whole.outputs[0], rtol=1e-12)
    assert not np.allclose(found.outputs[2], whole.outputs[2], rtol=1e-3)


def test_layers_are_in_the_order_of_the_network_however_it_is_trained() -> None:
    """Wide networks hardly differ from their linearisation: nor do their layers' changes, one by one."""
    of = experiment(network_with(depth=3, train={"first_frozen": 1}, sigma_w=[1.0, 4.0, 0.5]))
    found, linear = (run(replace(of, linearised=flag), Draw(400, 0)) for flag in (False, True))
    assert found.weight_changes.shape == (3, 2)
    np.testing.assert_allclose(linear.weight_changes[1:], found.weight_changes[1:], rtol=0.2)
    assert np.all(found.weight_changes[1:, 1] > 3 * found.weight_changes[1:, 0])


def test_a_step_that_is_too_long_for_one_network_is_shortened_for_it() -> None:
    """Its largest eigenvalue is not the limit's."""
    of = experiment()
    found = run(replace(of, step=50 * of.step, linearised=True), DRAW)
    assert np.all(np.diff(found.losses) < 0)


@pytest.mark.parametrize("size", [1e2, 1e3, 1e6])
def test_training_that_diverges_is_told_with_width_and_seed(size: float) -> None:
    """Also where all units die on the way, and the outputs stay where they are; linearised, it is stable."""
    of = experiment(network_with(depth=4, activation="relu"))
    of = replace(of, y=size * Y, times=[0.0, 200 * of.step])
    assert np.all(np.isfinite(run(replace(of, linearised=True), DRAW).outputs))
    with pytest.raises(NumericalError, match=r"width 24 with seed 3 diverges.*in steps of .*learning_rate"):
        run(of, DRAW)


def test_experiments_and_outcomes_can_be_sent_elsewhere() -> None:
    of = pickle.loads(pickle.dumps(experiment()))
    outcome = run(of, DRAW)
    assert_equal(outcome, run(experiment(), DRAW))
    assert_equal(outcome, pickle.loads(pickle.dumps(outcome)))
