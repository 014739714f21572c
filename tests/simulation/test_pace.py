"""The pace of training: stable, in the units of the spec's loss, and with an end."""

import math
from typing import Any

import numpy as np
import pytest

from ntkcli.errors import SpecError
from ntkcli.simulation.descent import intervals
from ntkcli.simulation.pace import MOST_STEPS, SHARE, Pace
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.simulate import SimulateSpec

from .problems import Y, infinite_width

losses = pytest.mark.parametrize(("loss", "scale"), [("sum", 1.0), ("mean", 1 / 16)])


def pace(learning_rate: Any = "auto", largest_eigenvalue: float = 8.0, /, **inference: Any) -> Pace:
    settings = SimulateSpec(learning_rate=learning_rate)
    return Pace.of(settings, InferenceSpec(**inference), 16, largest_eigenvalue)


@losses
def test_the_largest_learning_rate_is_that_of_the_loss(loss: str, scale: float) -> None:
    """Of loss_scale 1/2 |f - y|^2, whose largest curvature is loss_scale times the largest eigenvalue."""
    found = pace(loss=loss)
    assert found.loss_scale == scale
    assert found.largest == pytest.approx(2 / (scale * 8.0))
    assert found.learning_rate == pytest.approx(SHARE * found.largest)
    # However the loss is scaled, these are the same steps.
    assert found.step == pytest.approx(SHARE * 2 / 8.0)


@losses
def test_the_learning_rate_of_a_spec_is_taken(loss: str, scale: float) -> None:
    found = pace(0.2, loss=loss)
    assert found.learning_rate == 0.2
    assert found.step == pytest.approx(0.2 * scale)
    assert pace(found.largest, loss=loss).learning_rate == found.largest


@losses
def test_a_learning_rate_that_is_not_stable_is_refused(loss: str, scale: float) -> None:
    with pytest.raises(SpecError, match=rf"simulate.learning_rate: .* is above {0.25 / scale:.4g}, the"):
        pace(0.2501 / scale, loss=loss)


@losses
def test_the_learning_rate_of_inference_is_in_its_times_alone(loss: str, scale: float) -> None:
    """There it is the flow's, whose time it scales; gradient descent has its own."""
    slow, fast = (pace(0.2, loss=loss, learning_rate=rate) for rate in (1.0, 10.0))
    assert (fast.step, fast.largest, fast.loss_scale) == pytest.approx(
        (slow.step, slow.largest, slow.loss_scale)
    )
    assert (slow.rate, fast.rate) == pytest.approx((scale, 10 * scale))


def test_gradient_descent_at_the_largest_learning_rate_does_not_grow_and_above_it_does() -> None:
    """On the loss itself, along the largest eigenvalue: each step multiplies by 1 - rate * scale * 8."""
    found = pace(loss="mean")
    assert abs(1 - found.largest * found.loss_scale * 8.0) == pytest.approx(1.0)


def test_where_nothing_is_learned_any_learning_rate_will_do() -> None:
    assert (pace("auto", 0.0).learning_rate, pace(1e9, 0.0).largest) == (1.0, math.inf)


def test_times_ascend_from_0_as_the_spec_has_them() -> None:
    """Digit by digit: they are what tables are read by."""
    wanted = [7.0, 0.1, 0.3, 1e-17, 3.0]
    found = pace(loss="mean", learning_rate=0.3).times(wanted, infinite_width())
    assert found == [0.0, 1e-17, 0.1, 0.3, 3.0, 7.0]
    assert pace().times([0.0], infinite_width()) == [0.0]


@losses
def test_training_to_inf_ends(loss: str, scale: float) -> None:
    infinite = infinite_width(ridge=0.5)
    found = pace("auto", float(infinite.eigenvalues[-1]), loss=loss, learning_rate=3.0)
    start, time, end = found.times([math.inf, 0.1], infinite)
    assert (start, time) == (0.0, 0.1)
    assert end == pytest.approx(infinite.end(MOST_STEPS * found.step) / (3.0 * scale), rel=1e-3)
    assert infinite.left(end * found.rate) <= 0.0101


def test_training_to_inf_does_not_end_before_another_time() -> None:
    infinite = infinite_width(ridge=0.5)
    found = pace("auto", float(infinite.eigenvalues[-1]))
    assert found.times([math.inf, 1e6, 0.1], infinite) == [0.0, 0.1, 1e6]


def test_training_to_inf_alone_is_looked_at_on_the_way() -> None:
    infinite = infinite_width(ridge=0.5)
    start, *way, end = pace("auto", float(infinite.eigenvalues[-1])).times([math.inf], infinite)
    assert start == 0.0
    assert np.allclose(np.array(way) / end, [1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3], rtol=1e-3)


def test_training_to_inf_takes_no_more_than_so_many_steps() -> None:
    infinite = infinite_width(y=np.ones_like(Y))
    found = pace(1e-6, float(infinite.eigenvalues[-1]))
    *_, end = found.times([math.inf], infinite)
    (interval,) = intervals([end * found.rate], found.step)
    assert interval.steps == pytest.approx(MOST_STEPS, rel=1e-3)
