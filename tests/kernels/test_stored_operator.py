"""A Gram matrix in blocks multiplies piece by piece, in threads, as it does as a whole."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels import stored_operator
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.stored_operator import FEW_COLUMNS, StoredOperator
from ntkcli.linalg.blocks import SymmetricBlocks

from .inputs import normal_rows

both_products = pytest.mark.parametrize(
    "multiply",
    [lambda matrix, b: matrix.product(b), lambda matrix, b: matrix.half_product(b)],
    ids=["product", "half_product"],
)
every_type = pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-13), (np.float32, 1e-6)])


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of stored blocks, so that there are several of them."""
    monkeypatch.setattr(stored_operator, "PIECE_ROWS", 4)


def random_blocks(n: int, block_rows: int, dtype: npt.DTypeLike = np.float64) -> SymmetricBlocks:
    """With NaN above the diagonal, which nobody may read."""
    blocks = SymmetricBlocks(n, dtype=dtype, block_rows=block_rows)
    blocks.flat[:] = np.random.default_rng(n).normal(size=len(blocks.flat))
    for i in range(len(blocks.spans)):
        blocks[i, i][np.triu_indices_from(blocks[i, i], 1)] = np.nan
    return blocks


@every_type
@pytest.mark.parametrize("n", [1, 3, 4, 5, 8, 13, 21])
@pytest.mark.parametrize("block_rows", [3, 8, 9, 100])
@pytest.mark.usefixtures("small_pieces")
def test_a_stored_matrix_multiplies_piece_by_piece_as_whole(
    n: int, block_rows: int, dtype: npt.DTypeLike, rtol: float
) -> None:
    blocks = random_blocks(n, block_rows, dtype)
    stored, whole = StoredOperator(blocks, Threads()), blocks.to_array().astype(np.float64)
    assert (stored.n, stored.dtype) == (n, dtype)
    assert np.array_equal(stored.diagonal, blocks.diagonal)
    b = normal_rows(n, 3, seed=1)
    size = np.abs(whole) @ np.abs(b)
    found = stored.product(b)
    assert found.dtype == np.float64
    assert np.all(np.abs(found - whole @ b) <= rtol * size)
    half = stored.half_product(np.eye(n))
    assert np.array_equal(half, np.tril(half))
    np.testing.assert_allclose(half + half.T, whole, rtol=rtol)
    rows = np.arange(n)[::-2]
    assert np.array_equal(stored.columns(rows), whole[:, rows])
    assert np.array_equal(stored.principal(rows), whole[np.ix_(rows, rows)])


@every_type
@pytest.mark.usefixtures("small_pieces")
def test_many_columns_of_a_stored_matrix_are_multiplied_as_few_are(dtype: npt.DTypeLike, rtol: float) -> None:
    stored = StoredOperator(random_blocks(21, 8, dtype), Threads())
    b = normal_rows(21, FEW_COLUMNS + 1, seed=1)
    size = np.abs(stored.blocks.to_array()) @ np.abs(b)
    few = np.hstack([stored.product(b[:, :1]), stored.product(b[:, 1:])])
    assert np.all(np.abs(stored.product(b) - few) <= 2 * rtol * size)


@both_products
@every_type
@pytest.mark.usefixtures("small_pieces")
def test_any_number_of_threads_multiplies_a_stored_matrix_alike(
    multiply: Callable[[StoredOperator, FloatArray], FloatArray], dtype: npt.DTypeLike, rtol: float
) -> None:
    blocks, b = random_blocks(60, 16, dtype), normal_rows(60, 5, seed=1)
    one, *others = (multiply(StoredOperator(blocks, Threads(count)), b) for count in (1, 2, 3, 5))
    assert all(np.array_equal(one, other) for other in others)


@pytest.mark.usefixtures("small_pieces")
def test_products_leave_a_stored_matrix_and_the_columns_alone() -> None:
    blocks, b = random_blocks(21, 8), np.asfortranarray(normal_rows(21, 3, seed=1))
    before, copy = blocks.flat.copy(), b.copy()
    StoredOperator(blocks, Threads()).product(b)
    StoredOperator(blocks, Threads()).half_product(b)
    assert np.array_equal(blocks.flat, before, equal_nan=True)
    assert np.array_equal(b, copy)
