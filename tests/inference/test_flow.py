import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import (
    CholeskyFlow,
    Flow,
    PriorFlow,
    SpectralFlow,
    make_flow,
    relaxation,
    solver_for,
)
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.singular import SingularMatrixError

from .gaussian import Problem, dense_flow, spectral_flow

INF = math.inf
GRAM = Problem().ntk.train
Y = Problem().y

positive = st.floats(1e-150, 1e150)


def in_blocks(matrix: FloatArray) -> SymmetricBlocks:
    blocks = SymmetricBlocks(len(matrix), dtype=matrix.dtype)
    blocks[0, 0][:] = matrix
    return blocks


def singular_gram(n: int = 9, rank: int = 4) -> FloatArray:
    factor = np.random.default_rng(7).normal(size=(n, rank))
    return np.asarray(factor @ factor.T)


def ignore(_: int) -> None:
    """Nobody watches the progress."""


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


@pytest.mark.parametrize("time", [1e-9, 0.01, 1.0, 30.0, INF])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_the_spectral_flow_is_the_function_of_the_matrix(time: float, ridge: float) -> None:
    expected = dense_flow(GRAM + ridge * np.eye(len(GRAM)), time) @ Y
    np.testing.assert_allclose(spectral_flow(GRAM, ridge).apply(time, Y), expected, rtol=1e-7, atol=1e-15)


@pytest.mark.parametrize("time", [0.0, 0.01, 1.0, INF])
def test_the_root_of_the_spectral_flow_squares_to_it(time: float) -> None:
    flow = spectral_flow(GRAM, 0.1)
    root = flow.root(time, Y)
    np.testing.assert_allclose(root.T @ root, Y.T @ flow.apply(time, Y), rtol=1e-12, atol=1e-15)


def test_the_spectral_flow_of_a_singular_matrix_is_finite() -> None:
    """In its null space, where nothing decays, F_t is t: the limit of regular matrices."""
    gram = singular_gram()
    regular = dense_flow(gram + 1e-7 * np.eye(len(gram)), 2.0)
    np.testing.assert_allclose(spectral_flow(gram).apply(2.0, Y), regular @ Y, rtol=1e-5, atol=1e-6)


def test_the_cholesky_flow_is_the_inverse() -> None:
    flow = CholeskyFlow(Cholesky(in_blocks(GRAM)))
    root = flow.root(INF, Y)
    np.testing.assert_allclose(flow.apply(INF, Y), np.linalg.solve(GRAM, Y), rtol=1e-11)
    np.testing.assert_allclose(root.T @ root, Y.T @ np.linalg.solve(GRAM, Y), rtol=1e-11)


def test_the_flow_of_the_prior_is_nothing() -> None:
    for result in (PriorFlow().apply(0.0, Y), PriorFlow().root(0.0, Y)):
        assert np.array_equal(result, np.zeros_like(Y))


@pytest.mark.parametrize(
    ("times", "solver", "kind"),
    [
        ([0.0], "none", PriorFlow),
        ([INF], "cholesky", CholeskyFlow),
        ([0.0, INF], "cholesky", CholeskyFlow),
        ([1.0], "eigh", SpectralFlow),
        ([0.0, 1.0, INF], "eigh", SpectralFlow),
    ],
)
def test_the_cheapest_factorisation_is_chosen(times: list[float], solver: str, kind: type[Flow]) -> None:
    flow = make_flow(in_blocks(GRAM), 0.0, times, ignore)
    assert isinstance(flow, kind)
    assert flow.name == solver_for(times) == solver


@pytest.mark.parametrize("times", [[INF], [1.0, INF]])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_every_factorisation_has_the_ridge(times: list[float], ridge: float) -> None:
    flow = make_flow(in_blocks(GRAM), ridge, times, ignore)
    expected = np.linalg.solve(GRAM + ridge * np.eye(len(GRAM)), Y)
    np.testing.assert_allclose(flow.apply(INF, Y), expected, rtol=1e-10)


@pytest.mark.parametrize("times", [[INF], [1.0, INF]])
def test_a_singular_matrix_has_no_limit_without_a_ridge(times: list[float]) -> None:
    gram = singular_gram()
    with pytest.raises(SingularMatrixError):
        make_flow(in_blocks(gram), 0.0, times, ignore)
    expected = np.linalg.solve(gram + 0.1 * np.eye(len(gram)), Y)
    np.testing.assert_allclose(
        make_flow(in_blocks(gram), 0.1, times, ignore).apply(INF, Y), expected, rtol=1e-9
    )


def test_a_singular_matrix_is_fine_at_finite_times() -> None:
    flow = make_flow(in_blocks(singular_gram()), 0.0, [0.0, 1.0], ignore)
    assert np.all(np.isfinite(flow.apply(1.0, Y)))


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_the_health_of_the_matrix_is_told(ridge: float) -> None:
    with_ridge = GRAM + ridge * np.eye(len(GRAM))
    eigenvalue, pivot = (
        np.linalg.eigvalsh(with_ridge)[0],
        np.linalg.cholesky(with_ridge).diagonal().min() ** 2,
    )
    by_eigh, by_cholesky = (make_flow(in_blocks(GRAM), ridge, [time], ignore).health for time in (1.0, INF))
    assert by_eigh == {"smallest_eigenvalue": pytest.approx(eigenvalue, rel=1e-10)}
    assert by_cholesky == {"smallest_pivot": pytest.approx(pivot, rel=1e-10)}


@pytest.mark.parametrize(("time", "rtol"), [(1.0, 1e-4), (INF, 1e-3)])
def test_float32_matrices_give_what_float64_ones_do(time: float, rtol: float) -> None:
    single = make_flow(in_blocks(GRAM.astype(np.float32)), 0.1, [time], ignore).apply(time, Y)
    double = make_flow(in_blocks(GRAM), 0.1, [time], ignore).apply(time, Y)
    np.testing.assert_allclose(single, double, rtol=rtol, atol=rtol)
