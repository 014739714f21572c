import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from ntkcli.linalg.threads import ONE_THREAD_ROWS, blas_threads


def in_use() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_small_matrices_have_one_thread_and_large_ones_as_many_as_are_given() -> None:
    with threadpool_limits(2, user_api="blas"):
        with blas_threads(ONE_THREAD_ROWS - 1, 2):
            assert in_use() == {1}
        with blas_threads(ONE_THREAD_ROWS, 2):
            assert in_use() == {2}
        with blas_threads(ONE_THREAD_ROWS):
            assert in_use() == {2}
        assert in_use() == {2}
