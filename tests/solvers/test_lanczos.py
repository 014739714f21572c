from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import relaxation, survival
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.solvers import lanczos
from ntkcli.solvers.lanczos import LanczosFlow, LanczosHealth
from ntkcli.solvers.shift_invert import BEST_PRODUCT, WIDEST_RATIO, near_times, pole

from ..inference.spectra import SPECTRA, columns, every_spectrum, flow_of, in_blocks, size, symmetric

EPS = float(np.finfo(np.float64).eps)
N = 40

any_time = st.floats(5e-324, 1.7e308)
decades = st.integers(-300, 300).map(lambda exponent: 10.0**exponent)


class CountingCholesky(Cholesky):
    """Keeps how many columns each solve had."""

    def __init__(self, matrix: FloatArray) -> None:
        super().__init__(in_blocks(matrix))
        self.solved: list[int] = []

    def solve(self, b: FloatArray) -> FloatArray:
        """G^{-1} b."""
        self.solved.append(b.shape[1])
        return super().solve(b)


@dataclass
class Example:
    """A matrix, some columns, and a flow for some times."""

    matrix: FloatArray
    times: list[float]
    tolerance: float = 1e-10
    b: FloatArray = field(init=False)
    factor: CountingCholesky = field(init=False)
    flow: LanczosFlow = field(init=False)

    def __post_init__(self) -> None:
        n, shift = len(self.matrix), pole(self.times)
        self.b = columns(n, 7)
        self.factor = CountingCholesky(self.matrix + shift * np.eye(n))
        self.flow = LanczosFlow(self.factor, shift, self.tolerance)

    def product(self, time: float) -> FloatArray:
        """F_t(G) b by LAPACK's eigenvectors."""
        return self._by_eigh(relaxation, time)

    def decay(self, time: float) -> FloatArray:
        """exp(-t G) b by LAPACK's eigenvectors."""
        return self._by_eigh(survival, time)

    def _by_eigh(self, function: Callable[[FloatArray, float], FloatArray], time: float) -> FloatArray:
        eigenvalues, vectors = np.linalg.eigh(self.matrix)
        values = function(np.maximum(eigenvalues, 0.0), time)
        return np.asarray(vectors @ (values[:, None] * (vectors.T @ self.b)))


def power_law() -> FloatArray:
    return symmetric(SPECTRA["power law"](N))


@given(times=st.lists(st.one_of(any_time, decades), max_size=12))
def test_near_times_are_groups_of_all_times_in_order(times: list[float]) -> None:
    groups = near_times(times)
    assert [time for group in groups for time in group] == sorted(times)
    assert all(groups)


@given(times=st.lists(st.one_of(any_time, decades, st.floats(0.1, 1000)), min_size=1, max_size=12))
def test_near_times_are_within_a_ratio_and_no_group_could_take_more(times: list[float]) -> None:
    groups = near_times(times)
    for group in groups:
        assert group[-1] <= WIDEST_RATIO * group[0]
    for group, following in pairwise(groups):
        assert following[0] > WIDEST_RATIO * group[0]


@pytest.mark.parametrize(
    ("times", "groups"),
    [
        ([], []),
        ([3.0], [[3.0]]),
        ([10.0, 1.0], [[1.0, 10.0]]),
        ([1.0, 10.5], [[1.0], [10.5]]),
        ([1.0, 5.0, 20.0, 40.0, 300.0], [[1.0, 5.0], [20.0, 40.0], [300.0]]),
    ],
)
def test_known_times_have_their_groups(times: list[float], groups: list[list[float]]) -> None:
    assert near_times(times) == groups


@given(
    time=any_time,
    ratio=st.floats(1, WIDEST_RATIO),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_the_pole_is_a_positive_number_within_range_for_every_time(
    time: float, ratio: float, dtype: type[np.floating[Any]]
) -> None:
    """With room for a matrix to be added and for products."""
    shift = pole([time, min(ratio * time, 1.7e308)], dtype)
    assert 0 < shift < 1e-6 * np.finfo(dtype).max


@given(time=st.floats(1e-95, 1e300), ratio=st.floats(1, WIDEST_RATIO))
def test_the_pole_lies_halfway_between_those_of_its_times(time: float, ratio: float) -> None:
    """As ratios: no end of the group is served worse than the other."""
    shift, first, last = pole([time, ratio * time]), pole([time]), pole([ratio * time])
    assert first * time == pytest.approx(BEST_PRODUCT, rel=1e-14)
    assert shift / last == pytest.approx(first / shift, rel=1e-13)
    assert pole([ratio * time, 1.5 * time, time]) == pytest.approx(shift, rel=1e-13) or ratio < 1.5


@every_spectrum
@pytest.mark.parametrize("first", [1e-3, 1.0, 1e2, 1e5])
def test_one_pole_serves_all_times_of_a_group(spectrum: str, first: float) -> None:
    """Both ends, a factor of 10 apart, and twice the last: the posterior's spread needs F_2t."""
    example = Example(symmetric(SPECTRA[spectrum](N)), [first, 10 * first])
    action = example.flow.on(example.b)
    for time in [first, 3 * first, 10 * first, 2 * first, 20 * first]:
        truth, left = example.product(time), example.decay(time)
        limit = 1e-9 + 10 * EPS * time
        assert np.all(size(action.product(time) - truth) <= limit * size(truth))
        assert np.all(size(action.decay(time) - left) <= limit * size(example.b))


@every_spectrum
@pytest.mark.parametrize("time", [1e-18, 1e-100, 1e-300])
def test_in_the_beginning_the_coefficients_are_the_time_times_the_targets(spectrum: str, time: float) -> None:
    """1 - exp(-t G) without cancellation: to the rounding of two solves and a sum."""
    example = Example(symmetric(SPECTRA[spectrum](N)), [time])
    action = example.flow.on(example.b)
    error = size(action.product(time) / time - example.b)
    assert np.all(error <= 100 * EPS * size(example.b))
    assert np.all(size(action.decay(time) - example.b) <= 200 * EPS * size(example.b))


@pytest.mark.parametrize("time", [1e-10, 1e-30, 1e-60, 1e-300])
def test_times_too_short_for_float32_are_no_trouble(time: float) -> None:
    """Where t b leaves its range, it is 0."""
    flow = flow_of(power_law().astype(np.float32), "lanczos", [time], tolerance=1e-5)
    b = columns(N, 7)
    np.testing.assert_allclose(flow.on(b).product(time), time * b, rtol=1e-5, atol=1e-37)
    np.testing.assert_allclose(flow.on(b).decay(time), b, rtol=1e-5)


def test_in_the_end_the_coefficients_of_a_regular_matrix_are_the_inverse() -> None:
    example = Example(symmetric(SPECTRA["condition 1e4"](N)), [1e12])
    inverse = np.linalg.solve(example.matrix, example.b)
    np.testing.assert_allclose(example.flow.on(example.b).product(1e12), inverse, rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-80, 1e-10, 1e10, 1e80])
def test_only_the_product_of_time_and_matrix_counts(scale: float) -> None:
    """To the tolerance: F_{t / c}(c G) = F_t(G) / c."""
    one, scaled = Example(power_law(), [7.0]), Example(scale * power_law(), [7.0 / scale])
    expected = one.flow.on(one.b).product(7.0)
    product = scaled.flow.on(one.b).product(7.0 / scale) * scale
    np.testing.assert_allclose(product, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("at_once", [2, 3, 6, 7])
def test_columns_in_groups_are_as_all_at_once(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    whole, parts = Example(power_law(), [30.0]), Example(power_law(), [30.0])
    together = whole.flow.on(whole.b)
    monkeypatch.setattr(lanczos, "COLUMNS_AT_ONCE", at_once)
    apart = parts.flow.on(parts.b)
    for result, expected in [
        (apart.product(30.0), together.product(30.0)),
        (apart.decay(30.0), together.decay(30.0)),
        (apart.quadratic(30.0, full=True), together.quadratic(30.0, full=True)),
        (apart.quadratic(30.0, full=False), together.quadratic(30.0, full=False)),
    ]:
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9)
    assert max(parts.factor.solved) == at_once
    assert max(whole.factor.solved) == 7


def test_a_second_time_takes_only_the_steps_that_are_missing() -> None:
    example = Example(power_law(), [10.0, 100.0])
    action = example.flow.on(example.b)
    for count, time in enumerate([10.0, 100.0, 10.0, 20.0], start=1):
        action.product(time)
        # One solve for every step so far, and the last one of every product.
        assert len(example.factor.solved) == example.flow.steps + count


def test_quadratic_forms_are_those_of_the_product() -> None:
    example = Example(power_law(), [10.0])
    action, expected = example.flow.on(example.b), example.b.T @ example.product(10.0)
    full, diagonal = action.quadratic(10.0, full=True), action.quadratic(10.0, full=False)
    np.testing.assert_allclose(full, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(diagonal, expected.diagonal(), rtol=1e-9)


def test_health_tells_the_pole_and_the_worst_of_the_iterations() -> None:
    example = Example(power_law(), [10.0, 100.0])
    flow = example.flow
    assert flow.health == LanczosHealth(pole([10.0, 100.0]), 1e-10, steps=0, estimated_error=0.0)
    action = flow.on(example.b)
    steps, errors = [], []
    for time in [100.0, 10.0]:
        action.product(time)
        steps.append(flow.health.steps)
        errors.append(flow.health.estimated_error)
    assert 3 <= steps[0] <= steps[1] <= N
    assert 0 < errors[0] <= errors[1] <= example.tolerance
    flow.on(np.zeros((N, 1))).product(10.0)
    assert (flow.health.steps, flow.health.estimated_error) == (steps[1], errors[1])


def test_a_looser_tolerance_takes_fewer_steps_and_is_kept() -> None:
    steps = []
    for tolerance in [1e-2, 1e-5, 1e-10]:
        example = Example(symmetric(SPECTRA["condition 1e8"](N)), [100.0], tolerance)
        truth = example.product(100.0)
        error = size(example.flow.on(example.b).product(100.0) - truth)
        assert np.all(error <= 10 * tolerance * size(truth))
        steps.append(example.flow.steps)
    assert steps[0] < steps[1] < steps[2]


def test_a_tolerance_below_rounding_is_not_reached() -> None:
    example = Example(symmetric(np.geomspace(1, 1e-4, 150)), [1e3], 1e-30)
    with pytest.raises(ConvergenceError, match="after 80 steps"):
        example.flow.on(example.b).product(1e3)


@pytest.mark.parametrize("time", [1.0, 50.0, 200.0, 300.0, 500.0, 1e5])
def test_a_residual_that_has_died_out_is_nothing_to_refine(time: float) -> None:
    """With a ridge of 1 it is exp(-t) or less: what counts of it is relative to the targets."""
    example = Example(symmetric(1 + np.geomspace(1e-2, 1e4, 200)), [time])
    action, limit = example.flow.on(example.b), 1e-9 + 1e5 * EPS * time
    assert np.all(size(action.product(time) - example.product(time)) <= limit * size(example.b))
    assert np.all(size(action.decay(time) - example.decay(time)) <= limit * size(example.b))


def test_the_columns_are_left_alone() -> None:
    example = Example(power_law(), [10.0])
    action = example.flow.on(example.b)
    action.product(10.0)
    action.decay(10.0)
    assert np.array_equal(example.b, columns(N, 7))
