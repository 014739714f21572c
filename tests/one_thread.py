"""BLAS at one thread: on matrices this small, threads would only wait for each other."""

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="module")
def one_blas_thread() -> Iterator[None]:
    """For a module's tests."""
    with threadpool_limits(limits=1):
        yield
