"""Who computes: the threads that tasks are shared out among, each with BLAS on one thread.

The digits of a matrix product depend on how BLAS shares it out among threads of its own. So BLAS has one
thread throughout, and what takes long is cut here, into tasks whose shapes depend on the matrices alone.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy.linalg import get_blas_funcs
from threadpoolctl import ThreadpoolController

from ntkcli.address_space import bytes_left, check_threads

# Below, LAPACK's eigendecompositions gain little by threads of BLAS's own, and, on a busy machine, lose a
# hundredfold by waiting for each other.
ONE_THREAD_ROWS = 2000
# Of matrices whose product takes long enough for all threads to be at one.
BUSY_ROWS = 600


@dataclass(frozen=True)
class _Threads:
    """The threads of a `with` block.

    count: how many.
    for_lapack: how many BLAS may have in a large eigendecomposition.
    pool: they themselves, each of which begins when it is needed.
    """

    count: int
    for_lapack: int
    pool: ThreadPoolExecutor


# Those of the block that is open, in the thread that has opened it; any other computes alone.
_threads: ContextVar[_Threads | None] = ContextVar("threads", default=None)


@contextmanager
def with_threads(count: int) -> Iterator[None]:
    """Compute with so many threads in a `with` block, BLAS with one in each.

    Raises:
        ResourceError: a limit on the address space leaves no room for so many.
    """
    check_threads(count)
    is_limited = bytes_left() is not None
    own = _Threads(count, 1 if is_limited else count, ThreadPoolExecutor(count))
    with own.pool, one_blas_thread():
        if is_limited:
            _take_buffers(own)
        before = _threads.set(own)
        try:
            yield
        finally:
            _threads.reset(before)


def _take_buffers(threads: _Threads) -> None:
    """Have NumPy's BLAS and SciPy's take their buffers for so many threads, which they keep."""
    a = np.ones((BUSY_ROWS, BUSY_ROWS), order="F")
    (gemm,) = get_blas_funcs(("gemm",), (a,))
    for _ in threads.pool.map(lambda _: (a @ a, gemm(1.0, a, a)), range(threads.count)):
        pass


def one_blas_thread() -> AbstractContextManager[object]:
    """Let BLAS use one thread in a `with` block."""
    limited: AbstractContextManager[object] = blas().limit(limits=1, user_api="blas")
    return limited


def lapack_threads(rows: int) -> AbstractContextManager[object]:
    """Let BLAS use all threads for an eigendecomposition, in a `with` block, if it is large.

    Nobody can cut it from outside. So its digits, and these alone, depend on the number of threads.

    Args:
        rows: of the matrix.
    """
    own = _threads.get()
    count = own.for_lapack if own and rows >= ONE_THREAD_ROWS else 1
    limited: AbstractContextManager[object] = blas().limit(limits=count, user_api="blas")
    return limited


def in_threads(task: Callable[..., object], items: Sequence[tuple[Any, ...]]) -> None:
    """Carry out a task with all items' values, in any order, in the threads of the `with` block around it.

    What a task writes must be its own, and its shape must not depend on the number of threads.

    Args:
        task: spends its time without Python's lock, in BLAS or NumPy.
        items: each the arguments of one call.
    """
    own, left = _threads.get(), iter(items)

    def work() -> None:
        # Taking the next is one step under Python's lock.
        for item in left:
            task(*item)

    others = min(own.count, len(items)) - 1 if own else 0
    running = [own.pool.submit(work) for _ in range(others)] if own else []
    try:
        work()
    finally:
        # After a failure, or an interruption, nothing may still write into arrays that are given up.
        for _ in left:
            pass
        failures = [one.exception() for one in running if not one.cancel()]
    for failure in filter(None, failures):
        raise failure


def cuts(size: int, length: int) -> list[slice]:
    """The pieces of so many rows or columns; the last may be shorter."""
    return [slice(start, min(start + length, size)) for start in range(0, size, length)]


@cache
def blas() -> ThreadpoolController:
    """The BLAS libraries of this process: finding them takes as long as computing a few tiles."""
    return ThreadpoolController()
