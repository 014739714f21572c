import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import COSINE_ROUNDING, Activation, Tile
from ntkcli.kernels.activations.catalogue import make


def duals(activation: Activation, q_a: FloatArray, q_b: FloatArray) -> list[FloatArray]:
    """Both duals of a tile whose arguments have a correlation of 0.3."""
    c = 0.3 * np.sqrt(np.outer(q_a, q_b))
    slope = np.full_like(c, np.nan)
    work: list[FloatArray] = [np.full_like(c, np.nan) for _ in range(activation.work_arrays)]
    activation.dual(Tile(c, slope, q_a, q_b, work, COSINE_ROUNDING))
    return [c, slope]


@pytest.mark.parametrize("name", ["tanh", "softplus"])
def test_without_tables_a_tile_has_those_of_its_own_variances(name: str) -> None:
    q_a, q_b = np.array([0.0, 0.5, 1.0]), np.array([0.8, 2.0])
    found = duals(make(name), q_a, q_b)
    expected = duals(make(name).tabulated(0.5, 2.0), q_a, q_b)
    np.testing.assert_array_equal(found, expected)
    wider = duals(make(name).tabulated(0.1, 5.0), q_a, q_b)
    np.testing.assert_allclose(found, wider, rtol=1e-9)


def test_without_tables_equal_rows_of_zeros_have_the_value_at_0() -> None:
    value, slope = duals(make("softplus"), np.zeros(2), np.zeros(2))
    np.testing.assert_allclose(value, np.log(2) ** 2, rtol=1e-12)
    np.testing.assert_allclose(slope, 0.25, rtol=1e-12)
