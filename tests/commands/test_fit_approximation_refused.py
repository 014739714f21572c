"""What an approximate fit refuses: one line, an exit code, and nothing written."""

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.jobs.job import Job
from ntkcli.jobs.summation import Summation

from .approximations import NUMBERS, TEST, TRAIN, nystrom, read_in_parts, rows_of
from .run_files import MakeSpec, Ntk, Write

Refused = Callable[..., str]


@pytest.fixture(autouse=True)
def tables(small_data: None, write: Write) -> None:
    """train.csv and test.csv."""
    write("train.csv", rows_of(TRAIN, 1).to_csv(index=False))
    write("test.csv", rows_of(TEST, 2).to_csv(index=False))


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def refused(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> Refused:
    """Fit with these sections, to no avail; gives the one line that is told of it."""

    def fit(code: int, **sections: dict[str, Any]) -> str:
        spec = make_spec(data=NUMBERS | sections.pop("data", {}), **sections)
        before = files(tmp_path)
        outcome: CompletedProcess[str] = ntk("fit", spec)
        lines = [line for line in outcome.stderr.splitlines() if "warning" not in line]
        assert (outcome.returncode, len(lines), outcome.stdout) == (code, 1, ""), outcome.stderr
        assert files(tmp_path) == before
        return lines[0].removeprefix("ntk: error: ")

    return fit


def test_more_centres_than_rows_are_refused(refused: Refused) -> None:
    assert refused(2, inference=nystrom(TRAIN + 1)) == (
        f"inference.approximation.centres: {TRAIN + 1} are more than the {TRAIN} training rows: "
        f"give a number up to {TRAIN}, or auto"
    )


def test_centres_are_no_more_than_the_rows_at_hand(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    read_in_parts(monkeypatch, 20, held=50)
    line = refused(2, inference=nystrom(100))
    (most,) = re.findall(r"100 are more than the (\d+) training rows that centres are chosen from", line)
    assert 50 <= int(most) < 60
    assert line.endswith(f"give a number up to {most}, or auto")


def test_the_memory_that_is_missing_is_told_and_the_centres_that_there_is_memory_for(
    refused: Refused, make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("train.csv", rows_of(3000, 1).to_csv(index=False))
    compute = {"memory": "190MiB"}
    line = refused(5, inference=nystrom(1500), compute=compute)
    assert re.match(r"not enough memory: 1,500 centres need about \d+ MiB, and 190 MiB are there: use ", line)
    (fewer,) = re.findall(r"use ([\d,]+) centres or fewer, or more memory", line)
    fitting = int(fewer.replace(",", ""))
    assert 100 <= fitting < 1500
    outcome = ntk("check", make_spec(data=NUMBERS, inference=nystrom(fitting), compute=compute))
    assert outcome.returncode == 0


def test_check_refuses_what_fit_does(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("check", make_spec(data=NUMBERS, inference=nystrom(TRAIN + 1)))
    assert outcome.returncode == 2
    assert f"{TRAIN + 1} are more than the {TRAIN} training rows" in outcome.stderr


def test_a_file_that_changes_between_the_passes_is_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    read_in_parts(monkeypatch, 20)
    original = Summation.add_all

    def change_first(self: Summation, job: Job, *args: Any) -> None:
        rows_of(TRAIN, 7).to_csv(tmp_path / "train.csv", index=False)
        original(self, job, *args)

    monkeypatch.setattr(Summation, "add_all", change_first)
    line = refused(3, inference=nystrom())
    assert "train.csv: changed while it was read" in line


@pytest.mark.parametrize("name", ["train.csv", "test.csv"])
@pytest.mark.parametrize(("column", "cell"), [("b", ""), ("a", "inf"), ("c", "red")])
def test_a_fault_late_in_a_file_is_told_with_its_line_and_leaves_nothing_behind(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, column: str, cell: str
) -> None:
    read_in_parts(monkeypatch, 20)
    table = pd.read_csv(tmp_path / name).astype(object)
    last = len(table) - 1
    table.loc[last, column] = cell
    table.to_csv(tmp_path / name, index=False)
    line = refused(3, inference=nystrom())
    assert re.match(rf"(.*/)?{name}:{last + 2}: column '{column}'", line), line


def test_a_kernel_out_of_range_late_in_a_file_is_told(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    read_in_parts(monkeypatch, 20)
    table = rows_of(TEST, 2)
    table.loc[TEST - 1, "a"] = 1e170
    table.to_csv(tmp_path / "test.csv", index=False)
    line = refused(4, inference=nystrom())
    assert f"test.csv:{TEST + 1}" in line


def test_sums_that_are_singular_are_told_with_what_helps(refused: Refused, write: Write) -> None:
    write("train.csv", pd.concat([rows_of(1, 1)] * 4900 + [rows_of(40, 2)]).to_csv(index=False))
    network = {"activation": "erf", "depth": 3}
    line = refused(4, inference=nystrom(40, ridge=0), network=network, data={"features": ["a"]})
    assert "singular to rounding" in line
    assert "give inference.ridge a value above 0" in line


def test_a_sample_of_more_rows_than_there_are_is_all_of_them(make_spec: MakeSpec, ntk: Ntk) -> None:
    inference = nystrom(20)
    inference["approximation"]["sample"] = 10 * TRAIN
    outcome = ntk("check", make_spec(data=NUMBERS, inference=inference))
    assert outcome.returncode == 0
    assert f"20, from {TRAIN} rows" in outcome.stdout


def test_a_target_that_is_constant_is_no_trouble(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    rows_of(TRAIN, 1).assign(y=3.0).to_csv(tmp_path / "train.csv", index=False)
    assert ntk("fit", make_spec(data=NUMBERS, inference=nystrom(20, ridge="auto"))).returncode == 0
    table = pd.read_csv(tmp_path / "run" / "predictions.csv")
    np.testing.assert_allclose(table["y_mean"], 3.0)
