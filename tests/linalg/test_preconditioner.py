import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.linalg.pivoted_cholesky import LowRank, randomly_pivoted_cholesky
from ntkcli.linalg.preconditioner import Preconditioner

from .matrices import BLOCK, SPECTRA, every_spectrum, in_blocks, symmetric

sizes = st.integers(1, 40)
seeds = st.integers(0, 999)


def low_rank_of(factor: FloatArray) -> LowRank:
    """A copy, as its memory is used up."""
    return LowRank(np.array(factor, order="F"), np.arange(factor.shape[1]), 0.0)


def root(made: Preconditioner, n: int) -> FloatArray:
    """P^(-1/2) itself."""
    return made.half_solve(np.eye(n))


@given(n=sizes, rank=st.integers(0, 40), seed=seeds, exponent=st.floats(-6, 3))
def test_it_is_the_inverse_root_of_the_low_rank_matrix_with_the_shift(
    n: int, rank: int, seed: int, exponent: float
) -> None:
    factor = np.random.default_rng(seed).normal(size=(n, min(n, rank)))
    shift = 10.0**exponent
    inverse_root = root(Preconditioner.of(low_rank_of(factor), shift), n)
    whole = factor @ factor.T + shift * np.eye(n)
    condition = 1 + np.linalg.norm(factor, 2) ** 2 / shift
    np.testing.assert_allclose(inverse_root @ whole @ inverse_root, np.eye(n), atol=1e-13 * condition)
    np.testing.assert_allclose(inverse_root, inverse_root.T, atol=1e-12 / np.sqrt(shift))


@given(n=sizes, seed=seeds, exponent=st.floats(-6, 3))
def test_without_columns_it_is_the_shift(n: int, seed: int, exponent: float) -> None:
    shift, v = 10.0**exponent, np.random.default_rng(seed).normal(size=(n, 3))
    made = Preconditioner.of(low_rank_of(np.empty((n, 0))), shift)
    np.testing.assert_allclose(made.half_solve(v), v / np.sqrt(shift), rtol=1e-14)


@every_spectrum
@pytest.mark.parametrize("shift", [1.0, 1e-6, 1e-12])
def test_directions_far_above_the_shift_are_taken_out(spectrum: str, shift: float) -> None:
    matrix = symmetric(SPECTRA[spectrum](30))
    low_rank = randomly_pivoted_cholesky(in_blocks(matrix, BLOCK), 10)
    factor = low_rank.factor.copy()
    inverse_root = root(Preconditioner.of(low_rank, shift), 30)
    inside = inverse_root @ (factor @ factor.T + shift * np.eye(30)) @ inverse_root
    values = np.linalg.eigvalsh((inside + inside.T) / 2)
    np.testing.assert_allclose(values, 1, atol=1e-13 * (1 + float(np.linalg.norm(factor, 2)) ** 2 / shift))


def test_columns_that_repeat_others_do_no_harm() -> None:
    factor = np.random.default_rng(0).normal(size=(20, 3))
    made = Preconditioner.of(low_rank_of(np.hstack([factor, 2 * factor, 0 * factor])), 0.1)
    whole = 5 * factor @ factor.T + 0.1 * np.eye(20)
    np.testing.assert_allclose(root(made, 20) @ whole @ root(made, 20), np.eye(20), atol=1e-10)


@pytest.mark.parametrize("scale", [1e-150, 1e-80, 1e80, 1e150])
def test_only_the_ratio_of_matrix_and_shift_counts(scale: float) -> None:
    factor, v = np.random.default_rng(0).normal(size=(20, 5)), np.random.default_rng(1).normal(size=(20, 2))
    one = Preconditioner.of(low_rank_of(factor), 0.3)
    scaled = Preconditioner.of(low_rank_of(np.sqrt(scale) * factor), 0.3 * scale)
    np.testing.assert_allclose(np.sqrt(scale) * scaled.half_solve(v), one.half_solve(v), rtol=1e-10)


def test_in_float32_it_is_the_same_to_the_rounding_of_the_factor_in_the_same_memory() -> None:
    factor, v = np.random.default_rng(0).normal(size=(20, 5)), np.random.default_rng(1).normal(size=(20, 2))
    low_rank = low_rank_of(factor)
    single = Preconditioner.of(low_rank, 0.3, np.float32)
    assert single.factor.dtype == np.float32
    assert np.shares_memory(single.factor, low_rank.factor)
    np.testing.assert_array_equal(single.factor, factor.astype(np.float32))
    double = Preconditioner.of(low_rank_of(factor), 0.3).half_solve(v)
    np.testing.assert_allclose(single.half_solve(v), double, atol=1e-6 * np.abs(double).max())
