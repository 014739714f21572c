"""Whitened rows of a matrix have its entries as their products, as far as it has a rank."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import solve_triangular

from ntkcli.arrays import FloatArray
from ntkcli.errors import NumericalError
from ntkcli.linalg.whitening import Whitening

from .matrices import SPECTRA, every_spectrum, positive_definite, symmetric

EPS = float(np.finfo(np.float64).eps)


def some_rows(count: int, columns: int, seed: int = 1) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(count, columns))


@pytest.mark.parametrize("n", [1, 7, 24])
def test_coordinates_are_those_that_the_cholesky_factor_is_solved_for(n: int) -> None:
    matrix, values = positive_definite(n), some_rows(5, n)
    whitening = Whitening.of(matrix)
    assert whitening.order.tolist() == [*range(n)]
    lower = np.linalg.cholesky(matrix)
    np.testing.assert_allclose(whitening.inverse @ lower, np.eye(n), atol=1e-12)
    expected = solve_triangular(lower, values.T, lower=True).T
    np.testing.assert_allclose(whitening.apply(values), expected, rtol=1e-12, atol=1e-13)


@every_spectrum
@settings(max_examples=15)
@given(n=st.integers(1, 40), seed=st.integers(0, 999))
def test_products_of_the_coordinates_are_the_matrix(spectrum: str, n: int, seed: int) -> None:
    """However near it is to singular: what has no coordinate is rounding."""
    matrix = symmetric(SPECTRA[spectrum](n), seed)
    coordinates = Whitening.of(matrix).apply(matrix.copy())
    # Rounding of the matrix grows by no more than the condition of L, 1 / sqrt(EPS) of the largest entry.
    tolerance = 1e3 * EPS if np.linalg.cond(matrix) < 1e5 else 1e3 * np.sqrt(EPS)
    np.testing.assert_allclose(coordinates @ coordinates.T, matrix, atol=tolerance)


@settings(max_examples=25)
@given(rank=st.integers(1, 8), copies=st.integers(1, 4), seed=st.integers(0, 999))
def test_rows_that_depend_on_others_have_no_coordinate(rank: int, copies: int, seed: int) -> None:
    distinct = positive_definite(rank, seed)
    rows = np.random.default_rng(seed).permutation(np.repeat(np.arange(rank), copies))
    matrix = distinct[np.ix_(rows, rows)]
    whitening = Whitening.of(matrix)
    assert (whitening.rows, whitening.rank) == (rank * copies, rank)
    assert sorted(rows[whitening.order].tolist()) == [*range(rank)]
    coordinates = whitening.apply(matrix.copy())
    np.testing.assert_allclose(coordinates @ coordinates.T, matrix, atol=1e-12)


def test_rows_of_zeros_have_no_coordinate() -> None:
    matrix = np.zeros((6, 6))
    matrix[np.ix_([1, 2, 4], [1, 2, 4])] = positive_definite(3)
    assert sorted(Whitening.of(matrix).order.tolist()) == [1, 2, 4]


@pytest.mark.parametrize("scale", [1e-200, 1e-80, 1e80, 1e200])
def test_the_scale_of_the_matrix_does_not_matter(scale: float) -> None:
    matrix = symmetric(SPECTRA["condition 1e4"](20))
    one, scaled = Whitening.of(matrix), Whitening.of(scale * matrix)
    assert np.array_equal(scaled.order, one.order)
    np.testing.assert_allclose(scaled.inverse, one.inverse / np.sqrt(scale), rtol=1e-9)


@pytest.mark.parametrize("spectrum", ["even", "singular"])
def test_what_follows_is_one_map_with_the_whitening(spectrum: str) -> None:
    whitening = Whitening.of(symmetric(SPECTRA[spectrum](18)))
    values, after = some_rows(5, 18), some_rows(whitening.rank, 3, seed=2)
    both = whitening.followed_by(after)
    assert both.shape == (18, 3)
    np.testing.assert_allclose(values @ both, whitening.apply(values.copy()) @ after, rtol=1e-10, atol=1e-10)


def test_the_matrix_and_what_follows_are_not_touched() -> None:
    matrix, after = (np.asfortranarray(positive_definite(9, seed)) for seed in (1, 2))
    before, kept = matrix.copy(), after.copy()
    Whitening.of(matrix).followed_by(after)
    assert np.array_equal(matrix, before)
    assert np.array_equal(after, kept)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_kernel_that_is_zero_has_no_coordinates_and_says_what_to_do(rows: int) -> None:
    with pytest.raises(NumericalError, match=r"every centre is 0: give network\.sigma_b"):
        Whitening.of(np.zeros((rows, rows)))
