import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.linalg.probes import COUNT, Probes

from .matrices import BLOCK, SPECTRA, every_spectrum, in_blocks, positive_definite, sizes, symmetric

EPS = float(np.finfo(np.float64).eps)

seeds = st.integers(0, 999)
rows = st.integers(2, 60)


def probes_of(matrix: FloatArray) -> Probes:
    return Probes(in_blocks(matrix, BLOCK))


def smoother(spectrum: str, n: int, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """M, F = (M + I / 4)^{-1}, and the eigenvalues of M F, all below 1."""
    eigenvalues = SPECTRA[spectrum](n)
    matrix = symmetric(eigenvalues, seed)
    return matrix, np.linalg.inv(matrix + 0.25 * np.eye(n)), eigenvalues / (eigenvalues + 0.25)


@given(n=sizes)
def test_the_vectors_are_signs_and_the_same_for_every_matrix(n: int) -> None:
    vectors = probes_of(np.eye(n)).vectors
    assert vectors.shape == (n, COUNT)
    assert np.array_equal(np.abs(vectors), np.ones((n, COUNT)))
    assert np.array_equal(vectors, probes_of(positive_definite(n)).vectors)


def test_the_vectors_are_fair_and_independent() -> None:
    """Z^T Z / n is the identity to 4 of its standard deviations, as is the mean of a column zero."""
    n = 2000
    vectors = probes_of(np.eye(n)).vectors
    assert np.all(np.abs(vectors.mean(axis=0)) < 4 / math.sqrt(n))
    np.testing.assert_allclose(vectors.T @ vectors / n, np.eye(COUNT), atol=4 / math.sqrt(n))


@given(n=sizes, seed=seeds)
def test_the_trace_of_a_diagonal_matrix_is_exact(n: int, seed: int) -> None:
    """Because the squares of signs are 1."""
    diagonal = np.random.default_rng(seed).uniform(0.1, 9, n)
    probes = probes_of(np.diag(diagonal))
    trace = probes.trace(probes.vectors / (diagonal[:, None] + 1))
    assert trace == pytest.approx(np.sum(diagonal / (diagonal + 1)), rel=1e-13)


@given(n=sizes)
def test_the_trace_of_an_interpolating_smoother_is_the_number_of_rows(n: int) -> None:
    matrix = positive_definite(n)
    probes = probes_of(matrix)
    assert probes.trace(np.linalg.solve(matrix, probes.vectors)) == pytest.approx(n, rel=1e-11)


@every_spectrum
@given(n=rows, seed=seeds)
def test_the_trace_is_within_five_standard_deviations(spectrum: str, n: int, seed: int) -> None:
    """Of the bound on the variance, 2 tr(M F) / COUNT, as the docstring has it."""
    matrix, function, eigenvalues = smoother(spectrum, n, seed)
    probes, trace = probes_of(matrix), float(eigenvalues.sum())
    error = probes.trace(function @ probes.vectors) - trace
    assert abs(error) <= 5 * math.sqrt(2 * trace / COUNT) + 1e-12


def test_the_trace_is_unbiased_and_as_sharp_as_it_says() -> None:
    """Over 300 rotations of one spectrum; the mean's own standard deviation is 1 / sqrt(300) of it."""
    n, errors = 12, []
    for seed in range(300):
        matrix, function, eigenvalues = smoother("even", n, seed)
        probes = probes_of(matrix)
        errors.append(probes.trace(function @ probes.vectors) - eigenvalues.sum())
    deviation = math.sqrt(2 * eigenvalues.sum() / COUNT)
    assert abs(np.mean(errors)) < 4 * deviation / math.sqrt(300)
    assert 0 < np.std(errors) < deviation


@every_spectrum
@given(n=rows, seed=seeds, outputs=st.integers(1, 3), ridge=st.sampled_from([0.0, 0.3]))
def test_an_exact_solution_has_no_residual(
    spectrum: str, n: int, seed: int, outputs: int, ridge: float
) -> None:
    matrix = symmetric(SPECTRA[spectrum](n), seed)
    x = np.random.default_rng([seed, 2]).normal(size=(n, outputs))
    residual = probes_of(matrix).residual(matrix @ x + ridge * x, x, ridge)
    # Sums of n products, each rounded.
    assert residual <= 4 * n * EPS * np.linalg.norm(x)


@given(n=sizes, outputs=st.integers(1, 3), ridge=st.sampled_from([0.0, 0.3]), seed=seeds)
def test_an_error_in_one_row_is_measured_exactly(n: int, outputs: int, ridge: float, seed: int) -> None:
    matrix, rng = positive_definite(n), np.random.default_rng(seed)
    x, b = rng.normal(size=(n, outputs)), np.zeros((n, outputs))
    b[seed % n, seed % outputs] = 0.7
    residual = probes_of(matrix).residual(matrix @ x + ridge * x + b, x, ridge)
    assert residual == pytest.approx(0.7, rel=1e-10)


def estimates_of_random_errors(n: int, outputs: int, count: int) -> FloatArray:
    """The estimate of |b - (M + ridge I) x| over what it is, for errors of random direction."""
    matrix, ridge = positive_definite(n), 0.3
    probes = probes_of(matrix)
    found = []
    for seed in range(count):
        x, error = np.random.default_rng(seed).normal(size=(2, n, outputs))
        estimate = probes.residual(matrix @ x + ridge * x + error, x, ridge)
        found.append(estimate / np.linalg.norm(error))
    return np.array(found)


@pytest.mark.parametrize("n", [3, 17, 100])
@pytest.mark.parametrize("outputs", [1, 3])
def test_random_errors_are_measured_within_a_factor_of_two_mostly(n: int, outputs: int) -> None:
    """The squares follow chi-square / COUNT: 2 % are beyond a factor of 2, 1 in 800 beyond 3."""
    ratios = estimates_of_random_errors(n, outputs, 200)
    assert np.mean((ratios > 1 / 2) & (ratios < 2)) > 0.93
    assert np.all((ratios > 1 / 4) & (ratios < 3))


def test_the_square_of_the_residual_is_unbiased() -> None:
    """To 4 standard deviations of the mean of 400: sqrt(2 / COUNT / 400) each."""
    ratios = estimates_of_random_errors(100, 1, 400)
    assert np.mean(ratios**2) == pytest.approx(1, abs=4 * math.sqrt(2 / COUNT / 400))


@every_spectrum
@given(n=rows, seed=seeds)
def test_the_largest_eigenvalue_is_estimated_from_below(spectrum: str, n: int, seed: int) -> None:
    """Mostly by more than a third of it: M z leans towards the largest."""
    largest = probes_of(symmetric(SPECTRA[spectrum](n), seed)).largest
    assert 0.3 <= largest <= 1 + 4 * n * EPS


@given(n=rows, seed=seeds)
def test_an_eigenvalue_that_dominates_is_found(n: int, seed: int) -> None:
    """The others, below 2e-7, add at most their share of squares to the quotient."""
    largest = probes_of(symmetric(SPECTRA["one huge"](n), seed)).largest
    assert largest == pytest.approx(1.0, rel=1e-8)


@pytest.mark.parametrize("spectrum", ["identity", "even", "condition 1e4", "one tiny"])
@given(n=rows, seed=seeds)
def test_the_smallest_eigenvalue_is_estimated_from_above(spectrum: str, n: int, seed: int) -> None:
    """To an order of magnitude: G^{-1} z leans towards the smallest, less so if others are near."""
    eigenvalues = SPECTRA[spectrum](n)
    matrix = symmetric(eigenvalues, seed)
    probes = probes_of(matrix)
    images = np.linalg.solve(matrix, probes.vectors)
    smallest, exact = probes.smallest(images), float(eigenvalues.min())
    # Rounding moves eigenvalues by some eps times the largest, which is 1.
    assert exact - 4 * n * EPS <= smallest <= 10 * exact


@given(n=rows, seed=seeds)
def test_an_eigenvalue_that_is_far_below_the_rest_is_found(n: int, seed: int) -> None:
    """The others weigh 1e-6 in the quotient, times what probes happen to share with them."""
    eigenvalues = np.where(np.arange(n), np.linspace(1, 2, n), 1e-6)
    matrix = symmetric(eigenvalues, seed)
    probes = probes_of(matrix)
    assert probes.smallest(np.linalg.solve(matrix, probes.vectors)) == pytest.approx(1e-6, rel=1e-3)


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e200])
def test_eigenvalues_are_estimated_in_any_unit(scale: float) -> None:
    matrix = positive_definite(17)
    one, scaled = probes_of(matrix), probes_of(scale * matrix)
    images = np.linalg.solve(matrix, one.vectors)
    assert scaled.largest / scale == pytest.approx(one.largest, rel=1e-13)
    assert scaled.smallest(images / scale) / scale == pytest.approx(one.smallest(images), rel=1e-13)


def test_a_zero_matrix_has_zero_for_everything() -> None:
    probes = probes_of(np.zeros((9, 9)))
    assert probes.largest == 0.0
    assert probes.trace(probes.vectors) == 0.0
    assert probes.residual(np.ones((9, 1)), np.ones((9, 1)), 1.0) == 0.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_estimates_outlive_the_matrix(dtype: npt.DTypeLike) -> None:
    """Its memory is overwritten by the factorisation before they are asked for."""
    matrix = positive_definite(17, dtype=dtype)
    blocks, untouched = in_blocks(matrix, BLOCK), probes_of(matrix)
    probes = Probes(blocks)
    for i in range(len(blocks.spans)):
        for j in range(i + 1):
            blocks[i, j].fill(np.nan)
    x = np.ones((17, 1))
    assert probes.residual(x, x, 0.1) == untouched.residual(x, x, 0.1)
    assert probes.trace(probes.vectors) == untouched.trace(probes.vectors)


def test_a_float32_matrix_has_the_eigenvalues_of_the_float64_one() -> None:
    matrix = positive_definite(17)
    single, double = probes_of(matrix.astype(np.float32)), probes_of(matrix)
    assert single.largest == pytest.approx(double.largest, rel=1e-5)
