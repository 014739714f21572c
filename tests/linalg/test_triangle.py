import numpy as np
import pytest
from scipy.linalg.lapack import dpotrf, dtrtri

from ntkcli.linalg import triangle
from ntkcli.linalg.triangle import cholesky_factor, triangular_inverse

from .matrices import positive_definite


@pytest.mark.parametrize("m", [1, 2, 17, 150])
def test_the_values_are_those_of_scipy(m: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the bit, so that it does not matter which one is called."""
    matrix = positive_definite(m)
    factor = cholesky_factor(matrix)
    assert factor is not None
    inverse = triangular_inverse(factor.copy(order="F"))
    scipys, _ = dpotrf(matrix, lower=1, clean=1)
    assert np.array_equal(factor, scipys)
    assert np.array_equal(inverse, dtrtri(scipys, lower=1)[0])
    monkeypatch.setattr(triangle, "_POTRF", None)
    monkeypatch.setattr(triangle, "_TRTRI", None)
    other = cholesky_factor(matrix)
    assert other is not None
    assert np.array_equal(factor, other)
    assert np.array_equal(inverse, triangular_inverse(other))
    np.testing.assert_allclose(inverse @ matrix @ inverse.T, np.eye(m), atol=1e-10)


def test_a_matrix_that_is_not_positive_definite_has_no_factor() -> None:
    matrix = -np.eye(3)
    assert cholesky_factor(matrix) is None
    assert np.array_equal(matrix, -np.eye(3))
