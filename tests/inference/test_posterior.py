import math

import numpy as np
import pytest

from ntkcli.inference.ensemble import ensemble
from ntkcli.inference.flow import Flow
from ntkcli.inference.posterior import posterior
from ntkcli.inference.prediction import Prediction

from .dense import Dense
from .gaussian import Problem, spectral_flow
from .spectra import Solver, flow_of

TIMES = [0.01, 1.0, 30.0, math.inf]

every_time = pytest.mark.parametrize("time", TIMES)
every_ridge = pytest.mark.parametrize("ridge", [0.0, 0.3])


def predict(problem: Problem, time: float, *, full: bool = True, ridge: float = 0.0) -> Prediction:
    return predict_by(spectral_flow(problem.nngp.train, ridge), problem, time, full=full)


def predict_by(flow: Flow, problem: Problem, time: float, *, full: bool) -> Prediction:
    kernel = problem.nngp
    mean = kernel.test_train @ flow.on(problem.y).product(time)
    test = kernel.test if full else kernel.test.diagonal()
    return posterior(flow.on(kernel.test_train.T), time, mean, test)


@every_ridge
def test_the_limit_is_the_gaussian_conditioned_on_noisy_targets(ridge: float) -> None:
    problem = Problem()
    prediction, kernel = predict(problem, math.inf, ridge=ridge), problem.nngp
    gain = np.linalg.solve(kernel.train + ridge * np.eye(problem.n), kernel.test_train.T).T
    np.testing.assert_allclose(prediction.mean, gain @ problem.y, rtol=1e-10)
    assert prediction.covariance is not None
    expected = kernel.test - gain @ kernel.test_train.T
    np.testing.assert_allclose(prediction.covariance, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("solver", "time"), [("lanczos", 0.01), ("lanczos", 30.0), ("cholesky", math.inf)])
@every_ridge
def test_every_solver_gives_the_same_posterior(solver: Solver, time: float, ridge: float) -> None:
    """Though the spread asks Lanczos for twice the time that its pole is for."""
    problem, flow = Problem(), flow_of(Problem().nngp.train, solver, [time], ridge=ridge)
    expected = predict(problem, time, ridge=ridge)
    full, diagonal = (predict_by(flow, problem, time, full=full) for full in (True, False))
    np.testing.assert_allclose(full.mean, expected.mean, rtol=1e-8, atol=1e-9)
    assert full.covariance is not None
    assert expected.covariance is not None
    np.testing.assert_allclose(full.covariance, expected.covariance, rtol=1e-8, atol=1e-9)
    assert diagonal.variance is not None
    np.testing.assert_allclose(diagonal.variance, expected.covariance.diagonal(), rtol=1e-8, atol=1e-9)


@every_time
@every_ridge
def test_it_is_the_ensemble_with_a_noisy_prior_and_only_the_readout_trained(
    time: float, ridge: float
) -> None:
    """Training towards y - f_0 - noise, as one draws from a posterior."""
    problem, kernel = Problem(), Problem().nngp
    flow = spectral_flow(kernel.train, ridge)
    noisy = Dense(kernel.train + ridge * np.eye(problem.n))
    trained = ensemble(
        flow.on(kernel.test_train.T),
        time,
        kernel.test_train @ flow.on(problem.y).product(time),
        kernel.test_train,
        kernel.test,
        noisy,
    )
    prediction = predict(problem, time, ridge=ridge)
    assert prediction.covariance is not None
    assert trained.covariance is not None
    np.testing.assert_allclose(prediction.mean, trained.mean, rtol=1e-12)
    np.testing.assert_allclose(prediction.covariance, trained.covariance, rtol=1e-9, atol=1e-12)


@every_time
def test_the_variance_is_the_covariances_diagonal(time: float) -> None:
    full, diagonal = predict(Problem(), time), predict(Problem(), time, full=False)
    assert full.covariance is not None
    assert diagonal.variance is not None
    assert diagonal.covariance is None
    np.testing.assert_allclose(diagonal.variance, full.covariance.diagonal(), rtol=1e-12)


def test_nothing_is_learnt_at_time_zero() -> None:
    problem = Problem()
    prediction = predict(problem, 0.0)
    assert prediction.covariance is not None
    assert np.array_equal(prediction.mean, np.zeros((problem.m, 2)))
    assert np.array_equal(prediction.covariance, problem.nngp.test)


@every_ridge
def test_the_variance_falls_with_time(ridge: float) -> None:
    variances = [predict(Problem(), time, ridge=ridge).variance for time in [0.0, *TIMES]]
    assert np.all(np.diff(np.array(variances), axis=0) <= 1e-13)


def test_a_training_row_without_noise_is_known_in_the_end() -> None:
    problem = Problem()
    kernel, flow = problem.nngp, spectral_flow(problem.nngp.train)
    mean = kernel.train @ flow.on(problem.y).product(math.inf)
    known = posterior(flow.on(kernel.train), math.inf, mean, kernel.train)
    np.testing.assert_allclose(known.mean, problem.y, rtol=1e-10)
    assert known.covariance is not None
    np.testing.assert_allclose(known.covariance, 0.0, atol=1e-12)
