"""BLAS at one thread."""

from ..one_thread import one_blas_thread

__all__ = ["one_blas_thread"]
