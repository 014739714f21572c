"""Every solver gives the same predictions, at any time, and what holds however one solves."""

from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.regression.kernel import KERNELS, KernelName

from .cases import (
    INF,
    Data,
    assert_close,
    assert_same,
    every_kernel,
    finite_solvers,
    flowing_kernels,
    some_data,
    variance,
    with_repeated_rows,
)

POWERS = [1e-6, 1e-4, 1e-2, 0.3, 1.0, 3.0, 10.0, 1e2, 1e4, 1e6, 1e8]


def rounding(time: float) -> float:
    """How far a singular Gram matrix lets solvers differ.

    Its null space is met with rounding, which grows with the time.
    """
    return 1e-9 + 1e-14 * time


def assert_agree(
    data: Data, kernel: KernelName, times: list[float], *, ridge: float = 0.0, singular: bool = False
) -> None:
    """Lanczos, and Cholesky for inf, against the eigendecomposition: means and covariances."""
    by_eigh, others = (
        data.answers({kernel: times}, solver, ridge=ridge, uncertainty="covariance")
        for solver in ("eigh", "lanczos")
    )
    assert by_eigh.keys() == others.keys() == {(kernel, time) for time in times}
    for key, answer in others.items():
        tolerance = rounding(key[1]) if singular else 1e-9
        assert_same(answer.prediction, by_eigh[key].prediction, tolerance)


@flowing_kernels
@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("ridge", [0.0, 0.01])
def test_solvers_agree_at_every_time(kernel: KernelName, activation: str, ridge: float) -> None:
    assert_agree(some_data(20, 3, activation=activation), kernel, [*POWERS, INF], ridge=ridge)


@flowing_kernels
def test_solvers_agree_on_repeated_rows(kernel: KernelName) -> None:
    assert_agree(with_repeated_rows(), kernel, POWERS, singular=True)
    assert_agree(with_repeated_rows(), kernel, [*POWERS, INF], ridge=0.01)


@flowing_kernels
def test_solvers_agree_on_a_linear_network_with_more_rows_than_rank(kernel: KernelName) -> None:
    assert_agree(some_data(12, depth=1), kernel, POWERS, singular=True)


@flowing_kernels
@pytest.mark.parametrize("m", [1, 128, 130])
def test_solvers_agree_however_many_columns_are_solved_at_once(kernel: KernelName, m: int) -> None:
    assert_agree(some_data(6, m), kernel, [0.5, 2.0])


@flowing_kernels
def test_solvers_agree_on_several_blocks(kernel: KernelName, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.kernels.evaluator.SymmetricBlocks", partial(SymmetricBlocks, block_rows=3))
    assert_agree(some_data(11), kernel, [0.01, 1.0, INF], ridge=0.01)


@settings(max_examples=20)
@flowing_kernels
@given(
    n=st.integers(1, 9),
    seed=st.integers(0, 1000),
    exponents=st.lists(st.floats(-6, 8), min_size=1, max_size=3, unique=True),
    ridge=st.sampled_from([0.0, 1e-3, 1.0]),
)
def test_solvers_agree_on_any_rows_and_times(
    kernel: KernelName, n: int, seed: int, exponents: list[float], ridge: float
) -> None:
    rng = np.random.default_rng(seed)
    data = replace(some_data(n), x=rng.normal(size=(n, 4)), y=rng.normal(size=(n, 2)))
    times = [10.0**exponent for exponent in exponents]
    assert_agree(data, kernel, sorted(set(times)), ridge=ridge, singular=True)


@every_kernel
def test_cholesky_and_eigendecomposition_agree_in_the_limit(kernel: KernelName) -> None:
    by_cholesky, by_eigh = (
        some_data(30).predict(kernel, INF, solver, ridge=0.01, uncertainty="covariance")
        for solver in ("cholesky", "eigh")
    )
    assert_same(by_cholesky, by_eigh)


@flowing_kernels
@finite_solvers
@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_a_long_time_approaches_the_limit(kernel: KernelName, solver: str, ridge: float) -> None:
    early, late, limit = (
        some_data().predict(kernel, time, solver, ridge=ridge, uncertainty="covariance")
        for time in (1.0, 1e6, INF)
    )
    assert np.abs(variance(early) - variance(limit)).max() > 1e-3
    assert_same(late, limit)


@flowing_kernels
@finite_solvers
def test_a_short_time_starts_from_the_prior(kernel: KernelName, solver: str) -> None:
    """The mean grows like t Theta(x*, X) y."""
    data, time = some_data(), 1e-9
    prediction, prior = (data.predict(kernel, t, solver) for t in (time, 0.0))
    start = data.kernels(data.x_test, data.x)[KERNELS[kernel].gram] @ data.y
    assert_close(prediction.mean / time, start, 1e-6)
    assert_close(variance(prediction), variance(prior), 1e-6)


@finite_solvers
@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("ridge", [0.0, 1e-3])
def test_the_variance_of_nngp_is_finite_and_falls_at_every_time(
    solver: str, activation: str, ridge: float
) -> None:
    times = [0.0, *POWERS, INF]
    answers = some_data(n=20, activation=activation).answers({"nngp": times}, solver, ridge=ridge)
    variances = np.array([variance(answers["nngp", time].prediction) for time in times])
    assert np.all(np.isfinite(variances))
    # Lanczos stops at a relative error of 1e-10.
    slack = 1e-12 if solver == "eigh" else 1e-9
    assert np.all(np.diff(variances, axis=0) <= slack)
    assert np.all(variances[-1] < 0.9 * variances[0])


@flowing_kernels
def test_a_looser_tolerance_is_met_with_fewer_steps(kernel: KernelName) -> None:
    data, steps = some_data(40), []
    exact = data.predict(kernel, 1.0, "eigh")
    for tolerance in (1e-10, 1e-4):
        regression = data.regression({kernel: [1.0]}, "lanczos", tolerance=tolerance)
        prediction = data.answers_of(regression)[kernel, 1.0].prediction
        assert_same(prediction, exact, 10 * tolerance)
        steps.append(asdict(regression.records[0].health)["steps"])
    assert steps[1] < steps[0]
