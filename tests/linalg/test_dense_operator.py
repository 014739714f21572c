import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.linalg.dense_operator import DenseOperator
from ntkcli.linalg.operator import Operator

from .matrices import BLOCK, in_blocks, positive_definite

B = np.random.default_rng(0).normal(size=(17, 3))


def both(dtype: npt.DTypeLike = np.float64) -> tuple[FloatArray, Operator, Operator]:
    """A matrix, whole and in blocks."""
    matrix = positive_definite(17, dtype=dtype)
    return matrix, DenseOperator(matrix), in_blocks(matrix, BLOCK)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_array_says_the_same_of_a_matrix_as_blocks_do(dtype: npt.DTypeLike) -> None:
    _, dense, blocks = both(dtype)
    assert (dense.n, dense.dtype) == (blocks.n, blocks.dtype)
    assert np.array_equal(dense.diagonal, blocks.diagonal)


def test_products_are_those_of_the_blocks() -> None:
    matrix, dense, blocks = both()
    np.testing.assert_allclose(dense.product(B), blocks.product(B), rtol=1e-12, atol=1e-13)
    assert np.array_equal(dense.product(np.eye(17)), matrix)


def test_a_half_product_and_its_transpose_make_the_whole() -> None:
    matrix, dense, blocks = both()
    half = dense.half_product(np.eye(17))
    assert np.array_equal(half + half.T, matrix)
    for operator in (dense, blocks):
        quadratic = B.T @ operator.half_product(B)
        np.testing.assert_allclose(quadratic + quadratic.T, B.T @ matrix @ B, rtol=1e-12, atol=1e-12)
