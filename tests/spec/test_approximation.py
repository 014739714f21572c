"""inference.approximation."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from ntkcli.spec.approximation import NystromSpec
from ntkcli.spec.spec import Spec

Faults = Callable[[str], list[str]]
Read = Callable[[str], Spec]

HEAD = "data: {train: t.csv, target: y}\n"

WRONG = [
    ("{method: nystrom, centres: 1}", "centres: should be 'auto' or greater than or equal to 2 (found 1)"),
    ("{method: nystrom, centres: 0}", "centres: should be 'auto' or greater than or equal to 2 (found 0)"),
    ("{method: nystrom, centres: -3}", "centres: should be 'auto' or greater than or equal to 2 (found -3)"),
    ("{method: nystrom, centres: 2.5}", "centres: should be 'auto' or a valid integer (found 2.5)"),
    ("{method: nystrom, centres: many}", "centres: should be 'auto' or a valid integer (found 'many')"),
    ("{method: nystrom, centres: true}", "centres: should be 'auto' or a valid integer (found True)"),
    ("{method: nystrom, centres: }", "centres: should be 'auto' or a valid integer (it has no value)"),
    ("{method: nystrom, sample: 1}", "sample: should be 'auto' or greater than or equal to 2 (found 1)"),
    ("{method: nystrom, seed: -1}", "seed: should be greater than or equal to 0 (found -1)"),
    (
        "{method: nystrom, centres: 300, sample: 200}",
        "sample: 300 centres are more than a sample of 200: use auto, or more rows",
    ),
    ("{method: nystrm}", "method: should be 'nystrom' (found 'nystrm'); did you mean 'nystrom'?"),
    (
        "{method: nystrom, centers: 3}",
        "centers: is not a key that ntk knows; did you mean 'centres'?",
    ),
    ("{centres: 300}", "method: is missing, and has no default"),
    ("{}", "method: is missing, and has no default"),
]

CONFLICTS = [
    (
        "output: {kernels: [nngp_train_train]}",
        "output.kernels: nngp_train_train is of all rows",
        "leave it out, or use `ntk kernel` without the approximation",
    ),
    ("output: {factor: true}", "output.factor: true keeps a factor of the Gram matrix", "leave it out"),
    (
        "output: {interval_from: leave_one_out}",
        "output.interval_from: leave_one_out leaves out a row at a time",
        "use auto or held_out",
    ),
    ("compute: {solver: eigh}", "compute.solver: eigh solves with the Gram matrix", "use auto"),
    (
        "compute: {dtype: float32}",
        "compute.dtype: float32 is how the Gram matrix is stored",
        "use float64",
    ),
    ("compute: {dtype: mixed}", "compute.dtype: mixed is how the Gram matrix is stored", "use float64"),
    (
        "compute: {variance_samples: 64}",
        "compute.variance_samples: samples are drawn at all rows",
        "use auto",
    ),
]


def section(value: str) -> str:
    return f"{HEAD}inference:\n  approximation: {value}\n"


@pytest.mark.parametrize(("value", "fault"), WRONG)
def test_a_wrong_value_is_reported_in_one_line_with_what_was_found(
    faults: Faults, value: str, fault: str
) -> None:
    assert faults(section(value)) == [f"3: inference.approximation.{fault}"]


@pytest.mark.parametrize(("value", "found"), [("nystrom", "'nystrom'"), ("[]", "[]")])
def test_anything_but_a_section_is_refused(faults: Faults, value: str, found: str) -> None:
    (fault,) = faults(section(value))
    assert fault.startswith("3: inference.approximation: should be a section")
    assert fault.endswith(f"(found {found})")


@pytest.mark.parametrize("line", ["approximation: none", "approximation:", "approximation: null", "ridge: 1"])
def test_none_and_nothing_are_no_approximation(read: Read, line: str) -> None:
    assert read(f"{HEAD}inference:\n  {line}\n").inference.approximation is None


def test_the_method_is_all_that_has_to_be_said(read: Read) -> None:
    found = read(section("{method: nystrom}")).inference.approximation
    assert found == NystromSpec(method="nystrom", centres="auto", sample="auto", seed=0)


def test_as_many_rows_as_centres_are_a_sample() -> None:
    keys: dict[str, Any] = {"method": "nystrom", "centres": 20, "sample": 20}
    assert NystromSpec.model_validate(keys).sample == 20
    with pytest.raises(ValidationError, match="20 centres are more than a sample of 19"):
        NystromSpec.model_validate({**keys, "sample": 19})


@pytest.mark.parametrize(("line", "start", "remedy"), CONFLICTS)
def test_what_needs_all_rows_at_once_is_refused_where_it_stands(
    faults: Faults, line: str, start: str, remedy: str
) -> None:
    (fault,) = faults(section("{method: nystrom}") + line + "\n")
    assert fault == f"4: {start}, and inference.approximation keeps no training rows: {remedy}"


@pytest.mark.parametrize(
    "line",
    [
        "output: {interval_from: held_out}",
        "output: {interval_from: normal, covariance: true, samples: 2}",
        "output: {noise: true}",
        "compute: {variance_samples: none, solver: auto, dtype: float64}",
    ],
)
def test_all_else_is_there_for_an_approximation_too(read: Read, line: str) -> None:
    assert read(section("{method: nystrom}") + line + "\n").inference.approximation


def test_variances_may_be_scaled_by_rows_held_out(read: Read) -> None:
    text = f"{HEAD}inference:\n  variance_scale: auto\n  approximation: {{method: nystrom}}\n"
    assert read(text + "output: {interval_from: held_out}\n").inference.variance_scale == "auto"
