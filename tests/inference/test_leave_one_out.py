import math
from dataclasses import asdict

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.leave_one_out import LeaveOneOut, leave_one_out
from ntkcli.solvers.lanczos import COLUMNS_AT_ONCE

from .deleting import delete_each
from .dense import Dense
from .gaussian import Problem
from .spectra import SPECTRA, Solver, columns, flow_of, symmetric

INF = math.inf
PROBLEM = Problem()
ALL = np.arange(PROBLEM.n)

WAYS: list[tuple[Solver, float]] = [
    ("cholesky", INF),
    ("eigh", INF),
    *[("eigh", time) for time in (1e-200, 1e-3, 1.0, 30.0, 1e4)],
    *[("lanczos", time) for time in (1e-5, 1.0, 30.0, 1e4)],
]
every_way = pytest.mark.parametrize(("solver", "time"), WAYS)
every_finite_way = pytest.mark.parametrize(("solver", "time"), [way for way in WAYS if way[1] < INF])
every_ridge = pytest.mark.parametrize("ridge", [0.0, 1e-3, 0.3])


def left_out(
    matrix: FloatArray, y: FloatArray, solver: Solver, time: float, ridge: float, prior: FloatArray | None
) -> LeaveOneOut:
    flow = flow_of(matrix, solver, [time], ridge=ridge)
    return leave_one_out(flow, y, np.arange(len(y)), time, None if prior is None else Dense(prior))


@every_way
@every_ridge
def test_a_row_left_out_of_the_ensemble_is_a_row_that_was_deleted(
    solver: Solver, time: float, ridge: float
) -> None:
    theta, prior, y = PROBLEM.ntk.train, PROBLEM.nngp.train, PROBLEM.y
    found, expected = (
        left_out(theta, y, solver, time, ridge, prior),
        delete_each(theta, prior, y, ridge, time),
    )
    np.testing.assert_allclose(found.residual, expected.residual, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.variance, expected.ensemble, rtol=1e-8)


@every_way
@every_ridge
def test_a_row_left_out_of_a_posterior_is_a_row_that_was_deleted(
    solver: Solver, time: float, ridge: float
) -> None:
    gram, y = PROBLEM.nngp.train, PROBLEM.y
    found, expected = left_out(gram, y, solver, time, ridge, None), delete_each(gram, gram, y, ridge, time)
    np.testing.assert_allclose(found.residual, expected.residual, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.variance, expected.posterior, rtol=1e-8)


@every_way
def test_the_posteriors_variance_is_that_of_its_weights(solver: Solver, time: float) -> None:
    gram, y, ridge = PROBLEM.nngp.train, PROBLEM.y, 0.3
    noisy = gram + ridge * np.eye(len(y))
    by_gram, by_product = (left_out(gram, y, solver, time, ridge, prior) for prior in (None, noisy))
    np.testing.assert_allclose(by_gram.variance, by_product.variance, rtol=1e-9)


@every_finite_way
def test_a_singular_gram_matrix_is_no_obstacle_at_finite_times(solver: Solver, time: float) -> None:
    """Deleting one of two equal rows leaves its twin."""
    twins = np.array([*range(PROBLEM.n), 0, 1])
    gram, y = PROBLEM.nngp.train[np.ix_(twins, twins)], PROBLEM.y[twins]
    found, expected = left_out(gram, y, solver, time, 0.0, None), brute_by_spectrum(gram, y, time)
    np.testing.assert_allclose(found.residual, expected, rtol=1e-7, atol=1e-7)


def brute_by_spectrum(gram: FloatArray, y: FloatArray, time: float) -> FloatArray:
    """Residuals of deleted rows where the others' Gram matrix is singular."""
    residuals = []
    for i in range(len(y)):
        others = np.delete(np.arange(len(y)), i)
        eigenvalues, vectors = np.linalg.eigh(gram[np.ix_(others, others)])
        safe = np.where(eigenvalues > 1e-12, eigenvalues, 1.0)
        flow = np.where(eigenvalues > 1e-12, -np.expm1(-time * safe) / safe, time)
        residuals.append(y[i] - gram[i, others] @ (vectors * flow) @ vectors.T @ y[others])
    return np.array(residuals)


@pytest.mark.parametrize("spectrum", ["identity", "condition 1e4", "power law", "singular", "one huge"])
@pytest.mark.parametrize("time", [1.0, 1e2, 1e5])
def test_lanczos_agrees_with_eigenvectors_on_larger_matrices(spectrum: str, time: float) -> None:
    """Which takes it more than one group of columns."""
    n = COLUMNS_AT_ONCE + 22
    matrix, y = symmetric(SPECTRA[spectrum](n)), columns(n, 2)
    exact = left_out(matrix, y, "eigh", time, 0.0, None)
    found = left_out(matrix, y, "lanczos", time, 0.0, None)
    scale = np.abs(exact.residual).max()
    np.testing.assert_allclose(found.residual, exact.residual, rtol=1e-7, atol=1e-7 * scale)
    np.testing.assert_allclose(found.variance, exact.variance, rtol=1e-7, atol=1e-14)


def test_the_shortest_times_of_lanczos_lose_the_gram_matrix_but_not_the_product_with_it() -> None:
    """It is rounded away beside a pole of 1e201."""
    gram, y = PROBLEM.nngp.train, PROBLEM.y
    found = left_out(gram, y, "lanczos", 1e-200, 0.0, gram)
    np.testing.assert_allclose(found.residual, y, rtol=1e-9)
    np.testing.assert_allclose(found.variance, gram.diagonal(), rtol=1e-9)


@pytest.mark.parametrize("spectrum", ["condition 1e4", "condition 1e8", "clustered", "one huge"])
@pytest.mark.parametrize("time", [1e-9, 1e-7, 1e-6, 1e-5, 1e-4])
def test_at_short_times_lanczos_tells_how_far_it_knows_the_gram_matrix(spectrum: str, time: float) -> None:
    """Rounding beside the pole leaves eps / (t G) of it, but all of the weights."""
    matrix, y = symmetric(SPECTRA[spectrum](20)), columns(20, 2)
    flow, exact = flow_of(matrix, "lanczos", [time]), left_out(matrix, y, "eigh", time, 0.0, None)
    found = leave_one_out(flow, y, np.arange(20), time)
    np.testing.assert_allclose(found.residual, exact.residual, rtol=1e-9)
    told, images = asdict(flow.health)["estimated_error"], np.linalg.norm(matrix, axis=0)
    assert told <= max(1e-10, 1000 * np.finfo(np.float64).eps / (time * images.min()))
    assert np.all(np.abs(found.variance - exact.variance) <= 3 * told * images)


@pytest.mark.parametrize("time", [1e-12, 1e-9, 1e-5])
def test_at_short_times_an_ensemble_loses_nothing_by_lanczos(time: float) -> None:
    theta, prior, y = PROBLEM.ntk.train, PROBLEM.nngp.train, PROBLEM.y
    flow, exact = flow_of(theta, "lanczos", [time]), left_out(theta, y, "eigh", time, 0.0, prior)
    found = leave_one_out(flow, y, ALL, time, Dense(prior))
    np.testing.assert_allclose(found.residual, exact.residual, rtol=1e-9)
    np.testing.assert_allclose(found.variance, exact.variance, rtol=1e-9)
    assert asdict(flow.health)["estimated_error"] <= 1e-10


@every_way
def test_some_rows_are_the_same_as_among_all(solver: Solver, time: float) -> None:
    flow, y = flow_of(PROBLEM.nngp.train, solver, [time]), PROBLEM.y
    rows = np.array([7, 2, 2, 0])
    some, every = leave_one_out(flow, y, rows, time), leave_one_out(flow, y, ALL, time)
    np.testing.assert_allclose(some.residual, every.residual[rows], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(some.variance, every.variance[rows], rtol=1e-9)


@every_way
def test_the_rows_own_target_has_no_part_in_its_prediction(solver: Solver, time: float) -> None:
    flow, y = flow_of(PROBLEM.nngp.train, solver, [time]), PROBLEM.y
    other = y + np.outer(ALL == 4, [10.0, -3.0])
    change = (
        leave_one_out(flow, other, ALL[4:5], time).residual - leave_one_out(flow, y, ALL[4:5], time).residual
    )
    np.testing.assert_allclose(change, [[10.0, -3.0]], rtol=1e-9)


def test_long_times_without_a_ridge_end_in_the_limit() -> None:
    """Unlike a linear smoother's (S y)_i / S_ii."""
    gram, y = PROBLEM.nngp.train, PROBLEM.y
    late, limit = (left_out(gram, y, "eigh", time, 0.0, None) for time in (1e6, INF))
    np.testing.assert_allclose(late.residual, limit.residual, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(late.variance, limit.variance, rtol=1e-9)


def test_a_single_row_is_predicted_by_the_prior() -> None:
    gram, y = np.array([[2.0]]), np.array([[3.0, -1.0]])
    for solver, time in WAYS:
        found = left_out(gram, y, solver, time, 0.5, None)
        np.testing.assert_allclose(found.residual, y, rtol=1e-9)
        np.testing.assert_allclose(found.variance, [2.5], rtol=1e-9)


@pytest.mark.parametrize(("solver", "time"), [("cholesky", INF), ("eigh", 1.0), ("lanczos", 1.0)])
def test_float32_gives_float64_of_less_digits(solver: Solver, time: float) -> None:
    gram, y = PROBLEM.nngp.train, PROBLEM.y
    flow = flow_of(gram.astype(np.float32), solver, [time], ridge=0.3, tolerance=1e-5)
    found, exact = leave_one_out(flow, y, ALL, time), left_out(gram, y, "eigh", time, 0.3, None)
    assert found.residual.dtype == found.variance.dtype == np.float64
    np.testing.assert_allclose(found.residual, exact.residual, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.variance, exact.variance, rtol=1e-4)


def test_a_cholesky_factor_has_no_finite_times() -> None:
    flow = flow_of(PROBLEM.nngp.train, "cholesky", [INF])
    with pytest.raises(TypeError, match="no finite times"):
        leave_one_out(flow, PROBLEM.y, ALL, 1.0)
