import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.linalg.pivoted_cholesky import (
    FEWEST_COLUMNS,
    MOST_COLUMNS,
    LowRank,
    randomly_pivoted_cholesky,
    usual_rank,
)

from .matrices import BLOCK, SPECTRA, every_spectrum, in_blocks, positive_definite, symmetric

EPS = float(np.finfo(np.float64).eps)
sizes = st.integers(1, 60)
seeds = st.integers(0, 999)


def approximate(matrix: FloatArray, rank: int, seed: int = 0) -> LowRank:
    return randomly_pivoted_cholesky(in_blocks(matrix, BLOCK), rank, seed)


def left_of(matrix: FloatArray, low_rank: LowRank) -> FloatArray:
    return np.asarray(matrix.astype(np.float64) - low_rank.factor @ low_rank.factor.T)


def gaussian_kernel(x: FloatArray, width: float = 1.0) -> FloatArray:
    """Its eigenvalues fall faster than any power."""
    return np.asarray(np.exp(-np.square(x[:, None] - x).sum(axis=2) / (2 * width**2)))


@every_spectrum
@settings(max_examples=15)
@given(n=sizes, share=st.floats(0, 1), seed=seeds)
def test_the_approximation_is_below_the_matrix_and_tells_the_trace_it_leaves(
    spectrum: str, n: int, share: float, seed: int
) -> None:
    matrix = symmetric(SPECTRA[spectrum](n), seed)
    low_rank = approximate(matrix, max(1, round(share * n)), seed)
    left = left_of(matrix, low_rank)
    assert np.linalg.eigvalsh(left)[0] >= -1e3 * EPS
    assert low_rank.left == pytest.approx(np.trace(left), abs=1e3 * n * EPS)
    assert low_rank.left >= 0


@given(n=sizes, rank=st.integers(1, 70), seed=seeds)
def test_chosen_rows_are_exact_and_each_is_another(n: int, rank: int, seed: int) -> None:
    """F F^T interpolates M in the rows and columns of the pivots."""
    matrix = positive_definite(n)
    low_rank = approximate(matrix, rank, seed)
    assert low_rank.rank == len(low_rank.pivots) == len(set(low_rank.pivots.tolist())) == min(n, rank)
    np.testing.assert_allclose(left_of(matrix, low_rank)[low_rank.pivots], 0, atol=1e-12)


@given(n=sizes, rank=st.integers(1, 70), seed=seeds)
def test_the_factor_is_the_partial_cholesky_factor_of_its_pivots(n: int, rank: int, seed: int) -> None:
    matrix = positive_definite(n)
    low_rank = approximate(matrix, rank, seed)
    pivots = low_rank.pivots
    lower = np.linalg.cholesky(matrix[np.ix_(pivots, pivots)])
    np.testing.assert_allclose(low_rank.factor[pivots], lower, atol=1e-12)
    np.testing.assert_allclose(low_rank.factor @ lower.T, matrix[:, pivots], atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(5))
def test_copies_of_a_row_are_never_chosen_twice(dtype: npt.DTypeLike, seed: int) -> None:
    distinct = positive_definite(12, seed=3, dtype=dtype)
    copied = np.random.default_rng(seed).permutation(np.repeat(np.arange(12), 5))
    low_rank = approximate(distinct[np.ix_(copied, copied)], 60, seed)
    assert sorted(copied[low_rank.pivots].tolist()) == [*range(12)]
    assert low_rank.left == 0


@settings(max_examples=25)
@given(n=sizes, rank=st.integers(1, 8), seed=seeds)
def test_the_rank_is_at_most_that_of_the_matrix(n: int, rank: int, seed: int) -> None:
    factor = np.random.default_rng(seed).normal(size=(n, rank))
    matrix = factor @ factor.T
    low_rank = approximate(matrix, n, seed)
    assert low_rank.rank <= min(n, rank)
    assert np.abs(left_of(matrix, low_rank)).max() <= 1e-10 * np.abs(matrix).max()


@pytest.mark.parametrize(("dtype", "level"), [(np.float64, 1e-12), (np.float32, 1e-4)])
@pytest.mark.parametrize("width", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_pivots_end_where_rounding_begins(
    dtype: npt.DTypeLike, level: float, width: float, seed: int
) -> None:
    """Further columns would be noise, of any size: in float32 the matrix has negative eigenvalues."""
    x = np.random.default_rng(seed).normal(size=(150, 1))
    matrix = gaussian_kernel(x, width).astype(dtype)
    low_rank = approximate(matrix, 150, seed)
    assert low_rank.rank < 75
    assert low_rank.left == 0
    left = np.linalg.eigvalsh(left_of(matrix, low_rank))
    assert np.abs(left).max() <= 10 * level
    assert np.square(low_rank.factor).sum(axis=1).max() <= 1 + level


@settings(max_examples=20)
@given(seed=seeds, scale=st.sampled_from([1e-200, 1e-80, 1e80, 1e200]))
def test_the_scale_of_the_matrix_does_not_matter(seed: int, scale: float) -> None:
    matrix = symmetric(SPECTRA["condition 1e4"](30), seed)
    one, scaled = approximate(matrix, 20, seed), approximate(scale * matrix, 20, seed)
    assert np.array_equal(scaled.pivots, one.pivots)
    assert scaled.left == pytest.approx(scale * one.left, rel=1e-9)


def test_a_zero_matrix_has_no_rows_to_choose() -> None:
    low_rank = approximate(np.zeros((9, 9)), 5)
    assert (low_rank.rank, low_rank.left, low_rank.factor.shape) == (0, 0.0, (9, 0))


def test_rows_without_mass_are_never_chosen() -> None:
    mass = np.where(np.arange(40) % 4 == 1, 1.0 + np.arange(40), 0.0)
    low_rank = approximate(np.diag(mass), 40)
    assert sorted(low_rank.pivots.tolist()) == np.flatnonzero(mass).tolist()
    assert low_rank.left == 0


def test_the_first_row_is_drawn_by_the_diagonal() -> None:
    diagonal = np.array([1.0, 2.0, 3.0, 4.0])
    matrix = np.diag(diagonal) + 0.5 * (1 - np.eye(4))
    first = [approximate(matrix, 1, seed).pivots[0] for seed in range(300)]
    counts = np.bincount(first, minlength=4)
    expected = 300 * diagonal / diagonal.sum()
    # Chi squared with 3 degrees of freedom: above 16 once in a thousand.
    assert np.sum((counts - expected) ** 2 / expected) < 16


def test_the_second_row_is_drawn_by_what_the_first_leaves() -> None:
    """Proposals that are made at once are chosen as if each were drawn alone."""
    matrix = np.array([[2.0, 1.9, 0.0], [1.9, 2.0, 0.0], [0.0, 0.0, 1.0]])
    pairs = [tuple(approximate(matrix, 2, seed).pivots) for seed in range(300)]
    expected = np.zeros((3, 3))
    for i in range(3):
        left = np.maximum(matrix.diagonal() - matrix[i] ** 2 / matrix[i, i], 0)
        expected[i] = 300 * matrix[i, i] / np.trace(matrix) * left / left.sum()
    counts = np.array([[pairs.count((i, j)) for j in range(3)] for i in range(3)])
    possible = expected > 0
    assert not counts[~possible].any()
    # 5 degrees of freedom: above 20 once in a thousand.
    assert np.sum((counts - expected)[possible] ** 2 / expected[possible]) < 20


@pytest.mark.parametrize("rank", [4, 8, 16])
def test_a_few_columns_take_most_of_a_matrix_whose_eigenvalues_fall(rank: int) -> None:
    """On the average no more than twice the best of half the rank leaves, plus a little (theorem 5.1)."""
    eigenvalues = 0.5 ** np.arange(80)
    matrix = symmetric(eigenvalues)
    left = np.mean([approximate(matrix, rank, seed).left for seed in range(20)])
    assert eigenvalues[rank:].sum() <= left <= 2 * eigenvalues[rank // 2 :].sum()


def test_the_same_seed_gives_the_same_bits_and_another_gives_others() -> None:
    matrix = positive_definite(40)
    one, again, other = (approximate(matrix, 10, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.factor, again.factor)
    assert not np.array_equal(one.pivots, other.pivots)


def test_the_usual_rank_grows_with_the_rows_between_limits() -> None:
    ranks = [usual_rank(n) for n in (1, 30, 1000, 10_000, 60_000, 10**6)]
    assert ranks == [1, 30, 83, 833, MOST_COLUMNS, MOST_COLUMNS]
    assert FEWEST_COLUMNS <= MOST_COLUMNS
