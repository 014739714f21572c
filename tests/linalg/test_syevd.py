import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import LinAlgError, eigh

from ntkcli.linalg import syevd as module
from ntkcli.linalg.syevd import syevd

from .matrices import positive_definite

both_types = pytest.mark.parametrize("dtype", [np.float64, np.float32])
needs_lapack = pytest.mark.skipif(
    None in module._SYEVD.values(), reason="this LAPACK has integers of another kind"
)


@pytest.mark.parametrize("n", [1, 2, 17, 150])
@both_types
def test_the_values_are_those_of_scipy(n: int, dtype: npt.DTypeLike, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the bit, so that it does not matter which one is called."""
    matrix = np.asfortranarray(positive_definite(n, dtype=dtype))
    # What is above the diagonal is not read.
    matrix[np.triu_indices(n, 1)] = np.nan
    found = syevd(matrix.copy(order="F"))
    monkeypatch.setattr(module, "_SYEVD", dict.fromkeys(module._SYEVD))
    expected = eigh(matrix, check_finite=False, driver="evd")
    for own, other, scipys in zip(found, syevd(matrix.copy(order="F")), expected, strict=True):
        assert own.dtype == dtype
        assert np.array_equal(own, scipys)
        assert np.array_equal(other, scipys)


@both_types
def test_the_vectors_take_the_place_of_the_matrix(dtype: npt.DTypeLike) -> None:
    matrix = np.asfortranarray(positive_definite(17, dtype=dtype))
    assert np.shares_memory(syevd(matrix)[1], matrix)


@pytest.mark.parametrize(
    "kind",
    [np.ascontiguousarray, lambda a: np.kron(a, np.eye(2)).T[::2, ::2], np.asfortranarray],
    ids=["by rows", "with gaps", "read only"],
)
def test_a_matrix_of_another_layout_is_copied(kind: Callable[..., np.ndarray]) -> None:
    matrix = positive_definite(17)
    given = kind(matrix)
    given.flags.writeable = False
    values, vectors = syevd(given)
    assert np.array_equal(given, matrix)
    np.testing.assert_allclose(vectors * values @ vectors.T, matrix, rtol=1e-12, atol=1e-12)


def test_a_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object) -> None:
        arguments[-1].value = 3  # type: ignore[attr-defined]

    monkeypatch.setattr(module, "_SYEVD", dict.fromkeys(module._SYEVD, fails))
    with pytest.raises(LinAlgError, match="info 3"):
        syevd(np.eye(3))


@pytest.fixture
def nobody_is_asked_for_the_lock() -> Iterator[None]:
    """Have threads wait for Python's lock until its holder gives it away by itself."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(usual)


@needs_lapack
def test_other_threads_run_meanwhile(nobody_is_asked_for_the_lock: None) -> None:
    matrix = np.asfortranarray(positive_definite(600))
    begun, has_run = threading.Event(), threading.Event()

    def run() -> None:
        begun.wait()
        has_run.set()

    threading.Thread(target=run).start()
    begun.set()
    # Once is enough, unless the machine has better to do than to wake the other one.
    for _ in range(100):
        syevd(matrix)
        if has_run.is_set():
            break
    assert has_run.is_set()
