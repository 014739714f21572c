import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations import ACTIVATIONS, COSINE_ROUNDING, Tile

from .quadrature import erf_duals, relu_duals

QUADRATURES = {"relu": relu_duals, "erf": erf_duals}

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)
variances = st.floats(1e-2, 20.0)
cosines = st.floats(-0.98, 0.98)


def duals(name: str, q_a: FloatArray, q_b: FloatArray, c: FloatArray) -> tuple[FloatArray, FloatArray]:
    """E[phi phi] and E[phi' phi'] for every pair of variances, as new arrays."""
    c, slope = c.copy(), np.empty_like(c)
    ACTIVATIONS[name].dual(Tile(c, slope, q_a, q_b, _work(c), COSINE_ROUNDING))
    return c, slope


def dual_of_pair(name: str, q_a: float, q_b: float, c: float) -> tuple[float, float]:
    value, slope = duals(name, np.array([q_a]), np.array([q_b]), np.array([[c]]))
    return value.item(), slope.item()


def _work(like: FloatArray) -> list[FloatArray]:
    return [np.full_like(like, np.nan) for _ in range(2)]


@pytest.mark.parametrize("name", QUADRATURES)
@given(q_a=variances, q_b=variances, cosine=cosines)
def test_duals_match_numerical_integration(name: str, q_a: float, q_b: float, cosine: float) -> None:
    c = cosine * np.sqrt(q_a * q_b)
    expected = QUADRATURES[name](q_a, q_b, c)
    assert dual_of_pair(name, q_a, q_b, c) == pytest.approx(expected, rel=1e-10, abs=1e-11)


def test_identity_passes_the_covariance_on() -> None:
    assert dual_of_pair("identity", 2.0, 3.0, -1.25) == (-1.25, 1.0)


@every_activation
@given(q_a=variances, q_b=variances, cosine=cosines)
def test_slope_is_the_derivative_of_the_dual(name: str, q_a: float, q_b: float, cosine: float) -> None:
    """Price's theorem: dE[phi phi]/dc = E[phi' phi']."""
    scale = np.sqrt(q_a * q_b)
    c, step = cosine * scale, 1e-5 * scale
    above, below = (dual_of_pair(name, q_a, q_b, c + sign * step)[0] for sign in (1, -1))
    assert dual_of_pair(name, q_a, q_b, c)[1] == pytest.approx((above - below) / (2 * step), rel=1e-5)


@every_activation
@given(q=st.floats(1e-12, 1e12))
def test_equal_arguments_give_the_variance_and_its_slope(name: str, q: float) -> None:
    activation = ACTIVATIONS[name]
    expected = activation.variance(np.array([q])).item(), activation.slope(np.array([q])).item()
    assert dual_of_pair(name, q, q, q) == pytest.approx(expected, rel=1e-14)


@every_activation
@given(q_a=variances, q_b=variances, cosine=cosines)
def test_duals_are_symmetric_in_their_arguments(name: str, q_a: float, q_b: float, cosine: float) -> None:
    c = cosine * np.sqrt(q_a * q_b)
    swapped = dual_of_pair(name, q_b, q_a, c)
    assert dual_of_pair(name, q_a, q_b, c) == pytest.approx(swapped, rel=1e-12, abs=1e-14)


@every_activation
def test_the_dual_is_the_same_when_nobody_wants_the_slope(name: str) -> None:
    rng = np.random.default_rng(3)
    q_a, q_b = rng.uniform(0.1, 3, 4), rng.uniform(0.1, 3, 5)
    c = rng.uniform(-1, 1, (4, 5)) * np.sqrt(np.outer(q_a, q_b))
    alone = c.copy()
    ACTIVATIONS[name].dual(Tile(alone, None, q_a, q_b, _work(c), COSINE_ROUNDING))
    assert np.array_equal(alone, duals(name, q_a, q_b, c)[0])


@every_activation
def test_zero_variances_give_zero(name: str) -> None:
    q_a, q_b = np.array([0.0, 2.0]), np.array([0.0, 0.0, 3.0])
    value, slope = duals(name, q_a, q_b, np.zeros((2, 3)))
    at_zero = np.ones((2, 3), bool)
    at_zero[1, 2] = False
    assert np.all(value[at_zero] == 0.0)
    assert np.all(np.isfinite(slope))


def test_relu_of_opposite_arguments_is_zero() -> None:
    assert dual_of_pair("relu", 4.0, 9.0, -6.0) == (0.0, 0.0)


def test_erf_of_opposite_arguments_is_minus_the_variance() -> None:
    value, slope = dual_of_pair("erf", 7.0, 7.0, -7.0)
    assert value == pytest.approx(-ACTIVATIONS["erf"].variance(np.array([7.0])).item(), rel=1e-14)
    assert slope == pytest.approx(ACTIVATIONS["erf"].slope(np.array([7.0])).item(), rel=1e-14)


@pytest.mark.parametrize("ulps", [-8, -1, 1, 8])
def test_relu_takes_a_cosine_within_rounding_of_one_as_one(ulps: int) -> None:
    """The angle itself would be 1e-8 off."""
    c = 3.0 * (1 + ulps * np.finfo(np.float64).eps)
    assert dual_of_pair("relu", 3.0, 3.0, c) == pytest.approx((1.5, 0.5), rel=1e-15)
    assert dual_of_pair("relu", 3.0, 3.0, -c) == (0.0, 0.0)
