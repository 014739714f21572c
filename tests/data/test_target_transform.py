"""Transforms of targets: there and back, and their slopes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma, norm, yeojohnson

from ntkcli.arrays import FloatArray
from ntkcli.data.target_transform import (
    MOST_KNOTS,
    QuantileTransform,
    TargetTransform,
    YeoJohnsonTransform,
    fit_transform,
)

NORMAL = norm.rvs(size=500, random_state=0)
PRICES = np.exp(1.5 * NORMAL) * 1000
# So skewed that the best power is between 0 and 1.
AMOUNTS = gamma.rvs(4.0, size=500, random_state=1) - 3


def transforms(values: FloatArray) -> list[TargetTransform]:
    found = [fit_transform(name, values) for name in ("log", "yeo-johnson", "quantile")]
    return [transform for transform in found if transform]


@pytest.mark.parametrize("transform", transforms(PRICES), ids=lambda transform: transform.kind)
def test_a_transform_is_undone(transform: TargetTransform) -> None:
    np.testing.assert_allclose(transform.undo(transform.apply(PRICES)), PRICES, rtol=1e-10)
    places = np.linspace(-1, 1, 41)
    np.testing.assert_allclose(transform.apply(transform.undo(places)), places, rtol=1e-10, atol=1e-10)


@given(power=st.floats(0, 2), value=st.floats(-1e4, 1e4))
def test_every_power_is_undone(power: float, value: float) -> None:
    transform, values = YeoJohnsonTransform(power=power, origin=3.0, unit=2.0), np.array([value])
    np.testing.assert_allclose(transform.undo(transform.apply(values)), values, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("power", [0.0, 0.3, 1.0, 2.0])
def test_every_number_is_that_of_a_target(power: float) -> None:
    transform = YeoJohnsonTransform(power=power, origin=0.0, unit=1.0)
    places = np.linspace(-200.0, 200.0, 81)
    values = transform.undo(places)
    assert np.isfinite(values).all()
    assert (np.diff(values) > 0).all()


@pytest.mark.parametrize("transform", transforms(PRICES)[:2], ids=lambda transform: transform.kind)
def test_the_slope_is_the_derivative(transform: TargetTransform) -> None:
    step = 1e-5 * PRICES
    rise = transform.apply(PRICES + step) - transform.apply(PRICES - step)
    np.testing.assert_allclose(np.exp(transform.log_slope(PRICES)), rise / (2 * step), rtol=1e-4)


def test_the_power_is_the_likeliest_one() -> None:
    found = YeoJohnsonTransform.of(AMOUNTS)
    expected, power = yeojohnson((AMOUNTS - found.origin) / found.unit)
    assert 0 < power < 1
    assert found.power == pytest.approx(power, abs=1e-6)
    np.testing.assert_allclose(found.apply(AMOUNTS), expected, rtol=1e-5, atol=1e-8)


def test_a_power_stays_between_0_and_2_where_others_are_likelier() -> None:
    heavy = np.exp(np.exp(NORMAL))
    found = YeoJohnsonTransform.of(heavy)
    assert yeojohnson((heavy - found.origin) / found.unit)[1] < 0
    assert found.power == 0


@given(unit=st.floats(1e-3, 1e3), shift=st.floats(-1e2, 1e2))
def test_unit_and_origin_of_a_target_do_not_matter(unit: float, shift: float) -> None:
    one, other = YeoJohnsonTransform.of(AMOUNTS), YeoJohnsonTransform.of(AMOUNTS * unit + shift)
    assert other.power == pytest.approx(one.power, abs=1e-5)


def test_the_mirrored_target_has_the_mirrored_power() -> None:
    assert YeoJohnsonTransform.of(-AMOUNTS).power == pytest.approx(2 - YeoJohnsonTransform.of(AMOUNTS).power)


def test_ranks_become_those_of_a_normal() -> None:
    found = QuantileTransform.of(PRICES).apply(np.sort(PRICES))
    np.testing.assert_allclose(found, norm.ppf((np.arange(500) + 0.5) / 500), atol=1e-12)


def test_ranks_hold_what_is_beyond_the_targets_of_training() -> None:
    found = QuantileTransform.of(PRICES)
    low, high = PRICES.min(), PRICES.max()
    assert found.undo(np.array([-9.0, 9.0])).tolist() == [low, high]
    assert found.apply(np.array([low / 2, high * 2])).tolist() == [found.places[0], found.places[-1]]


def test_ranks_have_no_density() -> None:
    assert np.isneginf(QuantileTransform.of(PRICES).log_slope(PRICES)).all()


def test_targets_that_repeat_have_one_rank() -> None:
    found = QuantileTransform.of(np.array([0.0, 0.0, 0.0, 5.0]))
    ranks = norm.ppf([0.125, 0.375, 0.625, 0.875])
    np.testing.assert_allclose(found.apply(np.array([0.0, 5.0])), [ranks[:3].mean(), ranks[3]])


def test_many_targets_have_no_more_knots() -> None:
    assert len(QuantileTransform.of(np.arange(20_000.0)).values) == MOST_KNOTS


@pytest.mark.parametrize("name", ["yeo-johnson", "quantile"])
def test_a_constant_target_stays_one(name: str) -> None:
    (transform,) = (one for one in transforms(np.full(7, 4.0)) if one.kind == name)
    assert np.ptp(transform.apply(np.full(7, 4.0))) == 0
    assert transform.undo(transform.apply(np.full(7, 4.0))).tolist() == [4.0] * 7
