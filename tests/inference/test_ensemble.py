import math

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.ensemble import ensemble
from ntkcli.inference.flow import Flow
from ntkcli.inference.prediction import Prediction

from .dense import Dense
from .gaussian import Problem, dense_flow, spectral_flow
from .spectra import Solver, flow_of

TIMES = [0.01, 1.0, 30.0, math.inf]

every_time = pytest.mark.parametrize("time", TIMES)


def predict(problem: Problem, time: float, *, full: bool = True, ridge: float = 0.0) -> Prediction:
    return predict_by(spectral_flow(problem.ntk.train, ridge), problem, time, full=full)


def predict_by(flow: Flow, problem: Problem, time: float, *, full: bool) -> Prediction:
    nngp, ntk = problem.nngp, problem.ntk
    mean = ntk.test_train @ flow.on(problem.y).product(time)
    test = nngp.test if full else nngp.test.diagonal()
    action, half_product = flow.on(ntk.test_train.T), Dense(nngp.train)
    return ensemble(action, time, mean, nngp.test_train, test, half_product)


def trained_network(problem: Problem, time: float, ridge: float) -> tuple[FloatArray, FloatArray]:
    """B and c of f_t(x*) = B f_0(X, x*) + c: training is an affine map of the network at the start."""
    gram = problem.ntk.train + ridge * np.eye(problem.n)
    a = problem.ntk.test_train @ dense_flow(gram, time)
    return np.hstack([-a, np.eye(problem.m)]), a @ problem.y


@pytest.mark.parametrize(("solver", "time"), [("lanczos", 0.01), ("lanczos", 30.0), ("cholesky", math.inf)])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_every_solver_gives_the_same_ensemble(solver: Solver, time: float, ridge: float) -> None:
    problem, flow = Problem(), flow_of(Problem().ntk.train, solver, [time], ridge=ridge)
    for full in (True, False):
        expected = predict(problem, time, full=full, ridge=ridge)
        prediction = predict_by(flow, problem, time, full=full)
        np.testing.assert_allclose(prediction.mean, expected.mean, rtol=1e-8, atol=1e-9)
        assert prediction.variance is not None
        assert expected.variance is not None
        np.testing.assert_allclose(prediction.variance, expected.variance, rtol=1e-8)
        assert (prediction.covariance is None) == (expected.covariance is None) == (not full)
        if prediction.covariance is not None and expected.covariance is not None:
            np.testing.assert_allclose(prediction.covariance, expected.covariance, rtol=1e-8, atol=1e-9)


@every_time
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_trained_networks_are_an_affine_map_of_initial_ones(time: float, ridge: float) -> None:
    problem = Problem()
    prediction, (b, c) = predict(problem, time, ridge=ridge), trained_network(problem, time, ridge)
    np.testing.assert_allclose(prediction.mean, c, rtol=1e-9, atol=1e-12)
    assert prediction.covariance is not None
    np.testing.assert_allclose(prediction.covariance, b @ problem.nngp.whole @ b.T, rtol=1e-9, atol=1e-12)


@every_time
def test_the_variance_is_the_covariances_diagonal(time: float) -> None:
    full, diagonal = predict(Problem(), time), predict(Problem(), time, full=False)
    assert full.variance is not None
    assert full.covariance is not None
    assert diagonal.variance is not None
    assert diagonal.covariance is None
    np.testing.assert_allclose(diagonal.variance, full.covariance.diagonal(), rtol=1e-12)
    np.testing.assert_allclose(diagonal.variance, full.variance, rtol=1e-12)


@every_time
def test_the_covariance_is_symmetric_and_positive(time: float) -> None:
    covariance = predict(Problem(), time).covariance
    assert covariance is not None
    np.testing.assert_allclose(covariance, covariance.T, rtol=1e-14, atol=1e-15)
    assert np.linalg.eigvalsh(covariance)[0] > 0


def test_nothing_is_learnt_at_time_zero() -> None:
    problem = Problem()
    prediction = predict(problem, 0.0)
    assert prediction.covariance is not None
    assert np.array_equal(prediction.mean, np.zeros((problem.m, 2)))
    assert np.array_equal(prediction.covariance, problem.nngp.test)


def test_inputs_are_left_alone() -> None:
    problem, untouched = Problem(), Problem()
    predict(problem, 1.0)
    predict(problem, 1.0, full=False)
    assert np.array_equal(problem.nngp.whole, untouched.nngp.whole)
    assert np.array_equal(problem.ntk.whole, untouched.ntk.whole)
