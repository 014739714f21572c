import math
from collections.abc import Callable

import numpy as np
import pytest

from ntkcli.reports.axes import (
    draw_bars,
    in_unit,
    log_labels,
    log_limits,
    log_spread,
    log_ticks,
    set_log_at,
    spread,
)
from ntkcli.reports.figure import new_figure

from .drawn import bars


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.2), (3.0, 17.0), (0.02, 4.0), (0.5, 9e3), (1e-300, 1e300)])
def test_a_log_axis_has_some_ticks_and_not_too_many(low: float, high: float) -> None:
    ticks = log_ticks(low, high)
    assert 2 <= len(ticks) <= 8
    assert low <= min(ticks)
    assert max(ticks) <= high
    assert len(set(log_labels(ticks))) == len(ticks)


def test_ticks_are_round() -> None:
    assert log_ticks(0.5, 2e6) == pytest.approx([1, 10, 100, 1e3, 1e4, 1e5, 1e6], rel=1e-14)
    assert log_ticks(3, 170) == pytest.approx([3, 10, 30, 100], rel=1e-14)
    assert log_ticks(3, 27) == pytest.approx([5, 10, 20], rel=1e-14)


def test_labels_are_plain_where_all_are_short() -> None:
    assert log_labels([0.003, 1, 30_000]) == ["0.003", "1", "30,000"]
    assert log_labels([1e-4, 1, 3e4]) == ["$10^{-4}$", "$10^{0}$", r"$3 \times 10^{4}$"]


def test_limits_have_all_that_is_above_0_inside() -> None:
    low, high = log_limits([[2.0, 0.0, -1.0], [50.0, math.nan, math.inf]])
    assert 1 < low < 2
    assert 50 < high < 100


def test_limits_reach_only_so_deep() -> None:
    assert log_limits([1e-30, 1.0], 1e8)[0] == pytest.approx(1e-8, rel=0.9)


@pytest.mark.parametrize("values", [[], [0.0], [math.nan], [7.0], [5e-324, 1.7e308]])
def test_there_are_always_limits(values: list[float]) -> None:
    low, high = log_limits(values)
    assert 0 < low < high < math.inf


def test_a_unit_is_in_brackets_and_is_no_mathematics() -> None:
    assert in_unit("error", "") == "error"
    assert in_unit("price", "$ or $$") == r"price (\$ or \$\$)"


def test_the_largest_value_is_always_named_and_none_touch() -> None:
    axes = new_figure(4, 3).subplots()
    set_log_at(axes, [1, 1000, 1001, 1024])
    assert axes.get_xticks().tolist() == [1, 1024]
    set_log_at(axes, [32, 64, 128])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["32", "64", "128"]


def test_a_bar_that_reaches_0_leaves_the_panel_at_the_bottom() -> None:
    axes = new_figure(4, 3).subplots()
    draw_bars(axes, [1.0, 2.0], [3.0, 4.0], [5.0, 1.0], {})
    reaching, other = bars(axes)
    assert 0 < reaching[0] < 1e-10
    assert other == [3.0, 5.0]


@pytest.mark.parametrize("pick", [spread, log_spread])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 60, 5000])
def test_what_is_picked_has_both_ends_and_nothing_twice(
    pick: Callable[[int, int], list[int]], count: int
) -> None:
    picked = pick(count, 12)
    assert len(picked) <= 12
    assert picked == sorted(set(picked))
    assert {0, count - 1} <= set(picked) or count == 0


def test_few_are_all_picked() -> None:
    assert spread(5, 12) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(np.diff(spread(101, 11)), 10)
