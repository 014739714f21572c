import numpy as np
import pytest

from ntkcli.linalg.singular import SingularMatrixError, rounding_level


def test_the_rounding_level_scales_with_the_matrix() -> None:
    assert rounding_level(100, np.float64, 3.0) == 3 * rounding_level(100, np.float64, 1.0)
    assert rounding_level(400, np.float64, 1.0) == 2 * rounding_level(100, np.float64, 1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_rounding_level_of_one_value_is_a_few_ulps(dtype: type[np.floating]) -> None:
    assert 1 <= rounding_level(1, dtype, 1.0) / np.finfo(dtype).eps <= 32


def test_the_error_tells_row_and_value() -> None:
    error = SingularMatrixError(7, -1.5e-9)
    assert (error.row, error.value) == (7, -1.5e-9)
    assert str(error) == "-1.5e-09 in row 7"
