import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.inference.sampling import draw

from .spectra import SPECTRA, every_spectrum, symmetric

M, K = 6, 2
MEAN = np.random.default_rng(0).normal(size=(M, K))
COVARIANCE = symmetric(SPECTRA["condition 1e4"](M))


def test_the_draws_have_the_mean_and_the_covariance() -> None:
    """Within five standard errors; outputs have nothing to do with each other."""
    count = 40_000
    draws = draw(MEAN, COVARIANCE, count, 0)
    assert draws.shape == (count, M, K)
    flat = draws.reshape(count, M * K)
    expected = np.kron(COVARIANCE, np.eye(K))
    scale = np.sqrt(expected.diagonal())
    assert np.all(np.abs(flat.mean(axis=0) - MEAN.ravel()) <= 5 * scale / np.sqrt(count))
    found = np.cov(flat, rowvar=False)
    assert np.all(np.abs(found - expected) <= 5 * np.sqrt(2 / count) * np.outer(scale, scale))


@every_spectrum
def test_they_are_linear_in_draws_whose_covariance_is_exact(spectrum: str) -> None:
    """Of the root of the covariance that normal numbers are multiplied with: its square."""
    covariance, count = symmetric(SPECTRA[spectrum](M)), 3
    normal = np.random.default_rng(7).standard_normal((M * count, K, M))
    draws = draw(MEAN, covariance, M * count, 7) - MEAN
    root = np.linalg.lstsq(normal.reshape(-1, M), draws.transpose(0, 2, 1).reshape(-1, M), rcond=None)[0].T
    np.testing.assert_allclose(root @ root.T, covariance, atol=1e-14)


@given(count=st.integers(1, 20), more=st.integers(1, 20), outputs=st.integers(1, 3))
def test_the_first_draws_are_the_same_for_any_count(count: int, more: int, outputs: int) -> None:
    mean = np.zeros((M, outputs))
    few, many = draw(mean, COVARIANCE, count, 3), draw(mean, COVARIANCE, count + more, 3)
    assert np.array_equal(many[:count], few)


def test_a_seed_stands_for_its_draws() -> None:
    one, again, other = (draw(MEAN, COVARIANCE, 4, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.any(one == other)


def test_without_covariance_the_mean_is_drawn() -> None:
    assert np.array_equal(draw(MEAN, np.zeros((M, M)), 5, 0), np.tile(MEAN, (5, 1, 1)))


def twice(covariance: FloatArray) -> FloatArray:
    """With the first rows once more at the end."""
    rows = [*range(M), *range(M)]
    return covariance[np.ix_(rows, rows)]


@pytest.mark.parametrize("spectrum", ["identity", "condition 1e4", "singular", "one huge"])
@given(seed=st.integers(0, 20))
def test_the_same_row_twice_has_the_same_draws(spectrum: str, seed: int) -> None:
    covariance = twice(symmetric(SPECTRA[spectrum](M), seed))
    draws = draw(np.tile(MEAN, (2, 1)), covariance, 10, seed)
    np.testing.assert_allclose(draws[:, :M], draws[:, M:], atol=1e-9)


def test_a_covariance_that_rounding_made_indefinite_is_taken_for_singular() -> None:
    covariance = symmetric(np.array([1.0, 0.5, 0.1, 0.0, -1e-17, -1e-16]))
    draws = draw(np.zeros((M, K)), covariance, 1000, 0)
    assert np.linalg.matrix_rank(draws.transpose(0, 2, 1).reshape(-1, M), tol=1e-9) == 3


def test_the_covariance_is_left_as_it_is() -> None:
    covariance = np.asfortranarray(COVARIANCE)
    draw(MEAN, covariance, 2, 0)
    assert np.array_equal(covariance, COVARIANCE)
