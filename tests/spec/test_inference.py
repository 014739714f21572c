"""The inference section."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from ntkcli.spec.inference import InferenceSpec

Faults = Callable[[str], list[str]]
make = InferenceSpec.model_validate

CONFLICTS: list[tuple[dict[str, Any], str, str]] = [
    ({"kernel": "ntkgp", "time": 1}, "time", "exists at time inf only: add inf to time"),
    ({"kernel": ["ntk", "ntkgp"], "time": [0, 1]}, "time", "add inf to time"),
    ({"kernel": "ntkgp", "time": "auto"}, "time", "exists at time inf only: use inf"),
    ({"kernel": ["ntk", "nngp"], "time": "auto"}, "time", "auto picks for one kernel"),
    ({"kernel": ["ntk", "nngp"], "ridge": {"ntk": 1}}, "ridge", "has none for nngp: give nngp a number too"),
    (
        {"kernel": "ntkgp", "ridge": {"ntk": 1, "nngp": 1}},
        "ridge",
        "nngp is for no kernel",
    ),
]

WRONG = [
    ("ridge: autto", "ridge: should be 'auto' or a valid number", "'autto'); did you mean 'auto'?"),
    ("ridge: -1", "ridge: should be 'auto' or greater than or equal to 0", "(found -1)"),
    ("ridge: [0.1]", "ridge: should be 'auto' or a valid number", "(found [0.1])"),
    ("ridge: {ntk: -1}", "ridge.ntk: should be greater than or equal to 0", "(found -1)"),
    ("ridge: {ntkgp: 1}", "ridge.ntkgp: should be 'nngp' or 'ntk'", "(found 'ntkgp'); did you mean 'ntk'?"),
    ("ridge:", "ridge: should be 'auto' or a valid number", "(it has no value)"),
    ("ridge: true", "ridge: should be 'auto' or a valid number", "(found True)"),
    ("time: autto", "time: should be 'auto' or a valid number", "'autto'); did you mean 'auto'?"),
    ("time: -1", "time: should be 'auto' or greater than or equal to 0", "(found -1)"),
    ("time: true", "time: should be 'auto' or a valid number", "(found True)"),
    ("time: [1, auto]", "time[1]: should be a valid number", "(found 'auto')"),
    ("time: [1, -1]", "time[1]: should be greater than or equal to 0", "(found -1)"),
    ("variance_scale: aut", "variance_scale: should be 'auto' or a valid number", "did you mean 'auto'?"),
    ("variance_scale: 0", "variance_scale: should be 'auto' or greater than 0", "(found 0)"),
    ("variance_scale: .inf", "variance_scale: should be 'auto' or a finite number", "(found inf)"),
]


@pytest.mark.parametrize(("keys", "place", "reason"), CONFLICTS)
def test_keys_that_contradict_each_other_are_refused_at_one_of_them(
    keys: dict[str, Any], place: str, reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason) as refusal:
        make(keys)
    (error,) = refusal.value.errors()
    assert error["ctx"]["key"] == place


@pytest.mark.parametrize(("line", "start", "end"), WRONG)
def test_a_wrong_value_is_reported_in_one_line_with_what_was_found(
    faults: Faults, line: str, start: str, end: str
) -> None:
    (fault,) = faults(f"data: {{train: t.csv, target: y}}\ninference:\n  {line}\n")
    assert fault.startswith(f"3: inference.{start}")
    assert fault.endswith(end)


@pytest.mark.parametrize("kernel", ["ntk", "nngp"])
@pytest.mark.parametrize("keys", [{"ridge": "auto"}, {"time": "auto"}, {"ridge": "auto", "time": "auto"}])
def test_auto_waits_for_the_data(kernel: str, keys: dict[str, str]) -> None:
    inference = make({"kernel": kernel, **keys})
    assert inference.is_automatic
    for key, value, number in (
        ("ridge", inference.ridge, "given_ridge"),
        ("time", inference.time, "times"),
    ):
        if key in keys:
            assert value == "auto"
            with pytest.raises(ValueError, match=f"inference.{key} is still auto"):
                getattr(inference, number)


def test_a_ridge_may_be_picked_for_ntkgp() -> None:
    assert make({"kernel": "ntkgp", "ridge": "auto"}).is_automatic


def test_stand_ins_are_numbers_that_take_as_much_work() -> None:
    inference = make({"time": "auto", "ridge": "auto", "loss": "mean"}).with_stand_ins()
    assert not inference.is_automatic
    assert inference.ridge == 0.1
    assert inference.has_finite_time
    assert inference.loss == "mean"
    given = make({"time": [0, 3], "ridge": 0.5})
    assert given.with_stand_ins() == given


def test_every_gram_matrix_may_have_a_ridge_of_its_own() -> None:
    assert make({"kernel": ["ntk", "nngp"], "ridge": {"ntk": 0.1, "nngp": 2}}).given_ridge == {
        "ntk": 0.1,
        "nngp": 2,
    }
    assert make({"kernel": "ntkgp", "ridge": {"ntk": 0.1}}).given_ridge == 0.1


def test_numbers_are_not_automatic() -> None:
    inference = make({"time": [0, "inf"], "ridge": "1e-3", "variance_scale": "auto"})
    assert not inference.is_automatic
    assert (inference.times, inference.given_ridge) == ([0.0, math.inf], 1e-3)
    assert inference.variance_scale == "auto"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, False),
        ({"time": [0, "inf"]}, False),
        ({"time": [0, 2]}, True),
        ({"time": "auto"}, True),
        ({"kernel": "ntkgp", "time": [1, "inf"]}, False),
        ({"kernel": ["ntkgp", "ntk"], "time": [1, "inf"]}, True),
    ],
)
def test_a_finite_time_is_one_that_some_kernel_has(keys: dict[str, Any], expected: bool) -> None:
    assert make(keys).has_finite_time is expected
