"""Rows that stand twice: gradient flow has an answer at every finite time, the limit only with a ridge."""

from dataclasses import replace

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.regression.kernel import KERNELS, KernelName

from .cases import (
    INF,
    assert_close,
    covariance,
    every_kernel,
    finite_solvers,
    flowing_kernels,
    limit_solvers,
    some_data,
    with_repeated_rows,
)


def weighted_flow(weights: FloatArray, gram: FloatArray, time: float) -> FloatArray:
    """W^(1/2) F_t(W^(1/2) G W^(1/2)) W^(1/2): gradient flow in which row i counts w_i times."""
    root = np.diag(np.sqrt(weights))
    eigenvalues, vectors = np.linalg.eigh(root @ gram @ root)
    relaxation = -np.expm1(-time * eigenvalues) / eigenvalues
    return np.asarray(root @ (vectors * relaxation) @ vectors.T @ root)


@flowing_kernels
@finite_solvers
@pytest.mark.parametrize("time", [1e-6, 0.1, 3.0, 1e3, 1e6, 1e8])
def test_repeated_rows_act_as_one_with_their_mean_and_their_weight(
    kernel: KernelName, solver: str, time: float
) -> None:
    data = with_repeated_rows()
    x, index = np.unique(data.x, axis=0, return_inverse=True)
    y = np.array([data.y[index == row].mean(axis=0) for row in range(len(x))])
    train, test_train = data.kernels(x, x), data.kernels(data.x_test, x)
    gram = KERNELS[kernel].gram
    a = test_train[gram] @ weighted_flow(np.bincount(index).astype(np.float64), train[gram], time)
    cross = a @ test_train["nngp"].T
    expected = data.kernels(data.x_test, data.x_test)["nngp"] - cross - cross.T + a @ train["nngp"] @ a.T
    prediction = data.predict(kernel, time, solver, uncertainty="covariance")
    # The null space of the Gram matrix is met with rounding, and grows with the time.
    assert_close(prediction.mean, a @ y, 1e-9 + 1e-14 * time)
    assert_close(covariance(prediction), expected)


@every_kernel
@limit_solvers
def test_repeated_rows_have_no_limit_without_a_ridge(kernel: KernelName, solver: str) -> None:
    data = with_repeated_rows()
    with pytest.raises(SingularMatrixError):
        data.predict(kernel, INF, solver)
    assert np.all(np.isfinite(data.predict(kernel, INF, solver, ridge=0.1).mean))


@every_kernel
@pytest.mark.parametrize(("solver", "rows"), [("cholesky", {6}), ("pcg", {2, 6})])
def test_a_repeated_row_is_named(kernel: KernelName, solver: str, rows: set[int]) -> None:
    data = some_data()
    x = data.x.copy()
    x[6] = x[2]
    with pytest.raises(SingularMatrixError) as caught:
        replace(data, x=x).predict(kernel, INF, solver)
    assert caught.value.row in rows
