"""A Gram matrix that is computed anew multiplies like the one that is stored."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.rows import GramName
from ntkcli.kernels.stored_operator import StoredOperator
from ntkcli.kernels.tiled_operator import TiledOperator
from ntkcli.linalg.pivoted_cholesky import randomly_pivoted_cholesky

from .inputs import make_network, normal_rows, ready
from .matrices import BOTH

N = 13

every_tiling = pytest.mark.parametrize("tile_rows", [1, 3, 5, 256])
every_kernel = pytest.mark.parametrize("kernel", BOTH)
both_products = pytest.mark.parametrize(
    "multiply",
    [lambda matrix, b: matrix.product(b), lambda matrix, b: matrix.half_product(b)],
    ids=["product", "half_product"],
)


def operator(
    kernel: GramName,
    activation: str = "relu",
    tile_rows: int = 5,
    threads: int = 1,
    dtype: npt.DTypeLike = np.float64,
) -> TiledOperator:
    network = ready(make_network(activation), normal_rows(N))
    rows = network.rows(normal_rows(N))
    return TiledOperator(Evaluator(network, tile_rows, Threads(threads), dtype), rows, kernel)


@every_kernel
@every_tiling
@pytest.mark.parametrize("activation", ["relu", "erf", "identity", "tanh"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("columns", [1, 3])
@pytest.mark.usefixtures("blocks_of_five")
def test_products_are_those_of_the_stored_matrix(
    kernel: GramName, activation: str, tile_rows: int, threads: int, columns: int
) -> None:
    anew = operator(kernel, activation, tile_rows, threads)
    stored = anew.evaluator.symmetric(anew.rows, [kernel])[kernel]
    b = normal_rows(N, columns, seed=1)
    assert (anew.n, anew.dtype) == (stored.n, stored.dtype)
    assert np.array_equal(anew.diagonal, stored.diagonal)
    np.testing.assert_allclose(anew.product(b), stored.product(b), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(anew.half_product(b), stored.half_product(b), rtol=1e-12, atol=1e-12)


@every_kernel
@every_tiling
def test_a_half_product_and_its_transpose_make_the_whole(kernel: GramName, tile_rows: int) -> None:
    anew, identity = operator(kernel, tile_rows=tile_rows), np.eye(N)
    half = anew.half_product(identity)
    assert np.array_equal(half, np.tril(half))
    np.testing.assert_allclose(half + half.T, anew.product(identity), rtol=1e-13)


@every_kernel
@every_tiling
def test_the_diagonal_is_that_of_the_diagonal_recursion(kernel: GramName, tile_rows: int) -> None:
    anew = operator(kernel, tile_rows=tile_rows)
    expected = anew.rows.diagonal(kernel)
    assert np.array_equal(anew.product(np.eye(N)).diagonal(), expected)
    assert np.array_equal(anew.half_product(np.eye(N)).diagonal(), expected / 2)


@both_products
def test_any_number_of_threads_gives_the_same_product(
    multiply: Callable[[TiledOperator, FloatArray], FloatArray],
) -> None:
    b = normal_rows(N, 2, seed=1)
    one, three = (multiply(operator("ntk", tile_rows=2, threads=threads), b) for threads in (1, 3))
    assert np.array_equal(one, three)


@both_products
@every_kernel
def test_products_are_float64_whatever_matrices_are_stored_as(
    multiply: Callable[[TiledOperator, FloatArray], FloatArray], kernel: GramName
) -> None:
    b = normal_rows(N, 2, seed=1)
    found, exact = (multiply(operator(kernel, dtype=dtype), b) for dtype in (np.float32, np.float64))
    assert found.dtype == np.float64
    assert np.array_equal(found, exact)


@every_kernel
@every_tiling
def test_columns_and_squares_are_those_of_the_matrix(kernel: GramName, tile_rows: int) -> None:
    """In any order, and repeated; the diagonal is exact."""
    anew, rows = operator(kernel, tile_rows=tile_rows), np.array([7, 0, 12, 7, 3])
    whole = anew.product(np.eye(N))
    columns, square = anew.columns(rows), anew.principal(rows)
    np.testing.assert_allclose(columns, whole[:, rows], rtol=1e-13)
    np.testing.assert_allclose(square, whole[np.ix_(rows, rows)], rtol=1e-13)
    assert np.array_equal(columns[rows, range(5)], anew.diagonal[rows])
    assert np.array_equal(square.diagonal(), anew.diagonal[rows])


def test_rows_by_their_indices_are_those_rows() -> None:
    rows, some = operator("ntk").rows, np.array([5, 1, 5])
    chosen = rows[some]
    assert len(chosen) == 3
    assert np.array_equal(chosen.x, rows.x[some])
    assert np.array_equal(chosen.diagonal("nngp"), rows.diagonal("nngp")[some])
    assert np.array_equal(chosen.diagonal("ntk"), rows.diagonal("ntk")[some])


@every_kernel
@pytest.mark.parametrize("activation", ["relu", "erf", "tanh"])
@pytest.mark.usefixtures("blocks_of_five")
def test_of_copies_of_a_row_pivoted_cholesky_chooses_one(kernel: GramName, activation: str) -> None:
    """Though the kernel of a row with its copy is computed, and that with itself is another formula."""
    distinct = normal_rows(7)
    network = ready(make_network(activation), distinct)
    anew = TiledOperator(Evaluator(network, 5), network.rows(np.repeat(distinct, 4, axis=0)), kernel)
    stored = StoredOperator(anew.evaluator.symmetric(anew.rows, [kernel])[kernel], Threads())
    for matrix in (anew, stored):
        low_rank = randomly_pivoted_cholesky(matrix, 28)
        assert sorted((low_rank.pivots // 4).tolist()) == [*range(7)]
        assert low_rank.left == 0
