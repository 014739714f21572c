import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from ntkcli.arrays import FloatArray
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.product import product
from ntkcli.linalg.threads import ONE_THREAD_ROWS, in_threads, lapack_threads, with_threads

from .matrices import in_blocks, lower_triangle, positive_definite


def in_use() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_blas_has_one_thread_but_for_large_eigendecompositions() -> None:
    with threadpool_limits(2, user_api="blas"):
        with with_threads(3):
            assert in_use() == {1}
            with lapack_threads(ONE_THREAD_ROWS - 1):
                assert in_use() == {1}
            with lapack_threads(ONE_THREAD_ROWS):
                assert in_use() == {3}
            assert in_use() == {1}
        assert in_use() == {2}


def test_tasks_are_shared_out_among_the_threads() -> None:
    barrier = threading.Barrier(3, timeout=60)
    with with_threads(3):
        in_threads(barrier.wait, [()] * 3)


def test_a_failure_is_raised() -> None:
    with with_threads(2), pytest.raises(ZeroDivisionError):
        in_threads(lambda item: 1 / item, [(1,), (2,), (0,), (3,)])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "rows"), [(1, 2048), (255, 2048), (700, 2048), (700, 300)])
def test_a_factor_and_its_solutions_have_the_same_bytes_with_any_number_of_threads(
    n: int, rows: int, dtype: type
) -> None:
    b = np.random.default_rng(0).normal(size=(n, 300))
    found = set()
    for count in (1, 2, 3):
        with with_threads(count):
            blocks = in_blocks(positive_definite(n, dtype=dtype), rows)
            factor = Cholesky(blocks)
            solved = factor.solve(b), factor.solve(b[:, :1]), factor.half_solve(b)
            found.add(b"".join(array.tobytes() for array in (lower_triangle(blocks), *solved)))
    assert len(found) == 1


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", [2048, 300])
def test_products_have_the_same_bytes_with_any_number_of_threads(rows: int, dtype: type) -> None:
    matrix = positive_definite(700, dtype=dtype)
    blocks = in_blocks(matrix, rows)
    b: FloatArray = np.random.default_rng(0).normal(size=(700, 300)).astype(dtype)
    found = set()
    for count in (1, 2, 3):
        with with_threads(count):
            products = product(matrix, b), product(b.T, matrix), blocks.product(b), blocks.half_product(b)
        found.add(b"".join(array.tobytes() for array in products))
    assert len(found) == 1
