from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Flow, relaxation, survival
from ntkcli.inference.leave_one_out import leave_one_out
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.probes import Probes
from ntkcli.solvers.chebyshev import ChebyshevFlow, ChebyshevSolver
from ntkcli.solvers.eigh import SpectralFlow
from ntkcli.solvers.solver import Factoring

from ..inference.dense import Dense
from ..inference.spectra import SPECTRA, columns, every_spectrum, flow_of, size, symmetric

N = 300
# One large, some of middle size, and a tail: n is too large for the space to be all.
FALLING = np.concatenate([[1e4], np.linspace(300, 200, 10), np.linspace(20, 1e-6, 1189)])


def flow(
    matrix: FloatArray, time: float, ridge: float = 0.0, tolerance: float = 1e-10, count: int = 9
) -> ChebyshevFlow:
    operator = Dense(matrix)
    largest = Probes(operator).largest
    found = ChebyshevSolver().factor(operator, Factoring([time], ridge, tolerance, largest, count))
    assert isinstance(found, ChebyshevFlow)
    return found


def by_eigh(matrix: FloatArray, b: FloatArray, function: Any, time: float) -> FloatArray:
    values, vectors = _eigh(matrix.tobytes(), len(matrix))
    return np.asarray(vectors @ (function(np.maximum(values, 0.0), time)[:, None] * (vectors.T @ b)))


@lru_cache(2)
def _eigh(matrix: bytes, n: int) -> tuple[FloatArray, FloatArray]:
    """Once for all tests of a matrix: of the falling one it takes longer than all that they test."""
    values, vectors = np.linalg.eigh(np.frombuffer(matrix).reshape(n, n))
    return values, vectors


@every_spectrum
@pytest.mark.parametrize("time", [1e-300, 1e-3, 1.0, 30.0, 1e4])
def test_the_flow_is_as_exact_as_asked_for(spectrum: str, time: float) -> None:
    matrix, b = symmetric(SPECTRA[spectrum](N)), columns(N, 5)
    action = flow(matrix, time).on(b)
    for found, function, unit in [
        (action.product(time), relaxation, size(by_eigh(matrix, b, relaxation, time))),
        (action.decay(time), survival, size(b)),
    ]:
        error = size(found - by_eigh(matrix, b, function, time))
        assert np.all(error <= (1e-10 + 1e-14 * time) * unit)


@pytest.mark.parametrize("count", [1, 1000])
@pytest.mark.parametrize("time", [1e-4, 0.01, 0.1, 2.0])
def test_a_falling_spectrum_leaves_little_to_the_polynomial(count: int, time: float) -> None:
    matrix, b = symmetric(FALLING), columns(len(FALLING), 3)
    made = flow(matrix, time, count=count)
    expected = by_eigh(matrix, b, relaxation, time)
    assert np.all(size(made.on(b).product(time) - expected) <= 1e-10 * size(expected))
    assert made.health.eigenvalues < 600
    if time >= 0.01 and count == 1000:
        assert made.health.eigenvalues >= 1
        assert made.health.bound >= np.sort(FALLING)[-1 - made.health.eigenvalues]


@pytest.mark.parametrize("ridge", [0.0, 0.3, 1e4])
def test_the_ridge_is_in_it(ridge: float) -> None:
    matrix, b = symmetric(FALLING), columns(len(FALLING), 3)
    expected = by_eigh(matrix + ridge * np.eye(len(matrix)), b, relaxation, 0.05)
    error = size(flow(matrix, 0.05, ridge).on(b).product(0.05) - expected)
    assert np.all(error <= 1e-10 * size(expected))


@pytest.mark.parametrize("n", [1, 5, 200])
def test_a_matrix_of_zeros_leaves_the_time_alone(n: int) -> None:
    b = columns(n, 2)
    made = flow(np.zeros((n, n)), 3.0)
    np.testing.assert_allclose(made.on(b).product(3.0), 3.0 * b, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(made.on(b).decay(3.0), b, rtol=1e-12, atol=1e-14)


def test_equal_rows_are_no_trouble() -> None:
    rows = np.repeat(np.random.default_rng(0).normal(size=(100, 3)), 12, axis=0)
    matrix, b = rows @ rows.T, columns(1200, 3)
    expected = by_eigh(matrix, b, relaxation, 0.1)
    error = size(flow(matrix, 0.1).on(b).product(0.1) - expected)
    assert np.all(error <= 1e-10 * size(expected))


def test_times_too_long_for_many_large_eigenvalues_do_not_converge() -> None:
    with pytest.raises(ConvergenceError, match="many large eigenvalues"):
        flow(np.diag(np.linspace(1, 0.5, 1500)), 1e7)


def test_eigenvalues_beyond_the_bound_are_noticed() -> None:
    made = flow(symmetric(FALLING), 0.05, count=1000)
    object.__setattr__(made.deflation, "bound", 2.0)
    with pytest.raises(ConvergenceError, match="beyond"):
        made.on(columns(len(FALLING), 2)).product(50.0)


@pytest.mark.parametrize("full", [False, True])
def test_quadratic_forms_are_those_of_eigenvectors(full: bool) -> None:
    matrix, b = symmetric(FALLING), columns(len(FALLING), 4)
    found = flow(matrix, 0.02).on(b).quadratic(0.04, full=full)
    expected = b.T @ by_eigh(matrix, b, relaxation, 0.04)
    np.testing.assert_allclose(found, expected if full else expected.diagonal(), rtol=1e-9, atol=1e-12)


@pytest.fixture(scope="module")
def spectral_flow() -> Flow:
    """By all eigenvectors, with a ridge of 0.1."""
    found = flow_of(symmetric(FALLING), "eigh", [0.05], ridge=0.1, block_rows=500)
    assert isinstance(found, SpectralFlow)
    return found


@pytest.mark.parametrize("time", [1e-3, 0.05, 1.0])
def test_rows_are_left_out_as_with_eigenvectors(spectral_flow: Flow, time: float) -> None:
    matrix, y = symmetric(FALLING), columns(len(FALLING), 2)
    rows = np.array([0, 7, 900])
    expected = leave_one_out(spectral_flow, y, rows, time)
    found = leave_one_out(flow(matrix, time, 0.1), y, rows, time)
    np.testing.assert_allclose(found.residual, expected.residual, rtol=1e-8)
    np.testing.assert_allclose(found.variance, expected.variance, rtol=1e-8)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_matrix_stays_as_it_was(dtype: npt.DTypeLike) -> None:
    matrix = symmetric(FALLING).astype(dtype)
    before, b = matrix.copy(), columns(len(FALLING), 2)
    found = flow(matrix, 0.05, tolerance=1e-4).on(b).product(0.05)
    expected = by_eigh(matrix.astype(np.float64), b, relaxation, 0.05)
    assert np.all(size(found - expected) <= 1e-3 * size(expected))
    assert np.array_equal(matrix, before)
