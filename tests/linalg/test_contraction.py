import numpy as np
import pytest

from ntkcli.linalg.contraction import column_dots, contract

A, B = np.random.default_rng(0).normal(size=(2, 5, 3))


def test_column_dots_are_the_inner_products_of_columns() -> None:
    expected = [A[:, j] @ B[:, j] for j in range(3)]
    np.testing.assert_allclose(column_dots(A, B), expected, rtol=1e-14)


def test_contract_is_the_product_or_its_diagonal() -> None:
    np.testing.assert_allclose(contract(A, B, full=True), A.T @ B, rtol=1e-14)
    np.testing.assert_allclose(contract(A, B, full=False), (A.T @ B).diagonal(), rtol=1e-14)


def test_column_dots_take_columns_of_any_memory_layout() -> None:
    expected = column_dots(A, B)
    np.testing.assert_allclose(column_dots(np.asfortranarray(A), B), expected, rtol=1e-15)
    np.testing.assert_allclose(column_dots(A, B.repeat(2, axis=1)[:, ::2]), expected, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(dtype: type[np.floating]) -> None:
    a, b = A.astype(dtype), B.astype(dtype)
    assert column_dots(a, b).dtype == contract(a, b, full=True).dtype == dtype
