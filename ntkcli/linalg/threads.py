"""The threads that BLAS and LAPACK work with."""

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController

# Below, several threads gain little and, on a busy machine, lose a hundredfold by waiting for each other.
ONE_THREAD_ROWS = 2000


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
