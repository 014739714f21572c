import tracemalloc
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.singular import SingularMatrixError

from .matrices import (
    BLOCK,
    around_multiples,
    block_lengths,
    fill,
    in_blocks,
    lower_triangle,
    positive_definite,
    sizes,
)

both_types = pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-13), (np.float32, 1e-5)])


@around_multiples
@both_types
def test_the_factor_is_lapacks(n: int, dtype: npt.DTypeLike, rtol: float) -> None:
    matrix = positive_definite(n, dtype=dtype)
    blocks = in_blocks(matrix, BLOCK)
    Cholesky(blocks)
    np.testing.assert_allclose(lower_triangle(blocks), np.linalg.cholesky(matrix), rtol=rtol, atol=rtol)


@given(n=sizes, block_rows=block_lengths, seed=st.integers(0, 99))
def test_the_factor_times_its_transpose_is_the_matrix(n: int, block_rows: int, seed: int) -> None:
    matrix = positive_definite(n, seed)
    blocks = in_blocks(matrix, block_rows)
    Cholesky(blocks)
    factor = lower_triangle(blocks)
    np.testing.assert_allclose(factor @ factor.T, matrix, rtol=1e-12, atol=1e-12)


@around_multiples
@both_types
def test_the_factor_takes_the_place_of_the_matrix(n: int, dtype: npt.DTypeLike, rtol: float) -> None:
    matrix = positive_definite(n, dtype=dtype)
    blocks = in_blocks(matrix, BLOCK)
    keys = [(i, j) for i in range(len(blocks.spans)) for j in range(i + 1)]
    before = {key: blocks[key] for key in keys}
    Cholesky(blocks)
    factor = np.linalg.cholesky(matrix)
    for i, j in keys:
        expected = factor[blocks.spans[i], blocks.spans[j]]
        held = np.tril(before[i, j]) if i == j else before[i, j]
        assert np.shares_memory(before[i, j], blocks[i, j])
        np.testing.assert_allclose(held, expected, rtol=rtol, atol=rtol)


def test_the_factor_is_written_where_the_matrix_was_allocated() -> None:
    memory = np.empty(0)

    def allocate(size: int, dtype: np.dtype[Any]) -> FloatArray:
        nonlocal memory
        memory = np.zeros(size, dtype)
        return memory

    matrix = positive_definite(17)
    blocks = SymmetricBlocks(17, block_rows=BLOCK, allocate=allocate)
    fill(blocks, matrix)
    Cholesky(blocks)
    corner = blocks.spans[-1]
    last = memory[-((corner.stop - corner.start) ** 2) :].reshape(corner.stop - corner.start, -1, order="F")
    np.testing.assert_allclose(np.tril(last), np.linalg.cholesky(matrix)[corner, corner], rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_factorisation_copies_no_block(dtype: npt.DTypeLike) -> None:
    blocks = in_blocks(positive_definite(300, dtype=dtype), 100)
    tracemalloc.start()
    Cholesky(blocks)
    allocated = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert allocated < blocks[0, 0].nbytes / 2


@around_multiples
@both_types
def test_solve_is_lapacks(n: int, dtype: npt.DTypeLike, rtol: float) -> None:
    matrix = positive_definite(n, dtype=dtype)
    b = np.random.default_rng(1).normal(size=(n, 3)).astype(dtype)
    x = Cholesky(in_blocks(matrix, BLOCK)).solve(b)
    assert x.dtype == dtype
    np.testing.assert_allclose(x, np.linalg.solve(matrix, b), rtol=10 * rtol, atol=10 * rtol)


@around_multiples
@both_types
def test_the_inverse_is_what_a_solve_makes_of_the_identity(n: int, dtype: npt.DTypeLike, rtol: float) -> None:
    matrix = positive_definite(n, dtype=dtype)
    for block_rows in (BLOCK, n):
        factor = Cholesky(in_blocks(matrix, block_rows))
        lower = lower_triangle(factor.lower)
        found = factor.inverse()
        np.testing.assert_allclose(found, factor.solve(np.eye(n)), rtol=10 * rtol, atol=10 * rtol)
        np.testing.assert_array_equal(lower_triangle(factor.lower), lower)


@given(n=sizes, block_rows=block_lengths, columns=st.integers(1, 5))
def test_half_solve_inverts_the_factor(n: int, block_rows: int, columns: int) -> None:
    matrix = positive_definite(n)
    b = np.random.default_rng(1).normal(size=(n, columns))
    half = Cholesky(in_blocks(matrix, block_rows)).half_solve(b)
    np.testing.assert_allclose(np.linalg.cholesky(matrix) @ half, b, rtol=1e-12, atol=1e-12)


@around_multiples
@both_types
def test_the_two_half_solves_are_the_solve(n: int, dtype: npt.DTypeLike, rtol: float) -> None:
    factor = Cholesky(in_blocks(positive_definite(n, dtype=dtype), BLOCK))
    b = np.random.default_rng(1).normal(size=(n, 3)).astype(dtype)
    halves = factor.half_solve_transposed(factor.half_solve(b))
    assert halves.dtype == dtype
    np.testing.assert_allclose(halves, factor.solve(b), rtol=rtol, atol=rtol)


@given(n=sizes, block_rows=block_lengths, columns=st.integers(1, 5))
def test_the_transposed_half_solve_inverts_the_transposed_factor(
    n: int, block_rows: int, columns: int
) -> None:
    matrix = positive_definite(n)
    b = np.random.default_rng(1).normal(size=(n, columns))
    half = Cholesky(in_blocks(matrix, block_rows)).half_solve_transposed(b)
    np.testing.assert_allclose(np.linalg.cholesky(matrix).T @ half, b, rtol=1e-12, atol=1e-12)


def test_solves_leave_the_right_hand_side_alone() -> None:
    factor, b = Cholesky(in_blocks(positive_definite(17), BLOCK)), np.ones((17, 2), order="F")
    factor.solve(b)
    factor.half_solve(b)
    factor.half_solve_transposed(b)
    assert np.all(b == 1.0)


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1.0, 1e30, 1e200])
def test_the_units_of_the_matrix_do_not_make_it_singular(scale: float) -> None:
    matrix, b = positive_definite(17), np.ones((17, 1))
    x = Cholesky(in_blocks(scale * matrix, BLOCK)).solve(b)
    np.testing.assert_allclose(x * scale, np.linalg.solve(matrix, b), rtol=1e-12)


def test_an_ill_conditioned_matrix_is_still_factored() -> None:
    hilbert = 1 / (np.add.outer(np.arange(8), np.arange(8)) + 1.0)
    b = hilbert @ np.ones((8, 1))
    np.testing.assert_allclose(Cholesky(in_blocks(hilbert, 3)).solve(b), 1.0, rtol=1e-4)


@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 16), (3, 7), (7, 8), (8, 15), (2, 12)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_second_of_two_equal_rows_is_named(first: int, second: int, dtype: npt.DTypeLike) -> None:
    rows = np.arange(17)
    rows[second] = first
    matrix = positive_definite(17, dtype=dtype)[np.ix_(rows, rows)]
    with pytest.raises(SingularMatrixError) as caught:
        Cholesky(in_blocks(matrix, BLOCK))
    assert caught.value.row == second
    assert abs(caught.value.value) < 20 * np.finfo(dtype).eps


@pytest.mark.parametrize("row", [0, 5, 7, 8, 13, 16])
def test_the_row_of_a_negative_pivot_is_named_with_its_value(row: int) -> None:
    matrix = np.eye(17)
    matrix[row, row] = -0.5
    with pytest.raises(SingularMatrixError) as caught:
        Cholesky(in_blocks(matrix, BLOCK))
    assert (caught.value.row, caught.value.value) == (row, -0.5)


@given(row=st.integers(0, 16), seed=st.integers(0, 99))
def test_a_row_that_is_a_combination_of_those_before_it_is_named(row: int, seed: int) -> None:
    features = np.random.default_rng(seed).normal(size=(17, 20))
    features[row] = 0.3 * features[:row].sum(axis=0)
    with pytest.raises(SingularMatrixError) as caught:
        Cholesky(in_blocks(features @ features.T, BLOCK))
    assert caught.value.row == row


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_matrix_without_a_positive_diagonal_is_singular(value: float) -> None:
    with pytest.raises(SingularMatrixError) as caught:
        Cholesky(in_blocks(np.array([[value]]), BLOCK))
    assert (caught.value.row, caught.value.value) == (0, value)


@around_multiples
def test_the_smallest_pivot_is_the_least_variance_that_earlier_rows_leave(n: int) -> None:
    matrix = positive_definite(n)
    smallest = np.min(np.linalg.cholesky(matrix).diagonal()) ** 2
    assert Cholesky(in_blocks(matrix, BLOCK)).smallest_pivot == pytest.approx(smallest, rel=1e-12)


@around_multiples
def test_progress_adds_up_to_the_blocks(n: int) -> None:
    blocks, steps = in_blocks(positive_definite(n), BLOCK), [0]
    Cholesky(blocks, steps.append)
    assert sum(steps) == blocks.block_count
