"""The threads that BLAS and LAPACK work with."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache

import numpy as np
from scipy.linalg import get_blas_funcs
from threadpoolctl import ThreadpoolController

from ntkcli.address_space import bytes_left, check_threads

# Below, several threads gain little and, on a busy machine, lose a hundredfold by waiting for each other.
ONE_THREAD_ROWS = 2000
# Of matrices whose product takes long enough for all threads to be at one.
BUSY_ROWS = 600


@contextmanager
def with_threads(count: int) -> Iterator[None]:
    """Let BLAS use so many threads in a `with` block; one under a limit on the address space.

    Raises:
        ResourceError: such a limit leaves no room for the threads that tasks are shared out among.
    """
    check_threads(count)
    is_limited = bytes_left() is not None
    with blas().limit(limits=1 if is_limited else count, user_api="blas"):
        if is_limited:
            _take_buffers(count)
        yield


def _take_buffers(count: int) -> None:
    """Have NumPy's BLAS and SciPy's take their buffers for so many threads, which they keep."""
    a = np.ones((BUSY_ROWS, BUSY_ROWS), order="F")
    (gemm,) = get_blas_funcs(("gemm",), (a,))
    with ThreadPoolExecutor(count) as pool:
        for _ in pool.map(lambda _: (a @ a, gemm(1.0, a, a)), range(count)):
            pass


def blas_threads(rows: int, most: int | None = None) -> AbstractContextManager[object]:
    """Let BLAS use one thread on small matrices and `most` on others, in a `with` block.

    Args:
        rows: of the matrices.
        most: threads; None leaves them as they are.
    """
    limits = 1 if rows < ONE_THREAD_ROWS else most
    limited: AbstractContextManager[object] = blas().limit(limits=limits, user_api="blas")
    return limited


@cache
def blas() -> ThreadpoolController:
    """The BLAS libraries of this process: finding them takes as long as computing a few tiles."""
    return ThreadpoolController()
