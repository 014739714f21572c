"""Which training rows calibrate: left out one at a time where that is affordable, and held out elsewhere."""

import math
from pathlib import Path
from typing import Any

import pytest

from ntkcli.jobs.calibration_rows import CalibrationRows, calibration_rows
from ntkcli.planning.budget import Budget
from ntkcli.planning.planner import Planner
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.question import Question
from ntkcli.spec.spec import Spec

GIB = 2**30


def chosen(
    n: int,
    time: float = math.inf,
    *,
    classes: bool = False,
    memory: int = 64 * GIB,
    **sections: dict[str, Any],
) -> CalibrationRows:
    spec = Spec.model_validate({"data": {"train": Path("t.csv"), "target": "y"}, **sections})
    budget = Budget(memory, 2**40, Path())
    planner = Planner(Sizes(n, m=100, d=5), budget, Question({"ntk": [time]}, ridge=0.1))
    return calibration_rows(spec, planner, is_classification=classes)


@pytest.mark.parametrize("n", [3, 1000, 20_000, 50_000])
def test_at_time_inf_rows_are_left_out_however_many_there_are(n: int) -> None:
    found = chosen(n)
    assert (found.by, len(found.rows)) == ("leave_one_out", min(n, 1000))
    assert found.left_out == found.rows
    assert sorted(set(found.rows)) == list(found.rows)


def test_at_a_finite_time_of_many_rows_they_are_held_out() -> None:
    assert chosen(300, time=10.0).by == "leave_one_out"
    found = chosen(20_000, time=10.0)
    assert (found.by, len(found.rows), found.left_out) == ("held_out", 1000, ())


def test_no_more_than_a_fifth_is_held_out() -> None:
    assert len(chosen(100, output={"interval_from": "held_out"}).rows) == 20


def test_too_few_rows_to_hold_any_out_are_left_out() -> None:
    assert chosen(4, time=10.0).by == "leave_one_out"
    assert chosen(4, output={"interval_from": "held_out"}).left_out == (0, 1, 2, 3)


@pytest.mark.parametrize("by", ["leave_one_out", "held_out"])
def test_the_spec_may_ask_for_either(by: str) -> None:
    assert chosen(20_000, time=10.0, output={"interval_from": by}).by == by
    assert chosen(20_000, output={"interval_from": by}).by == by


@pytest.mark.parametrize("output", [{"interval_from": "normal"}, {"std": False}])
def test_without_intervals_to_fit_there_are_none(output: dict[str, Any]) -> None:
    found = chosen(100, output=output)
    assert (found.rows, found.unseen) == ((), None)


def test_probabilities_and_scales_take_rows_that_are_left_out() -> None:
    normal = {"interval_from": "normal"}
    assert chosen(20_000, time=10.0, classes=True, output=normal).by == "leave_one_out"
    scaled = {"variance_scale": "auto"}
    assert len(chosen(20_000, time=10.0, inference=scaled, output=normal).rows) == 1000


def test_a_fit_that_does_not_fit_leaves_out_rows_so_that_it_says_so_itself() -> None:
    assert chosen(20_000, memory=1000).by == "leave_one_out"
