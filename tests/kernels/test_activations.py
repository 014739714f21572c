"""What holds for the duals of every activation, whatever its formula."""

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.catalogue import ACTIVATIONS

from .cases import CASES, Case

every_case = pytest.mark.parametrize("case", CASES, ids=str)
# The derivative of the others counts as 0, so that their slope is not the derivative of their dual.
every_continuous_case = pytest.mark.parametrize("case", [case for case in CASES if not case.jumps], ids=str)


def one_pair(name: str, q_a: float, q_b: float, c: float, **parameters: float) -> tuple[float, float]:
    value, slope = Case(name, dict(parameters)).pairs(np.array([q_a]), np.array([q_b]), np.array([c]))
    return value.item(), slope.item()


def random_tile(case: Case, widest_cosine: float = 0.99) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Variances (6,) and (5,) and covariances (6, 5)."""
    rng = np.random.default_rng(3)
    low, high = np.log(0.01), np.log(min(20.0, case.largest))
    q_a, q_b = np.exp(rng.uniform(low, high, 6)), np.exp(rng.uniform(low, high, 5))
    return q_a, q_b, rng.uniform(-widest_cosine, widest_cosine, (6, 5)) * root_of_products(q_a, q_b)


def gram_of_awkward_rows(case: Case) -> FloatArray:
    """Covariances of 40 rows, some of them parallel, duplicate, opposite or zero."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(40, 4))
    x *= np.sqrt(np.exp(rng.uniform(np.log(0.1), np.log(2.0), (40, 1)))) / np.linalg.norm(x, axis=1)[:, None]
    x[30:33], x[33:36], x[36:38], x[38:] = 3 * x[:3], x[3:6], -x[6:8], 0.0
    return np.asarray(x @ x.T * min(1.0, case.largest / 20.0))


def root_of_products(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.sqrt(np.multiply.outer(a, b))


def test_every_activation_is_tested() -> None:
    assert {case.name for case in CASES} == set(ACTIVATIONS)


@every_continuous_case
def test_slope_is_the_derivative_of_the_dual(case: Case) -> None:
    """Price's theorem: dE[phi phi]/dc = E[phi' phi']."""
    activation, (q_a, q_b, c) = case.made(), random_tile(case, widest_cosine=0.95)
    step = 1e-5 * root_of_products(q_a, q_b)
    above, below = (case.tile(q_a, q_b, c + sign * step)[0] for sign in (1, -1))
    error = np.abs(case.tile(q_a, q_b, c)[1] - (above - below) / (2 * step))
    rounding = 1e-14 * root_of_products(activation.variance(q_a), activation.variance(q_b)) / step
    assert np.all(error <= 1e-6 * root_of_products(activation.slope(q_a), activation.slope(q_b)) + rounding)


@every_case
def test_equal_arguments_give_the_variance_and_its_slope(case: Case) -> None:
    q, rtol = np.geomspace(*case.span, 31), 1e-13 if case.closed else 1e-11
    value, slope = case.pairs(q, q, q)
    np.testing.assert_allclose(value, case.made().variance(q), rtol=rtol, atol=0)
    np.testing.assert_allclose(slope, case.made().slope(q), rtol=rtol, atol=0)


@every_case
def test_duals_are_symmetric_in_their_arguments(case: Case) -> None:
    q_a, q_b, c = random_tile(case)
    swapped = [dual.T for dual in case.tile(q_b, q_a, c.T)]
    moments = (case.made().variance, case.made().slope)
    for one, other, moment in zip(case.tile(q_a, q_b, c), swapped, moments, strict=True):
        assert np.all(np.abs(one - other) <= 1e-13 * root_of_products(moment(q_a), moment(q_b)))


@every_case
def test_the_dual_is_the_same_when_nobody_wants_the_slope(case: Case) -> None:
    q_a, q_b, c = random_tile(case)
    alone = c.copy()
    case.fill(alone, None, q_a, q_b, case.span)
    assert np.array_equal(alone, case.tile(q_a, q_b, c)[0])


@every_case
def test_duals_are_finite_at_zero_variances(case: Case) -> None:
    q = np.array([0.0, 0.0, 3.0])
    for dual in case.tile(q, q, np.diag(q)):
        assert np.all(np.isfinite(dual))
        np.testing.assert_array_equal(dual, dual.T)


@every_case
def test_gram_matrix_of_awkward_rows_is_positive_semidefinite(case: Case) -> None:
    c = gram_of_awkward_rows(case)
    value, slope = case.tile(np.diagonal(c).copy(), np.diagonal(c).copy(), c)
    for dual in (value,) if case.jumps else (value, slope):
        eigenvalues = np.linalg.eigvalsh((dual + dual.T) / 2)
        assert eigenvalues[0] >= -(1e-12 if case.closed else 1e-10) * eigenvalues[-1]


@every_case
def test_rows_that_are_equal_get_equal_duals(case: Case) -> None:
    """The duplicates of rows 3 to 5 are rows 33 to 35."""
    c = gram_of_awkward_rows(case)
    q = np.diagonal(c).copy()
    activation = case.made()
    for dual, on_diagonal in zip(
        case.tile(q, q, c), (activation.variance(q), activation.slope(q)), strict=True
    ):
        between = dual[[3, 4, 5], [33, 34, 35]]
        np.testing.assert_allclose(between, on_diagonal[3:6], rtol=1e-13 if case.closed else 1e-11)


@pytest.mark.parametrize(("degree", "moment"), [(0, 1), (1, 1), (2, 3), (3, 15), (4, 105)])
def test_rectified_monomials_of_equal_and_of_opposite_rows(degree: int, moment: int) -> None:
    """E[phi(u)^2] = (2p - 1)!!/2 q^p, and of phi(u) and phi(-u) one is always 0."""
    value, slope = one_pair("rectified_monomial", 3.0, 3.0, 3.0, degree=degree)
    assert value == pytest.approx(moment / 2 * 3.0**degree, rel=1e-14)
    if degree > 0:
        assert slope == pytest.approx(
            degree**2 * moment / (2 * degree - 1) / 2 * 3.0 ** (degree - 1), rel=1e-14
        )
    assert one_pair("rectified_monomial", 3.0, 3.0, -3.0, degree=degree) == (0.0, 0.0)


def test_identity_passes_the_covariance_on() -> None:
    assert one_pair("identity", 2.0, 3.0, -1.25) == (-1.25, 1.0)


def test_relu_of_opposite_arguments_is_zero() -> None:
    assert one_pair("relu", 4.0, 9.0, -6.0) == (0.0, 0.0)


def test_erf_of_opposite_arguments_is_minus_the_variance() -> None:
    value, slope = one_pair("erf", 7.0, 7.0, -7.0)
    activation, q = Case("erf").made(), np.array([7.0])
    assert value == pytest.approx(-activation.variance(q).item(), rel=1e-14)
    assert slope == pytest.approx(activation.slope(q).item(), rel=1e-14)


@pytest.mark.parametrize("ulps", [-8, -1, 1, 8])
def test_relu_takes_a_cosine_within_rounding_of_one_as_one(ulps: int) -> None:
    """The angle itself would be 1e-8 off."""
    c = 3.0 * (1 + ulps * np.finfo(np.float64).eps)
    assert one_pair("relu", 3.0, 3.0, c) == pytest.approx((1.5, 0.5), rel=1e-15)
    assert one_pair("relu", 3.0, 3.0, -c) == (0.0, 0.0)
