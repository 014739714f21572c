import math
from dataclasses import asdict
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Action, Flow, relaxation, survival
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.solvers.cholesky import CholeskyFlow

from .gaussian import Problem, dense_flow, spectral_flow
from .spectra import Solver, flow_of, in_blocks

INF = math.inf
GRAM = Problem().ntk.train
Y = Problem().y

positive = st.floats(1e-150, 1e150)


def singular_gram(n: int = 9, rank: int = 4) -> FloatArray:
    factor = np.random.default_rng(7).normal(size=(n, rank))
    return np.asarray(factor @ factor.T)


def exact_relaxation(eigenvalue: float, time: float) -> float:
    """(1 - exp(-t g)) / g in 700 digits."""
    with localcontext(prec=700, Emin=-(10**15), Emax=10**15):
        g, t = Decimal(eigenvalue), Decimal(time)
        decay = Decimal(0) if t * g > 2000 else (-t * g).exp()
        return float((1 - decay) / g)


@pytest.mark.parametrize("exponent", [*range(-300, 301, 25), *range(-20, 4)])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_relaxation_is_exact_to_rounding_at_every_scale(exponent: int, share: float) -> None:
    """At t g = 3.7 * 10^exponent, whichever of the two makes it large or small."""
    eigenvalue, time = 10.0 ** (share * exponent), 3.7 * 10.0 ** ((1 - share) * exponent)
    value = relaxation(np.array([eigenvalue]), time).item()
    assert value == pytest.approx(exact_relaxation(eigenvalue, time), rel=2e-15, abs=0)


def test_relaxation_survives_a_product_beyond_float64() -> None:
    assert relaxation(np.array([1e200]), 1e200).item() == 1e-200
    assert relaxation(np.array([1e-200]), 1e-200).item() == 1e-200


@pytest.mark.parametrize("time", [0.0, 1e-300, 1.0, 1e300])
def test_relaxation_of_a_zero_eigenvalue_is_the_time(time: float) -> None:
    assert np.array_equal(relaxation(np.array([0.0, 0.0]), time), [time, time])


def test_relaxation_at_infinity_is_the_inverse() -> None:
    eigenvalues = np.array([1e-300, 0.25, 4.0, 1e300])
    assert np.array_equal(relaxation(eigenvalues, INF), 1 / eigenvalues)


def test_relaxation_at_zero_is_zero() -> None:
    assert np.array_equal(relaxation(np.array([0.0, 1e-300, 1.0, 1e300]), 0.0), np.zeros(4))


@given(a=positive, b=positive, time=positive)
def test_relaxation_falls_with_the_eigenvalue_and_grows_with_time(a: float, b: float, time: float) -> None:
    eigenvalues = np.array([0.0, *sorted((a, b))])
    now, later = relaxation(eigenvalues, time), relaxation(eigenvalues, 2 * time)
    rounding = 1 + 1e-15
    assert np.all(np.diff(now) <= now[:-1] * (rounding - 1))
    assert np.all(now <= later * rounding)
    assert np.all(later <= 2 * now * rounding)


def test_relaxation_keeps_float32() -> None:
    value = relaxation(np.array([0.0, 2.0], np.float32), 0.5)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, [0.5, (1 - math.exp(-1)) / 2], rtol=1e-6)


@pytest.mark.parametrize("exponent", [*range(-300, 301, 50), *range(-20, 4)])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_survival_is_exact_to_rounding_at_every_scale(exponent: int, share: float) -> None:
    """Of t g, whose rounding moves exp(-t g) by eps t g of itself."""
    eigenvalue, time = 10.0 ** (share * exponent), 3.7 * 10.0 ** ((1 - share) * exponent)
    with localcontext(prec=50, Emin=-(10**15)):
        product = Decimal(time) * Decimal(eigenvalue)
        exact = float((-product).exp()) if product < 2000 else 0.0
    value = survival(np.array([eigenvalue]), time).item()
    assert value == pytest.approx(exact, rel=3e-16 * (2 + min(float(product), 1e3)), abs=0)


def test_survival_goes_from_everything_to_nothing() -> None:
    eigenvalues = np.array([0.0, 1e-300, 1.0, 1e300])
    assert np.array_equal(survival(eigenvalues, 0.0), np.ones(4))
    assert np.array_equal(survival(eigenvalues, INF), np.zeros(4))
    assert np.array_equal(survival(eigenvalues, 1e300), [1.0, math.exp(-1), 0.0, 0.0])


@given(eigenvalue=positive, time=positive)
def test_what_is_learnt_and_what_is_left_make_the_target(eigenvalue: float, time: float) -> None:
    g = np.array([eigenvalue])
    learnt = g * relaxation(g, time)
    np.testing.assert_allclose(learnt + survival(g, time), 1.0, rtol=1e-15)


def agrees_with_dense(action: Action, gram: FloatArray, time: float, rtol: float) -> None:
    """All of an action's answers on Y are those of dense formulas."""
    product = dense_flow(gram, time) @ Y
    np.testing.assert_allclose(action.product(time), product, rtol=rtol, atol=1e-15)
    decay = np.zeros_like(Y) if time == INF else expm(-time * gram) @ Y
    np.testing.assert_allclose(action.decay(time), decay, rtol=rtol, atol=1e-12)
    form = Y.T @ product
    np.testing.assert_allclose(action.quadratic(time, full=True), form, rtol=rtol, atol=1e-15)
    np.testing.assert_allclose(action.quadratic(time, full=False), form.diagonal(), rtol=rtol, atol=1e-15)


@pytest.mark.parametrize("time", [1e-9, 0.01, 1.0, 30.0, INF])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_the_spectral_flow_is_the_function_of_the_matrix(time: float, ridge: float) -> None:
    """The dense formula loses digits to cancellation when the time is short."""
    with_ridge = GRAM + ridge * np.eye(len(GRAM))
    agrees_with_dense(spectral_flow(GRAM, ridge).on(Y), with_ridge, time, rtol=1e-7)


def test_one_action_serves_all_times() -> None:
    action = spectral_flow(GRAM).on(Y)
    for time in [1.0, INF, 0.01, 1.0]:
        agrees_with_dense(action, GRAM, time, rtol=1e-10)


@pytest.mark.parametrize("time", [0.0, 0.01, 1.0, INF])
def test_quadratic_forms_are_those_of_the_product(time: float) -> None:
    action = spectral_flow(GRAM, 0.1).on(Y)
    form = action.quadratic(time, full=True)
    np.testing.assert_allclose(form, Y.T @ action.product(time), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(action.quadratic(time, full=False), form.diagonal(), rtol=1e-13)
    assert np.array_equal(form, form.T)


def test_nothing_is_learnt_at_time_zero() -> None:
    action = spectral_flow(GRAM).on(Y)
    assert np.array_equal(action.product(0.0), np.zeros_like(Y))
    np.testing.assert_allclose(action.decay(0.0), Y, rtol=1e-13)


def test_the_spectral_flow_of_a_singular_matrix_is_finite() -> None:
    """In its null space, where nothing decays, F_t is t: the limit of regular matrices."""
    gram = singular_gram()
    regular = dense_flow(gram + 1e-7 * np.eye(len(gram)), 2.0)
    np.testing.assert_allclose(spectral_flow(gram).on(Y).product(2.0), regular @ Y, rtol=1e-5, atol=1e-6)


def test_the_cholesky_flow_is_the_inverse() -> None:
    agrees_with_dense(CholeskyFlow(Cholesky(in_blocks(GRAM))).on(Y), GRAM, INF, rtol=1e-11)


def test_the_quadratic_forms_of_cholesky_are_squares() -> None:
    """Variances that are subtracted: never negative, and symmetric to the last bit."""
    action = CholeskyFlow(Cholesky(in_blocks(GRAM))).on(Y)
    form = action.quadratic(INF, full=True)
    assert np.array_equal(form, form.T)
    assert np.all(action.quadratic(INF, full=False) > 0)


@pytest.mark.parametrize("time", [0.0, 1.0, 1e300])
def test_a_cholesky_factor_refuses_every_time_but_inf(time: float) -> None:
    action = CholeskyFlow(Cholesky(in_blocks(GRAM))).on(Y)
    with pytest.raises(TypeError, match="no finite times"):
        action.product(time)
    with pytest.raises(TypeError, match="no finite times"):
        action.decay(time)
    with pytest.raises(TypeError, match="no finite times"):
        action.quadratic(time, full=True)


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_the_health_of_the_matrix_is_told(ridge: float) -> None:
    with_ridge = GRAM + ridge * np.eye(len(GRAM))
    eigenvalues, factor = np.linalg.eigvalsh(with_ridge), np.linalg.cholesky(with_ridge)
    by_eigh, by_cholesky = (
        flow_of(GRAM, "eigh", [1.0], ridge=ridge),
        flow_of(GRAM, "cholesky", [INF], ridge=ridge),
    )
    assert asdict(by_eigh.health) == {
        "smallest_eigenvalue": pytest.approx(eigenvalues[0], rel=1e-10),
        "condition": pytest.approx(eigenvalues[-1] / eigenvalues[0], rel=1e-10),
    }
    pivot = pytest.approx(factor.diagonal().min() ** 2, rel=1e-10)
    assert asdict(by_cholesky.health) == {"smallest_pivot": pivot}


def test_a_matrix_with_a_negative_eigenvalue_has_no_condition_number() -> None:
    """Of rounding: the smallest eigenvalue is told as it was computed."""
    gram = np.diag([1.0, 1.0, -1e-17])
    assert asdict(spectral_flow(gram).health) == {"smallest_eigenvalue": -1e-17, "condition": None}
    assert asdict(spectral_flow(gram, 0.5).health)["condition"] == pytest.approx(3.0)


@pytest.mark.parametrize(("solver", "time", "rtol"), [("eigh", 1.0, 1e-4), ("cholesky", INF, 1e-3)])
def test_float32_matrices_give_what_float64_ones_do(solver: Solver, time: float, rtol: float) -> None:
    single = flow_of(GRAM.astype(np.float32), solver, [time], ridge=0.1).on(Y)
    double = flow_of(GRAM, solver, [time], ridge=0.1).on(Y)
    assert single.product(time).dtype == np.float32
    np.testing.assert_allclose(single.product(time), double.product(time), rtol=rtol, atol=rtol)
    np.testing.assert_allclose(single.decay(time), double.decay(time), rtol=rtol, atol=rtol)
    form, expected = (action.quadratic(time, full=True) for action in (single, double))
    np.testing.assert_allclose(form, expected, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("flow", [spectral_flow(GRAM), CholeskyFlow(Cholesky(in_blocks(GRAM)))])
def test_the_columns_are_left_alone(flow: Flow) -> None:
    b = Y.copy(order="F")
    action = flow.on(b)
    for time in (INF, INF):
        action.product(time)
        action.decay(time)
        action.quadratic(time, full=True)
    assert np.array_equal(b, Y)
