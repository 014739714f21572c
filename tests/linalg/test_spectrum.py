from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import LinAlgError

from ntkcli.arrays import FloatArray
from ntkcli.errors import NumericalError
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.linalg.spectrum import Spectrum, eigenvalues_alone

from .matrices import in_blocks, positive_definite

both_types = pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-4)])


def spectrum_of(matrix: FloatArray) -> Spectrum:
    return Spectrum.of(matrix.copy(order="F"))


def of_rank(rank: int, n: int) -> FloatArray:
    factor = np.random.default_rng(0).normal(size=(n, rank))
    return np.asarray(factor @ factor.T)


@pytest.mark.parametrize("n", [1, 2, 17])
@both_types
def test_the_eigenvalues_and_vectors_make_the_matrix(n: int, dtype: npt.DTypeLike, rtol: float) -> None:
    matrix = positive_definite(n, dtype=dtype)
    spectrum = spectrum_of(matrix)
    assert spectrum.vectors.dtype == spectrum.eigenvalues.dtype == dtype
    again = spectrum.vectors * spectrum.eigenvalues @ spectrum.vectors.T
    np.testing.assert_allclose(again, matrix, rtol=rtol, atol=rtol)


@both_types
def test_the_vectors_take_the_place_of_the_matrix(dtype: npt.DTypeLike, rtol: float) -> None:
    matrix = positive_definite(17, dtype=dtype).copy(order="F")
    spectrum = Spectrum.of(matrix)
    assert np.shares_memory(spectrum.vectors, matrix)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(17), atol=rtol)


def test_rotating_there_and_back_is_nothing() -> None:
    spectrum, b = spectrum_of(positive_definite(17)), np.random.default_rng(1).normal(size=(17, 3))
    np.testing.assert_allclose(spectrum.vectors @ spectrum.rotate(b), b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("function", "expected"),
    [(np.reciprocal, np.linalg.inv), (np.square, lambda a: a @ a), (np.ones_like, lambda a: np.eye(len(a)))],
)
def test_values_at_the_eigenvalues_make_a_function_of_the_matrix(
    function: Callable[[FloatArray], FloatArray], expected: Callable[[FloatArray], FloatArray]
) -> None:
    matrix, b = positive_definite(17), np.random.default_rng(1).normal(size=(17, 3))
    spectrum = spectrum_of(matrix)
    applied = spectrum.vectors @ (function(spectrum.eigenvalues)[:, None] * spectrum.rotate(b))
    np.testing.assert_allclose(applied, expected(matrix) @ b, rtol=1e-11, atol=1e-12)


@both_types
def test_rotated_columns_have_the_vectors_precision(dtype: npt.DTypeLike, rtol: float) -> None:
    spectrum, b = spectrum_of(positive_definite(17, dtype=dtype)), np.ones((17, 2))
    rotated = spectrum.rotate(b)
    assert rotated.dtype == dtype
    np.testing.assert_allclose(np.linalg.norm(rotated, axis=0), np.sqrt([17, 17]), rtol=rtol)


def test_eigenvalues_that_rounding_made_negative_are_zero() -> None:
    matrix = of_rank(3, 40)
    assert np.linalg.eigvalsh(matrix)[0] < 0
    eigenvalues = spectrum_of(matrix).eigenvalues
    assert eigenvalues[0] == 0.0
    assert np.all(np.diff(eigenvalues) >= 0)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_a_regular_matrix_passes_the_check_in_any_unit(scale: float) -> None:
    spectrum = spectrum_of(scale * positive_definite(17))
    spectrum.check_positive()
    assert spectrum.eigenvalues[0] > 0


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_a_singular_matrix_fails_the_check_in_any_unit(scale: float) -> None:
    with pytest.raises(SingularMatrixError):
        spectrum_of(scale * of_rank(3, 40)).check_positive()


def test_a_ridge_above_rounding_makes_a_singular_matrix_pass() -> None:
    spectrum = spectrum_of(of_rank(3, 40))
    spectrum.check_positive(1e-6)
    with pytest.raises(SingularMatrixError):
        spectrum.check_positive(1e-16)


def test_the_check_names_a_row_of_the_dependent_ones() -> None:
    rows = np.arange(17)
    rows[11] = 4
    matrix = positive_definite(17)[np.ix_(rows, rows)]
    with pytest.raises(SingularMatrixError) as caught:
        spectrum_of(matrix).check_positive()
    assert caught.value.row in (4, 11)
    assert abs(caught.value.value) < 1e-12


def test_an_iteration_that_does_not_converge_is_a_numerical_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise LinAlgError("did not converge")

    monkeypatch.setattr("ntkcli.linalg.spectrum.syevd", fails)
    with pytest.raises(NumericalError, match="did not converge"):
        spectrum_of(np.eye(3))


@pytest.mark.parametrize("ridge", [0.0, 1e-16, 1e-13, 1e-12, 1e-10, 1e-6])
def test_a_ridge_is_judged_as_cholesky_judges_it(ridge: float) -> None:
    matrix = of_rank(3, 200)
    spectrum, blocks = spectrum_of(matrix), in_blocks(matrix, 64)
    blocks.add_to_diagonal(ridge)
    assert is_refused(lambda: spectrum.check_positive(ridge)) == is_refused(lambda: Cholesky(blocks))


def is_refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except SingularMatrixError:
        return True
    return False


@pytest.mark.parametrize("rank", [9, 3], ids=["regular", "singular"])
def test_eigenvalues_alone_are_those_that_come_with_vectors(rank: int) -> None:
    matrix = of_rank(rank, 9)
    found, expected = eigenvalues_alone(matrix), spectrum_of(matrix).eigenvalues
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13 * expected[-1])
    assert (found >= 0).all()
