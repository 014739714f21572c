import threading
import time

import numpy as np
import pytest
from scipy.linalg.blas import dtrmm

from ntkcli.linalg import parts
from ntkcli.linalg.triangular import triangular_product

RNG = np.random.default_rng(0)


def lower(r: int) -> np.ndarray:
    # What is above the diagonal is not read.
    return np.asfortranarray(np.where(np.tri(r, dtype=bool), RNG.normal(size=(r, r)), np.nan))


@pytest.mark.parametrize(("c", "r"), [(1, 1), (5, 3), (3, 5), (40, 33), (0, 3)])
def test_every_row_is_multiplied(c: int, r: int) -> None:
    matrix, rows = lower(r), RNG.normal(size=(c, r))
    expected = rows @ np.tril(matrix).T
    triangular_product(matrix, rows)
    np.testing.assert_allclose(rows, expected, rtol=1e-12, atol=1e-12)


def test_the_values_are_those_of_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the bit, so that it does not matter which one is called."""
    matrix, rows = lower(33), RNG.normal(size=(40, 33))
    own, other, scipys = rows.copy(), rows.copy(), rows.copy()
    triangular_product(matrix, own)
    monkeypatch.setitem(parts._ROUTINES, ("trmm", "d"), None)
    triangular_product(matrix, other)
    expected = dtrmm(1.0, matrix, scipys.T, lower=1).T
    assert np.array_equal(own, expected)
    assert np.array_equal(other, expected)


@pytest.mark.parametrize(
    ("matrix", "rows"),
    [
        (np.eye(3)[:, ::-1], np.ones((2, 3))),
        (np.asfortranarray(np.eye(3)), np.asfortranarray(np.ones((2, 3)))),
        (np.asfortranarray(np.eye(3)), np.ones((2, 4))),
        (np.asfortranarray(np.eye(3), dtype=np.float32), np.ones((2, 3), np.float32)),
    ],
    ids=["not by columns", "not by rows", "other sizes", "float32"],
)
def test_arrays_of_another_kind_are_refused(matrix: np.ndarray, rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match="takes float64"):
        triangular_product(matrix, rows)


@pytest.mark.skipif(parts._ROUTINES["trmm", "d"] is None, reason="this BLAS has integers of another kind")
def test_python_goes_on_meanwhile() -> None:
    matrix, rows = np.asfortranarray(np.eye(1500)), np.ones((1500, 1500))
    ticks: list[float] = []
    thread = threading.Thread(target=triangular_product, args=(matrix, rows))
    thread.start()
    while thread.is_alive():
        ticks.append(time.perf_counter())
    assert len(ticks) > 100
