"""BLAS on parts of arrays: what NumPy says, by the routines themselves and by SciPy's functions."""

from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.linalg import parts

DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)
RNG = np.random.default_rng(0)
TOLERANCES = {DOUBLE: 2e-12, SINGLE: 2e-4}

both_types = pytest.mark.parametrize("dtype", list(TOLERANCES), ids=str)


@pytest.fixture(params=["routine", "scipy"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "scipy":
        monkeypatch.setattr(parts, "_ROUTINES", dict.fromkeys(parts._ROUTINES))


def part(rows: int, columns: int, dtype: np.dtype[Any]) -> FloatArray:
    """Rows and columns of a larger array."""
    whole: FloatArray = np.asfortranarray(RNG.normal(size=(rows + 3, columns + 2)), dtype)
    return whole[1 : rows + 1, 2:]


def lower(n: int, dtype: np.dtype[Any]) -> FloatArray:
    """A triangle, with NaN above it, which nobody may read."""
    square = part(n, n, dtype)
    square[...] = np.where(np.tri(n, dtype=bool), square / n + 2 * np.eye(n), np.nan)
    return square


@both_types
@pytest.mark.parametrize("trans_a", [False, True])
@pytest.mark.parametrize("trans_b", [False, True])
def test_a_product_is_added(trans_a: bool, trans_b: bool, dtype: np.dtype[Any]) -> None:
    a, b, c = part(*((5, 4) if trans_a else (4, 5)), dtype), part(5, 3, dtype), part(4, 3, dtype)
    b = np.asfortranarray(b.T) if trans_b else b
    expected = c - 2 * (a.T if trans_a else a) @ (b.T if trans_b else b)
    parts.add_product(c, a, b, -2.0, trans_a=trans_a, trans_b=trans_b)
    np.testing.assert_allclose(c, expected, atol=TOLERANCES[dtype])


@both_types
def test_a_symmetric_product_is_added(dtype: np.dtype[Any]) -> None:
    triangle, b, c = lower(5, dtype), part(5, 3, dtype), part(5, 3, dtype)
    known = np.tril(triangle)
    expected = c + (known + np.tril(known, -1).T) @ b
    parts.add_symmetric_product(c, triangle, b)
    np.testing.assert_allclose(c, expected, atol=TOLERANCES[dtype])


@both_types
def test_a_square_is_subtracted_from_the_lower_triangle_alone(dtype: np.dtype[Any]) -> None:
    a, c = part(5, 3, dtype), part(5, 5, dtype)
    expected = np.where(np.tri(5, dtype=bool), c - a @ a.T, c)
    parts.subtract_square(c, a)
    np.testing.assert_allclose(c, expected, atol=TOLERANCES[dtype])


@both_types
def test_triangles_multiply_and_divide(dtype: np.dtype[Any]) -> None:
    triangle, b = lower(5, dtype), part(5, 3, dtype)
    known, before, rows = np.tril(triangle), b.copy(), part(3, 5, dtype)
    parts.multiply(b, triangle)
    np.testing.assert_allclose(b, known @ before, atol=TOLERANCES[dtype])
    parts.divide(b, triangle)
    np.testing.assert_allclose(b, before, atol=TOLERANCES[dtype])
    parts.divide(b, triangle, transposed=True)
    np.testing.assert_allclose(known.T @ b, before, atol=TOLERANCES[dtype])
    expected = rows.copy()
    parts.divide(rows, triangle, transposed=True, right=True)
    np.testing.assert_allclose(rows @ known.T, expected, atol=TOLERANCES[dtype])


def test_nothing_is_nothing() -> None:
    parts.add_product(part(0, 3, DOUBLE), part(0, 2, DOUBLE), part(2, 3, DOUBLE))
    parts.divide(part(4, 0, DOUBLE), lower(4, DOUBLE))
