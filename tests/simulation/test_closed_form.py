"""The closed form of the ensemble: predictions, losses, and when it has learned nearly everything."""

from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from ntkcli.arrays import FloatArray
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.question import Question
from ntkcli.simulation.closed_form import LEFT, ClosedForm, InfiniteWidth

from ..kernels.matrices import rectangle
from .networks import KINDS, network_with
from .problems import X_TEST, X, Y, infinite_width

every_ridge = pytest.mark.parametrize("ridge", [0.0, 0.3])
some_kinds = pytest.mark.parametrize(
    "settings", [KINDS[kind] for kind in ("plain", "two frozen", "biases from 0", "dropout", "standard")]
)
TIMES = [0.0, 0.01, 0.4, 3.0, 50.0]


@every_ridge
@some_kinds
def test_predictions_are_those_of_a_fitted_model(settings: dict[str, Any], ridge: float) -> None:
    network = network_with(**settings)
    rows = network.rows(X), network.rows(X_TEST)
    found = ClosedForm.of(infinite_width(network, ridge=ridge), Evaluator(network), rows, TIMES)
    model = FittedModel.fit(network, X, Y, Question({"ntk": TIMES}, ridge=ridge))
    for i, answer in enumerate(model.predict(X_TEST)):
        np.testing.assert_allclose(found.means[i], answer.prediction.mean, rtol=1e-8, atol=1e-9)
        assert answer.prediction.variance is not None
        np.testing.assert_allclose(found.variances[i], answer.prediction.variance, rtol=1e-8, atol=1e-9)


def test_a_frozen_bias_is_as_random_as_a_trained_one() -> None:
    """At time 0 the ensemble is the prior, whatever is trained."""
    for settings in KINDS.values():
        network = network_with(**settings)
        rows = network.rows(X), network.rows(X_TEST)
        found = ClosedForm.of(infinite_width(network), Evaluator(network), rows, [0.0])
        assert not found.means.any()
        np.testing.assert_allclose(found.variances[0], rows[1].diagonal("nngp"), rtol=1e-12)


def trained(kernel: FloatArray, start: FloatArray, y: FloatArray, time: float, ridge: float) -> FloatArray:
    """f_t(X) of one linearised network that starts at f_0(X), by the matrix exponential.

    d/dt (f - f_0) = Theta (y - f_0) - (Theta + ridge)(f - f_0), whose solution is that of a linear system
    with its constant term as one more unknown.
    """
    n, columns = start.shape
    system = np.zeros((n + columns, n + columns))
    system[:n, :n] = -(kernel + ridge * np.eye(n))
    system[:n, n:] = kernel @ (y - start)
    return np.asarray(start + expm(time * system)[:n, n:])


@every_ridge
def test_losses_are_averages_over_initialisations(ridge: float) -> None:
    """Exactly: sqrt(n) L e_i and its negative, with L L^T = K, have mean 0 and covariance K."""
    infinite = infinite_width(ridge=ridge)
    n, (nngp, ntk) = len(X), (infinite.exact["nngp"], infinite.exact["ntk"])
    root = np.sqrt(n) * np.linalg.cholesky(nngp)
    starts = np.repeat(np.hstack([root, -root]).T[:, :, None], Y.shape[1], axis=2)
    times = [0.0, 0.01, 0.4, 3.0]
    expected = [
        np.mean([np.sum((trained(ntk, start, Y, time, ridge) - Y) ** 2) / 2 for start in starts])
        for time in times
    ]
    np.testing.assert_allclose(infinite.losses(times), expected, rtol=1e-9)


@every_ridge
def test_what_is_left_is_the_way_to_where_training_ends(ridge: float) -> None:
    infinite = infinite_width(ridge=ridge)
    kernel = infinite.exact["ntk"] + ridge * np.eye(len(X))
    for time in (0.0, 0.2, 5.0):
        way = infinite.exact["ntk"] @ np.linalg.solve(kernel, expm(-time * kernel) @ Y)
        expected = np.linalg.norm(way) / np.linalg.norm(Y)
        assert infinite.left(time) == pytest.approx(expected, rel=1e-10)


def test_training_ends_as_soon_as_nearly_nothing_is_left() -> None:
    infinite = infinite_width()
    slow = float(infinite.eigenvalues[0])
    end = infinite.end(100 / slow)
    assert 0 < end < 100 / slow
    assert infinite.left(end) <= LEFT < infinite.left(0.97 * end)


def test_training_that_takes_longer_ends_where_it_must() -> None:
    infinite = infinite_width()
    longest = 0.5 / float(infinite.eigenvalues[-1])
    assert infinite.end(longest) == pytest.approx(longest)
    assert infinite.left(longest) > LEFT


def test_targets_of_0_are_learned_at_once() -> None:
    infinite = infinite_width(y=np.zeros_like(Y))
    assert infinite.left(0.0) == 0.0
    assert infinite.end(7.0) == pytest.approx(7e-6)


def test_the_kernels_are_exact() -> None:
    network = network_with()
    infinite = InfiniteWidth.of(Evaluator(network), network.rows(X), Y, 0.2)
    for gram, expected in rectangle(Evaluator(network), X, X).items():
        np.testing.assert_allclose(infinite.exact[gram], expected, rtol=1e-12)
    values = np.linalg.eigvalsh(infinite.exact["ntk"] + 0.2 * np.eye(len(X)))
    np.testing.assert_allclose(infinite.eigenvalues, values, rtol=1e-10)
