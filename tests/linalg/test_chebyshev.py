import numpy as np
import pytest

from ntkcli.inference.flow import relaxation
from ntkcli.linalg.chebyshev import chebyshev_coefficients, chebyshev_degree, chebyshev_vectors
from ntkcli.linalg.convergence import ConvergenceError

POINTS = np.linspace(0, 1, 1001)


@pytest.mark.parametrize("bound", [1e-10, 0.1, 3.0, 200.0, 1e4])
@pytest.mark.parametrize("error", [1e-3, 1e-10])
def test_a_series_is_as_exact_as_asked_for_and_no_longer_than_needed(bound: float, error: float) -> None:
    found = chebyshev_coefficients(lambda g: relaxation(g, 1.0), bound, np.array(error))
    series = np.polynomial.chebyshev.chebval(2 * POINTS - 1, found)
    assert np.abs(series - relaxation(bound * POINTS, 1.0)).max() <= error + 1e-14
    if len(found) == 1:
        return
    shorter = np.polynomial.chebyshev.chebval(2 * POINTS - 1, found[:-1])
    assert np.abs(shorter - relaxation(bound * POINTS, 1.0)).max() > error / 10


def test_several_complex_functions_share_a_degree() -> None:
    shifts = np.array([[1 + 1j], [0.1 - 2j]])
    found = chebyshev_coefficients(lambda g: 1 / (g + shifts), 2.0, np.full(2, 1e-9))
    for row, shift in zip(found, shifts.ravel(), strict=True):
        series = np.polynomial.chebyshev.chebval(2 * POINTS - 1, row)
        np.testing.assert_allclose(series, 1 / (2 * POINTS + shift), atol=1e-9)


def test_a_function_with_a_kink_does_not_converge() -> None:
    with pytest.raises(ConvergenceError, match="terms"):
        chebyshev_coefficients(lambda g: np.abs(g - 0.3), 1.0, np.array(1e-10))


@pytest.mark.parametrize("bound", [1e-6, 0.1, 3.0, 200.0, 1e4])
@pytest.mark.parametrize("tolerance", [1e-4, 1e-10])
def test_the_degree_is_known_beforehand_to_a_few(bound: float, tolerance: float) -> None:
    error = np.array(tolerance * relaxation(np.array(bound), 1.0))
    degree = len(chebyshev_coefficients(lambda g: relaxation(g, 1.0), bound, error)) - 1
    assert chebyshev_degree(1.0, bound, tolerance) == pytest.approx(degree, abs=3, rel=0.3)


def test_vectors_are_the_polynomials_of_the_matrix() -> None:
    values, b = np.linspace(0, 5, 9), np.ones((9, 2))
    for j, found in enumerate(chebyshev_vectors(lambda v: values[:, None] * v, b, 5.0, 12)):
        expected = np.cos(j * np.arccos(np.clip(2 * values / 5 - 1, -1, 1)))
        np.testing.assert_allclose(found, expected[:, None] * b, atol=1e-13)


def test_eigenvalues_beyond_the_bound_show_in_the_lengths() -> None:
    with pytest.raises(ConvergenceError, match="beyond"):
        list(chebyshev_vectors(lambda v: 2.0 * v, np.ones((3, 1)), 1.0, 9))
