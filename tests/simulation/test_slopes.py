"""Slopes with width: exact for power laws, with intervals that hold the truth as often as they say."""

import numpy as np
import pytest
from scipy.stats import linregress

from ntkcli.simulation.slopes import slope

WIDTHS = [32, 64, 256, 512]


@pytest.mark.parametrize("power", [-1.0, -0.5, 0.0, 2.0])
def test_a_power_law_has_its_power(power: float) -> None:
    """Whatever stands before it, seed by seed."""
    values = np.multiply.outer(np.power(WIDTHS, power), [1e-9, 1.0, 30.0])
    found = slope(WIDTHS, values, -0.5)
    assert found.value == pytest.approx(power, abs=1e-12)
    assert (found.lower, found.upper) == pytest.approx((power, power), abs=1e-12)
    assert (found.theory, found.is_bound) == (-0.5, False)


def test_it_is_the_least_squares_slope_of_logarithms() -> None:
    values = np.random.default_rng(0).lognormal(size=(4, 6))
    every = [linregress(np.log(WIDTHS), np.log(column)).slope for column in values.T]
    assert slope(WIDTHS, values, 0.0).value == pytest.approx(np.mean(every))


def test_one_seed_has_no_interval() -> None:
    found = slope(WIDTHS, np.array([[4.0], [2.0], [1.0], [0.5]]), -0.5, is_bound=True)
    assert found.value is not None
    assert (found.lower, found.upper, found.is_bound) == (None, None, True)


@pytest.mark.parametrize("wrong", [0.0, np.nan, np.inf])
def test_what_has_no_logarithm_has_no_slope(wrong: float) -> None:
    values = np.ones((4, 3))
    values[2, 1] = wrong
    found = slope(WIDTHS, values, -0.5)
    assert (found.value, found.lower, found.upper, found.theory) == (None, None, None, -0.5)


@pytest.mark.parametrize("widths", [[], [64]])
def test_fewer_than_two_widths_have_no_slope(widths: list[int]) -> None:
    assert slope(widths, np.ones((len(widths), 3)), -0.5).value is None


@pytest.mark.parametrize("seeds", [2, 5, 20])
def test_intervals_hold_the_slope_as_often_as_they_say(seeds: int) -> None:
    rng, tries = np.random.default_rng(1), 1000
    noise = rng.normal(scale=0.3, size=(tries, 4, seeds))
    laws = np.power(WIDTHS, -0.5)[:, None] * np.exp(noise)
    held = 0
    for values in laws:
        found = slope(WIDTHS, values, -0.5)
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower <= -0.5 <= found.upper
    # Five standard deviations of a count with chance 0.95.
    assert abs(held / tries - 0.95) < 5 * np.sqrt(0.95 * 0.05 / tries)
