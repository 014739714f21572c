import math

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import network_of
from ntkcli.jobs.relevance import STEPS, Evidence, learned_relevance
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.spec.network import NetworkSpec

RNG = np.random.default_rng(3)
X = RNG.normal(size=(80, 4))
Y = np.sin(2 * X[:, :1]) + 0.3 * X[:, 1:2] + 0.05 * RNG.normal(size=(80, 1))
EACH = np.arange(4)


def covariance(logs: FloatArray) -> FloatArray:
    network = network_of(NetworkSpec(depth=3, sigma_b=float(np.exp(logs[1]))), 4)
    kernel = Evaluator(network).symmetric(network.rows(X * np.exp(logs[2:])), ["nngp"])["nngp"].to_array()
    return np.asarray(kernel + np.exp(logs[0]) * np.eye(len(X)))


def test_the_loss_is_the_evidence_at_its_best_scale() -> None:
    logs = np.array([-2.0, -1.0, 0.3, -0.2, 0.0, 0.1])
    matrix = covariance(logs)
    n = len(X)
    scale = float(Y[:, 0] @ np.linalg.solve(matrix, Y[:, 0])) / n
    _, determinant = np.linalg.slogdet(2 * math.pi * scale * matrix)
    log_density = -0.5 * (n + determinant)
    penalty = float(np.sum(logs[2:] ** 2)) / n
    loss, _ = Evidence(X, Y, EACH).loss(logs)
    assert loss == pytest.approx(-log_density / n - 0.5 * (1 + math.log(2 * math.pi)) + penalty, rel=1e-12)


@pytest.mark.parametrize("groups", [[0, 1, 2, 3], [0, 0, 1, 1]])
def test_the_gradient_is_that_of_the_loss(groups: list[int]) -> None:
    evidence, logs = Evidence(X, Y, np.array(groups)), np.array([-2.0, -1.0, 0.3, -0.2, 0.0, 0.1])
    logs = logs[: 3 + max(groups)]
    _, gradient = evidence.loss(logs)
    for j in range(len(logs)):
        moved = np.eye(len(logs))[j] * 1e-5
        central = (evidence.loss(logs + moved)[0] - evidence.loss(logs - moved)[0]) / 2e-5
        assert gradient[j] == pytest.approx(central, rel=1e-5, abs=1e-9)


def test_features_that_matter_count_for_more_than_noise() -> None:
    factors = learned_relevance(X, Y, EACH, Threads())
    assert factors[0] > 2 * max(factors[2:])


def test_the_order_of_the_features_does_not_matter() -> None:
    order = [2, 0, 3, 1]
    np.testing.assert_allclose(
        learned_relevance(X[:, order], Y, EACH, Threads()),
        learned_relevance(X, Y, EACH, Threads())[order],
        rtol=0.02,
    )


def test_its_steps_are_told_as_they_are_done() -> None:
    steps: list[int] = []
    learned_relevance(X, Y, EACH, Threads(), steps.append)
    assert set(steps) == {1}
    assert 1 < len(steps) <= STEPS


def test_the_columns_of_a_feature_share_a_factor() -> None:
    groups = np.array([0, 0, 1, 1])
    assert learned_relevance(X, Y, groups, Threads()).shape == (2,)


def test_targets_without_variance_leave_every_feature_as_it_is() -> None:
    assert learned_relevance(X, np.zeros_like(Y), EACH, Threads()).tolist() == [1.0] * 4
