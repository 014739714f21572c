from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ntkcli.errors import DataError, NumericalError, SpecError
from ntkcli.jobs.checks import preflight
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.kernels.executor import Threads
from ntkcli.spec.file import read_spec

from ..lines import Lines

MakeSpec = Callable[..., Path]
Write = Callable[[str, str], Path]
Preflight = Callable[..., tuple[list[str], list[str]]]

TWICE = "a,b,c,y\n1,2,0,3\n2,1,1,4\n1,2,0,5\n"


@pytest.fixture
def fly(make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch) -> Preflight:
    """Preflight a spec with these sections: its messages and its warnings.

    No kernel may be computed on the way.
    """
    for name in ("map", "run"):
        monkeypatch.setattr(Threads, name, None)

    def fly_spec(**sections: dict[str, Any]) -> tuple[list[str], list[str]]:
        display = Lines()
        journal = Journal(display)
        with open_job(read_spec(make_spec(**sections)), journal) as job:
            preflight(job)
        return display.lines, journal.warnings

    return fly_spec


def test_what_is_in_order_is_not_talked_about(fly: Preflight) -> None:
    assert fly() == ([], [])


def test_predicting_the_training_rows_is_reported(fly: Preflight) -> None:
    reported = ["there is no data.test and no data.split: predicting the training rows themselves"]
    assert fly(data={"test": None}) == (reported, [])


def test_rows_that_are_split_off_are_rows_to_predict(fly: Preflight) -> None:
    assert fly(data={"test": None, "split": {"test": 0.3}}) == ([], [])


@pytest.mark.parametrize(("kernel", "warned"), [("ntk", 1), (["nngp", "ntk"], 1), (["nngp", "ntkgp"], 0)])
def test_noise_is_warned_of_where_it_changes_nothing(fly: Preflight, kernel: Any, warned: int) -> None:
    _, warnings = fly(output={"noise": True}, inference={"kernel": kernel, "ridge": 0.1})
    assert len(warnings) == warned
    assert all("output.noise does not change kernel ntk" in warning for warning in warnings)


def test_two_columns_of_one_name_are_refused(fly: Preflight, write: Write) -> None:
    for name in ("train.csv", "test.csv"):
        write(name, "a,y,y_mean\n1,2,3\n2,1,4\n")
    with pytest.raises(DataError, match="two columns 'y_mean'"):
        fly(data={"target": ["y", "y_mean"]})


@pytest.mark.parametrize("kernel", ["ntk", "nngp", "ntkgp"])
def test_a_singular_matrix_is_refused_where_it_is_inverted(fly: Preflight, write: Write, kernel: str) -> None:
    write("train.csv", TWICE)
    for time in (["inf"], [0, 1, "inf"]):
        with pytest.raises(NumericalError, match="lines 2 and 4 have the same features"):
            fly(inference={"kernel": kernel, "time": time})
    assert fly(inference={"kernel": kernel, "ridge": 1e-3}) == ([], [])


@pytest.mark.parametrize("time", [0, 1, [0.5, 1e9]])
def test_a_singular_matrix_is_no_trouble_at_finite_times(fly: Preflight, write: Write, time: Any) -> None:
    write("train.csv", TWICE)
    assert fly(inference={"time": time}) == ([], [])


def test_a_time_whose_exponent_is_beyond_float64_is_refused(fly: Preflight) -> None:
    for time in (1e300, 1e297):
        with pytest.raises(SpecError, match=r"inference\.time: 1e\+\d+ times the learning rate.*use inf"):
            fly(inference={"time": [1, time], "learning_rate": 1e12})
    assert fly(inference={"time": [1e290, float("inf")], "learning_rate": 1e12}) is not None
