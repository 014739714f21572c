"""Every solver against the truth: functions of the matrix in 50 digits, or by LAPACK's eigenvectors.

What float64 can know of them is limited. Rounding G itself, by eps times its largest eigenvalue L, moves
exp(-t G) by up to eps t L where t times an eigenvalue is around 1, and G^{-1} by eps times the condition
number. So the claim is: exact to 1e-9, or to a small multiple of that where that is more. It is made of

    F_t(G) b, the coefficients, relative to itself,
    G F_t(G) b, the predictions at the training rows, relative to b,
    exp(-t G) b, their residuals, relative to b.
"""

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import relaxation, survival

from .exact import ExactFlow, exact_flow, exactly, rounded
from .spectra import SPECTRA, Solver, columns, every_spectrum, flow_of, size, symmetric

INF = math.inf
EPS = float(np.finfo(np.float64).eps)
MULTIPLE = 10
# Lanczos stops at 1e-10.
EXACTNESS: dict[Solver, float] = {"lanczos": 1e-9, "eigh": 1e-13, "cholesky": 1e-13}

finite_solvers = pytest.mark.parametrize("solver", ["lanczos", "eigh"])
limit_solvers = pytest.mark.parametrize("solver", ["cholesky", "eigh"])
regular_spectra = pytest.mark.parametrize("spectrum", [name for name in SPECTRA if name != "singular"])

few_rows = st.integers(1, 8)
# t and the largest eigenvalue L: their product goes from 1e-10 to 1e12.
times = st.integers(-6, 8).map(lambda exponent: 10.0**exponent)
largest_eigenvalues = st.integers(-13, 13).map(lambda exponent: 2.0**exponent)


@cache
def example(spectrum: str, n: int) -> tuple[FloatArray, ExactFlow]:
    """A matrix with largest eigenvalue 1, and the truth about it."""
    matrix = symmetric(SPECTRA[spectrum](n))
    return matrix, exact_flow(matrix)


def errors(
    matrix: FloatArray, exact: ExactFlow, solver: Solver, time: float, b: FloatArray
) -> Iterator[tuple[str, float]]:
    """The largest error of any column, of coefficients, predictions, residuals and the quadratic form."""
    action, truth = flow_of(matrix, solver, [time]).on(b), exact.product(time, b)
    coefficients = rounded(truth)
    off = exactly(action.product(time)) - truth
    yield "coefficients", float(np.max(size(rounded(off)) / size(coefficients)))
    yield "predictions", float(np.max(size(rounded(exactly(matrix).dot(off))) / size(b)))
    yield "residuals", float(np.max(size(action.decay(time) - rounded(exact.decay(time, b))) / size(b)))
    forms, scale = b.T @ coefficients, np.outer(size(b), size(coefficients))
    yield "form", float(np.max(np.abs(action.quadratic(time, full=True) - forms) / scale))
    diagonal = action.quadratic(time, full=False) - forms.diagonal()
    yield "diagonal of the form", float(np.max(np.abs(diagonal) / scale.diagonal()))


@finite_solvers
@every_spectrum
@given(n=few_rows, time=times, largest=largest_eigenvalues)
def test_finite_times_are_exact(solver: Solver, spectrum: str, n: int, time: float, largest: float) -> None:
    matrix, exact = example(spectrum, n)
    limit = EXACTNESS[solver] + MULTIPLE * EPS * time * largest
    for name, error in errors(largest * matrix, exact.scaled(largest), solver, time, columns(n, 2)):
        assert error <= limit, name


@limit_solvers
@regular_spectra
@given(n=few_rows, largest=largest_eigenvalues)
def test_the_limit_is_exact(solver: Solver, spectrum: str, n: int, largest: float) -> None:
    matrix, exact = example(spectrum, n)
    limit = EXACTNESS[solver] + MULTIPLE * EPS * exact.condition
    for name, error in errors(largest * matrix, exact.scaled(largest), solver, INF, columns(n, 2)):
        assert error <= limit, name


@every_spectrum
@settings(max_examples=20)
@given(
    n=st.integers(9, 60),
    time=times,
    largest=largest_eigenvalues,
    ridge=st.sampled_from([0.0, 1e-8, 1e-2]),
    seed=st.integers(0, 99),
)
def test_lanczos_agrees_with_eigenvectors_on_larger_matrices(
    spectrum: str, n: int, time: float, largest: float, ridge: float, seed: int
) -> None:
    matrix, b = largest * symmetric(SPECTRA[spectrum](n), seed), columns(n, 2, seed)
    flow = flow_of(matrix, "lanczos", [time], ridge=ridge * largest).on(b)
    found, vectors = np.linalg.eigh(matrix)
    eigenvalues = np.maximum(found, 0.0) + ridge * largest
    rotated = vectors.T @ b
    truth = vectors @ (relaxation(eigenvalues, time)[:, None] * rotated)
    left = vectors @ (survival(eigenvalues, time)[:, None] * rotated)
    limit = EXACTNESS["lanczos"] + MULTIPLE * EPS * time * largest
    off = flow.product(time) - truth
    assert np.all(size(off) <= limit * size(truth))
    assert np.all(size(matrix @ off + ridge * largest * off) <= limit * size(b))
    assert np.all(size(flow.decay(time) - left) <= limit * size(b))


@every_spectrum
def test_every_time_of_one_eigendecomposition_is_exact(spectrum: str) -> None:
    matrix, exact = example(spectrum, 8)
    times, b = [1e-6, 1e-2, 1.0, 1e3, 1e8], columns(8, 2)
    action = flow_of(matrix, "eigh", times).on(b)
    for time in times:
        truth = rounded(exact.product(time, b))
        limit = EXACTNESS["eigh"] + MULTIPLE * EPS * time
        assert np.all(size(action.product(time) - truth) <= limit * size(truth))


@pytest.mark.parametrize("rank", [8, 75])
@pytest.mark.parametrize(
    ("dtype", "product"),
    [(np.float64, 10.0**p) for p in (6, 8, 9, 10, 12)] + [(np.float32, 10.0**p) for p in (3, 4, 6)],
)
def test_lanczos_converges_to_the_rounding_of_a_matrix_of_low_rank(
    rank: int, dtype: type[np.floating[Any]], product: float
) -> None:
    """In a null space of many rows every solve has its own error, of the order of eps t L.

    To be closer than that is neither possible nor asked for.
    """
    n, b = 150, columns(150, 2)
    features = np.random.default_rng(rank).normal(size=(n, rank))
    matrix = np.asarray(features @ features.T, dtype)
    found, vectors = np.linalg.eigh(matrix.astype(np.float64))
    eigenvalues, largest = np.maximum(found, 0.0), float(found[-1])
    time, eps = product / largest, float(np.finfo(dtype).eps)
    action = flow_of(matrix, "lanczos", [time], tolerance=1e-10 if dtype == np.float64 else 1e-5).on(b)
    limit = (1e-9 if dtype == np.float64 else 1e-4) + MULTIPLE * eps * product
    truth = vectors @ (relaxation(eigenvalues, time)[:, None] * (vectors.T @ b))
    assert np.all(size(action.product(time) - truth) <= limit * size(truth))
    left = vectors @ (survival(eigenvalues, time)[:, None] * (vectors.T @ b))
    assert np.all(size(action.decay(time) - left) <= limit * size(b))
