import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ntkcli.errors import NumericalError
from ntkcli.inference.flow import Health
from ntkcli.inference.solution import SolutionHealth
from ntkcli.jobs.checks import check_accuracy
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.kernels.rows import GramName
from ntkcli.regression.fitted_stage import SolverRecord
from ntkcli.spec.file import read_spec

MakeSpec = Callable[..., Path]
Check = Callable[..., list[str]]

SINGULAR = "the {} Gram matrix at time {} is near singular: the equations hold to {} only"


def record(gram: GramName, **residuals: float) -> SolverRecord:
    """What a solver did; keywords are times, after a t."""
    times = {float(time[1:]): SolutionHealth(residual, 0.0, None) for time, residual in residuals.items()}
    return SolverRecord(gram, "eigh", 0.0, Health(), times)


@pytest.fixture
def check(make_spec: MakeSpec) -> Check:
    """Check stages under compute's settings; returns the warnings."""

    def check_stages(*stages: SolverRecord, **compute: Any) -> list[str]:
        journal = Journal()
        with open_job(read_spec(make_spec(compute=compute)), journal) as job:
            check_accuracy(job, list(stages))
        return journal.warnings

    return check_stages


@pytest.mark.parametrize(
    ("dtype", "residual"), [("float64", 1e-8), ("float32", 1e-3), ("float64", 0.0), ("float32", 0.0)]
)
def test_a_residual_at_the_tolerance_passes(check: Check, dtype: str, residual: float) -> None:
    assert check(record("ntk", t1=residual, tinf=residual), dtype=dtype) == []


def test_float64_is_warned_of_once_for_every_time_above(check: Check) -> None:
    warnings = check(record("ntk", t1=1e-9, t20=2e-7), record("nngp", tinf=3e-5))
    assert warnings == [SINGULAR.format("ntk", "20", "2e-07"), SINGULAR.format("nngp", "inf", "3e-05")]


@pytest.mark.parametrize("tolerance", ["auto", 1e-4])
def test_float32_is_refused_above_the_tolerance(check: Check, tolerance: float | str) -> None:
    shown = "0.001" if tolerance == "auto" else "0.01"
    with pytest.raises(
        NumericalError, match=rf"nngp Gram matrix at time 2 is .*tolerance allows {shown}: use "
    ):
        check(record("ntk", t1=1e-5), record("nngp", t1=1e-4, t2=0.5), dtype="float32", tolerance=tolerance)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_tolerance_is_the_specs(check: Check, dtype: str) -> None:
    assert check(record("ntk", tinf=0.05), dtype=dtype, tolerance=0.1) == []


def test_mixed_is_refused_as_float32_is(check: Check) -> None:
    """There is something better to change to: float64."""
    with pytest.raises(NumericalError, match=r"only in mixed, .*: use compute\.dtype: float64"):
        check(record("ntk", tinf=0.5), dtype="mixed")


def test_a_residual_out_of_range_does_not_pass(check: Check) -> None:
    assert check(record("ntk", tinf=math.inf)) == [SINGULAR.format("ntk", "inf", "inf")]
    with pytest.raises(NumericalError, match="solved to inf only in float32"):
        check(record("ntk", tinf=math.inf), dtype="float32")
