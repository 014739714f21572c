import math

import numpy as np
import pytest

from ntkcli.reports.figure import new_figure
from ntkcli.reports.time_axis import TimeAxis

from .drawn import points

CURVE = {"marker": "o"}


def test_time_0_has_no_place_and_time_inf_is_at_the_right_end() -> None:
    times = TimeAxis.of([0.0, 0.1, 100.0, math.inf])
    zero, first, last, infinity = times.places([0.0, 0.1, 100.0, math.inf])
    assert math.isnan(zero)
    assert (first, last) == (0.1, 100.0)
    assert 100.0 < infinity < 1000.0


@pytest.mark.parametrize(
    "times", [[0.0, 1.0, 1e5, math.inf], [2.0, math.inf], [math.inf], [1.0, 1.5, math.inf]]
)
def test_inf_is_named_last_and_inside(times: list[float]) -> None:
    axes, axis = new_figure(4, 3).subplots(), TimeAxis.of(times)
    axis.set_up(axes)
    ticks = axes.get_xticks()
    assert [label.get_text() for label in axes.get_xticklabels()][-1] == "inf"
    assert ticks[-1] == axis.infinity < axes.get_xlim()[1]
    assert all(np.diff(ticks) > 0)


def test_without_time_inf_none_is_named() -> None:
    axes = new_figure(4, 3).subplots()
    TimeAxis.of([0.0, 1.0, 10.0]).set_up(axes)
    assert "inf" not in [label.get_text() for label in axes.get_xticklabels()]


def test_one_time_is_the_tick() -> None:
    axes = new_figure(4, 3).subplots()
    TimeAxis.of([0.0, 0.7]).set_up(axes)
    assert axes.get_xticks().tolist() == [0.7]


def test_a_series_is_a_line_and_a_level_piece_at_time_inf() -> None:
    axes, axis = new_figure(4, 3).subplots(), TimeAxis.of([0.0, 1.0, 10.0, math.inf])
    axis.draw(axes, [0.0, 1.0, 10.0, math.inf], [9.0, 8.0, 7.0, 6.0], CURVE, "loss")
    line, level = axes.lines
    assert (points(line).tolist(), line.get_label()) == ([[1.0, 8.0], [10.0, 7.0]], "loss")
    x, y = points(level).T
    assert set(y) == {6.0}
    assert axis.last < x.min() < axis.infinity < x.max()
