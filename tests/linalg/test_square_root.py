import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.linalg import pivoted_cholesky, square_root
from ntkcli.linalg.square_root import SquareRoot

from .matrices import BLOCK, SPECTRA, every_spectrum, in_blocks, symmetric

N, ERROR = 90, 0.01


@pytest.fixture(autouse=True)
def few_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave something to the polynomial."""
    monkeypatch.setattr(pivoted_cholesky, "FEWEST_COLUMNS", 5)


def root_of(matrix: FloatArray, shift: float, error: float = ERROR) -> SquareRoot:
    return SquareRoot.of(in_blocks(matrix, BLOCK), shift, error)


def covariance(root: SquareRoot) -> FloatArray:
    columns = root.product(np.eye(root.columns))
    return columns @ columns.T


def relative_error(matrix: FloatArray, root: SquareRoot) -> float:
    """The largest error of a quadratic form of S S^T, relative to that of A + shift D."""
    wanted = matrix + root.shift * np.diag(matrix.diagonal())
    values, vectors = np.linalg.eigh(wanted)
    kept = values > 1e-14 * values[-1]
    whitened = vectors[:, kept] / np.sqrt(values[kept])
    return float(np.abs(np.linalg.eigvalsh(whitened.T @ (covariance(root) - wanted) @ whitened)).max())


@every_spectrum
@pytest.mark.parametrize("shift", [0.0, 1e-3, 1.0])
def test_every_quadratic_form_of_the_covariance_is_as_near_as_was_asked(spectrum: str, shift: float) -> None:
    matrix = symmetric(SPECTRA[spectrum](N))
    assert relative_error(matrix, root_of(matrix, shift)) <= ERROR


def test_the_error_is_that_which_was_asked_and_a_smaller_one_takes_a_higher_degree() -> None:
    matrix = symmetric(SPECTRA["condition 1e4"](N))
    rough, fine = root_of(matrix, 1e-3, 0.1), root_of(matrix, 1e-3, 1e-6)
    assert rough.degree < fine.degree
    assert relative_error(matrix, fine) <= 1e-6 < relative_error(matrix, rough) <= 0.1


def test_a_smaller_shift_takes_a_higher_degree() -> None:
    matrix = symmetric(SPECTRA["even"](N))
    assert root_of(matrix, 1e-1).degree < root_of(matrix, 1e-3).degree


def test_no_shift_is_a_small_one_as_there_is_no_polynomial_for_a_branch_point() -> None:
    matrix = symmetric(SPECTRA["condition 1e4"](N))
    assert 0 < root_of(matrix, 0.0).shift <= square_root.LEAST_SHARE * root_of(matrix, 0.0).bound


def test_rows_of_zeros_stay_zeros() -> None:
    matrix = symmetric(SPECTRA["even"](N))
    matrix[[3, 50]] = matrix[:, [3, 50]] = 0.0
    root = root_of(matrix, 1e-2)
    assert not root.product(np.ones((root.columns, 2)))[[3, 50]].any()
    assert relative_error(matrix, root) <= ERROR


def test_rows_of_very_different_sizes_have_shifts_of_their_own() -> None:
    sizes = np.geomspace(1e-6, 1e6, N)
    matrix = sizes[:, None] * symmetric(SPECTRA["even"](N)) * sizes
    assert relative_error(matrix, root_of(matrix, 1e-2)) <= ERROR


def test_copies_of_a_row_differ_by_the_shift_alone() -> None:
    matrix = np.repeat(np.repeat(symmetric(SPECTRA["even"](N // 2)), 2, axis=0), 2, axis=1)
    assert relative_error(matrix, root_of(matrix, 1e-3)) <= ERROR


def test_a_matrix_of_zeros_has_the_root_zero() -> None:
    root = root_of(np.zeros((4, 4)), 0.1)
    assert not root.product(np.ones((root.columns, 3))).any()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_rows_are_all_in_the_low_rank_part(n: int) -> None:
    matrix = symmetric(SPECTRA["even"](n))
    assert relative_error(matrix, root_of(matrix, 1e-6)) <= ERROR


def test_a_bound_that_is_too_low_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = symmetric(SPECTRA["even"](N))
    monkeypatch.setattr(square_root, "MARGIN", 0.5)
    assert relative_error(matrix, root_of(matrix, 1e-3)) <= ERROR
