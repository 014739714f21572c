from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.linalg.blocks import BLOCK_ROWS, SymmetricBlocks, block_bytes, join

from .matrices import BLOCK, around_multiples, block_lengths, in_blocks, positive_definite, sizes

both_types = pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-13), (np.float32, 1e-5)])


def blocks_of(matrix: SymmetricBlocks) -> list[FloatArray]:
    return [matrix[i, j] for i in range(len(matrix.spans)) for j in range(i + 1)]


@given(n=sizes, block_rows=block_lengths)
def test_spans_cut_the_rows_into_even_blocks(n: int, block_rows: int) -> None:
    spans = SymmetricBlocks(n, block_rows=block_rows).spans
    lengths = [span.stop - span.start for span in spans]
    assert [i for span in spans for i in range(span.start, span.stop)] == [*range(n)]
    assert len(spans) == -(-n // block_rows)
    assert max(lengths) <= block_rows
    assert max(lengths) - min(lengths) <= 1


@around_multiples
def test_to_array_gives_back_the_matrix(n: int) -> None:
    matrix = positive_definite(n)
    array = in_blocks(matrix, BLOCK).to_array()
    assert np.array_equal(array, matrix)
    assert array.flags.f_contiguous


@given(n=sizes, block_rows=block_lengths)
def test_panels_are_the_rows_of_the_matrix(n: int, block_rows: int) -> None:
    matrix = positive_definite(n)
    blocks = in_blocks(matrix, block_rows)
    panels = list(blocks.panels())
    assert [len(panel) for panel in panels] == [span.stop - span.start for span in blocks.spans]
    assert np.array_equal(np.vstack(panels), matrix)


def test_reading_the_whole_leaves_the_blocks_alone() -> None:
    blocks = in_blocks(positive_definite(17), BLOCK)
    before = [block.copy() for block in blocks_of(blocks)]
    blocks.to_array().fill(0.0)
    for panel in blocks.panels():
        panel.fill(0.0)
    for block, copy in zip(blocks_of(blocks), before, strict=True):
        assert np.array_equal(block, copy, equal_nan=True)


@around_multiples
@both_types
def test_the_product_is_numpys(n: int, dtype: npt.DTypeLike, rtol: float) -> None:
    matrix = positive_definite(n, dtype=dtype)
    b = np.random.default_rng(1).normal(size=(n, 3)).astype(dtype)
    product = in_blocks(matrix, BLOCK).product(b)
    assert product.dtype == dtype
    # Relative to what the sums of n terms are made of.
    size = np.abs(matrix) @ np.abs(b)
    assert np.all(np.abs(product - matrix.astype(np.float64) @ b) <= rtol * size)


@given(n=sizes, block_rows=block_lengths, columns=st.integers(1, 5))
def test_the_product_does_not_depend_on_the_blocks(n: int, block_rows: int, columns: int) -> None:
    matrix = positive_definite(n)
    b = np.random.default_rng(1).normal(size=(n, columns))
    np.testing.assert_allclose(in_blocks(matrix, block_rows).product(b), matrix @ b, rtol=1e-12, atol=1e-12)


@given(n=sizes, block_rows=block_lengths)
def test_products_with_unit_vectors_are_the_matrix(n: int, block_rows: int) -> None:
    matrix = positive_definite(n)
    assert np.array_equal(in_blocks(matrix, block_rows).product(np.eye(n)), matrix)


@around_multiples
@both_types
def test_the_half_product_and_its_transpose_make_the_matrix(
    n: int, dtype: npt.DTypeLike, rtol: float
) -> None:
    matrix = positive_definite(n, dtype=dtype)
    half = in_blocks(matrix, BLOCK).half_product(np.eye(n, dtype=dtype))
    assert half.dtype == dtype
    np.testing.assert_allclose(half + half.T, matrix, rtol=rtol, atol=rtol)


@given(n=sizes, block_rows=block_lengths, columns=st.integers(1, 5))
def test_the_half_product_gives_quadratic_forms(n: int, block_rows: int, columns: int) -> None:
    matrix = positive_definite(n)
    b = np.random.default_rng(1).normal(size=(n, columns))
    half = b.T @ in_blocks(matrix, block_rows).half_product(b)
    np.testing.assert_allclose(half + half.T, b.T @ matrix @ b, rtol=1e-12, atol=1e-12)


@given(
    n=sizes,
    block_rows=block_lengths,
    rows=st.lists(st.integers(0, 39), max_size=12),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_columns_and_squares_are_those_of_the_matrix_in_float64(
    n: int, block_rows: int, rows: list[int], dtype: type[np.floating[Any]]
) -> None:
    """In any order, repeated or not, above the diagonal too."""
    matrix = positive_definite(n, dtype=dtype)
    blocks, indices = in_blocks(matrix, block_rows), np.array(rows, np.intp) % n
    columns, square = blocks.columns(indices), blocks.principal(indices)
    assert columns.dtype == square.dtype == np.float64
    assert np.array_equal(columns, matrix[:, indices])
    assert np.array_equal(square, matrix[np.ix_(indices, indices)])


def test_products_leave_their_operands_alone() -> None:
    matrix, b = positive_definite(17), np.asfortranarray(np.random.default_rng(1).normal(size=(17, 3)))
    blocks, copy = in_blocks(matrix, BLOCK), b.copy()
    blocks.product(b)
    blocks.half_product(b)
    assert np.array_equal(b, copy)
    assert np.array_equal(blocks.to_array(), matrix)


@around_multiples
def test_the_diagonal_is_a_copy(n: int) -> None:
    matrix = positive_definite(n)
    blocks = in_blocks(matrix, BLOCK)
    diagonal = blocks.diagonal
    assert np.array_equal(diagonal, matrix.diagonal())
    diagonal += 1.0
    assert np.array_equal(blocks.diagonal, matrix.diagonal())


@around_multiples
def test_adding_to_the_diagonal_changes_nothing_else(n: int) -> None:
    matrix = positive_definite(n)
    blocks = in_blocks(matrix, BLOCK)
    blocks.add_to_diagonal(0.25)
    assert np.array_equal(blocks.to_array(), matrix + 0.25 * np.eye(n))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_are_fortran_ordered_memory_of_the_matrix(dtype: npt.DTypeLike) -> None:
    blocks = SymmetricBlocks(17, dtype=dtype, block_rows=BLOCK)
    assert all(block.flags.f_contiguous and block.dtype == dtype for block in blocks_of(blocks))
    assert len(blocks_of(blocks)) == blocks.block_count == 6
    blocks[1, 0][2, 3] = 5.0
    assert blocks[1, 0][2, 3] == 5.0


@given(n=sizes, block_rows=block_lengths, dtype=st.sampled_from([np.float32, np.float64]))
def test_the_blocks_fill_the_one_array_that_is_allocated(
    n: int, block_rows: int, dtype: type[np.floating[Any]]
) -> None:
    made: list[FloatArray] = []

    def allocate(size: int, dtype: np.dtype[Any]) -> FloatArray:
        made.append(np.zeros(size, dtype))
        return made[-1]

    blocks = SymmetricBlocks(n, dtype=dtype, block_rows=block_rows, allocate=allocate)
    for block in blocks_of(blocks):
        block += 1
    (memory,) = made
    assert memory.dtype == blocks.dtype == dtype
    assert all(np.shares_memory(block, memory) for block in blocks_of(blocks))
    # Every number once: the blocks neither overlap nor leave a gap.
    assert np.array_equal(memory, np.ones_like(memory))


@around_multiples
def test_split_copies_the_rows_of_every_block(n: int) -> None:
    b = np.random.default_rng(0).normal(size=(n, 3))
    panels = SymmetricBlocks(n, dtype=np.float32, block_rows=BLOCK).split(b)
    assert all(panel.flags.f_contiguous and panel.dtype == np.float32 for panel in panels)
    assert not any(np.shares_memory(panel, b) for panel in panels)
    assert np.array_equal(np.vstack(panels), b.astype(np.float32))


@around_multiples
def test_joining_undoes_splitting_and_gives_the_panels_up(n: int) -> None:
    b = np.random.default_rng(0).normal(size=(n, 3))
    panels = SymmetricBlocks(n, block_rows=BLOCK).split(b)
    joined = join(panels)
    assert np.array_equal(joined, b)
    assert joined.flags.f_contiguous
    assert panels == []


@pytest.mark.parametrize("n", [1, 2047, 2048, 2049, 4096, 4099, 5000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_block_bytes_are_those_allocated(n: int, dtype: npt.DTypeLike) -> None:
    """To a few bytes: blocks that differ by a row take that much more than equal ones would."""
    blocks = SymmetricBlocks(n, dtype=dtype)
    allocated = sum(block.nbytes for block in blocks_of(blocks))
    excess = allocated - block_bytes(n, blocks.dtype.itemsize)
    assert 0 <= excess <= len(blocks.spans) * blocks.dtype.itemsize
    assert excess == 0 or n % -(-n // BLOCK_ROWS) != 0
