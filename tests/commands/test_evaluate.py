"""`ntk evaluate` finds what `ntk fit` found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .run_files import ALL_KERNELS, Fit, Ntk, Write, add_second_target, load_json
from .test_predict import CASES, Sections, mixed_rows
from .test_predict_streaming import peak


def evaluated(ntk: Ntk, csv: str = "test.csv", *options: str) -> dict[str, Any]:
    outcome = ntk("evaluate", "run", csv, "--json", *options)
    assert outcome.returncode == 0, outcome.stderr

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    found: dict[str, Any] = json.loads(outcome.stdout, parse_constant=refuse)
    return found


def assert_same(actual: Any, expected: Any) -> None:
    """Equal but for the rounding of numbers."""
    if isinstance(expected, float):
        assert actual == pytest.approx(expected, rel=1e-9, abs=1e-11)
    elif isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(actual[key], value)
    elif isinstance(expected, list):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_same(one, other)
    else:
        assert actual == expected


def metrics(run: Path) -> dict[str, Any]:
    """What the fit found, but for which rows it looked at."""
    found: dict[str, Any] = load_json(run / "metrics.json")
    del found["rows"]
    return found


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda rows: monkeypatch.setattr("ntkcli.models.choice.TABLE_ROWS", rows)


@pytest.mark.parametrize("sections", CASES.values(), ids=CASES)
def test_metrics_are_those_of_the_fit(fit: Fit, ntk: Ntk, sections: Sections) -> None:
    run = fit(**sections)
    assert_same(evaluated(ntk), metrics(run))


@pytest.mark.parametrize("rows", [1, 3, 4, 8192])
@pytest.mark.parametrize("target", [["z", "y"], ["y"]])
def test_targets_and_pieces_make_no_difference(
    fit: Fit,
    ntk: Ntk,
    write: Write,
    tmp_path: Path,
    pieces: Callable[[int], None],
    target: list[str],
    rows: int,
) -> None:
    add_second_target(write, tmp_path)
    run = fit(data={"target": target, "features": ["a", "b", "c"]}, inference=ALL_KERNELS)
    pieces(rows)
    assert_same(evaluated(ntk), metrics(run))


@pytest.mark.parametrize("rows", [1, 7, 8192])
def test_classes_are_scored_as_by_the_fit(
    fit: Fit, ntk: Ntk, tmp_path: Path, pieces: Callable[[int], None], rows: int
) -> None:
    for name, count in (("train.csv", 40), ("test.csv", 23)):
        mixed_rows(count, count).to_csv(tmp_path / name, index=False)
    data = {"target": "kind", "features": ["size", "colour", "is_new"], "missing": "mean"}
    run = fit(data=data, inference=ALL_KERNELS)
    pieces(rows)
    expected = metrics(run)
    assert sum(map(sum, expected["scores"][0]["confusion_matrix"])) == 23
    assert_same(evaluated(ntk), expected)


@pytest.mark.parametrize("options", [["--no-std"], ["--kernel", "nngp", "--time", "inf"]])
def test_what_is_not_asked_for_is_not_shown(fit: Fit, ntk: Ntk, options: list[str]) -> None:
    run = fit(inference=ALL_KERNELS)
    scores = evaluated(ntk, "test.csv", *options)["scores"]
    expected = metrics(run)["scores"]
    if "--no-std" in options:
        expected = [{k: v for k, v in s.items() if k not in ("nll", "coverage", "width")} for s in expected]
    else:
        expected = [s for s in expected if (s["kernel"], s["time"]) == ("nngp", "inf")]
    assert_same(scores, expected)


def test_the_table_is_that_of_the_fit(make_spec: Callable[..., Path], ntk: Ntk) -> None:
    shown = ntk("fit", make_spec(inference=ALL_KERNELS)).stdout.splitlines()[:-1]
    again = ntk("evaluate", "run", "test.csv").stdout.splitlines()
    assert len(again) == 12
    timed = [line.split()[:6] for line in shown]
    assert [line.split()[:6] for line in again] == timed


def test_a_file_without_the_target_is_refused(fit: Fit, ntk: Ntk, tmp_path: Path, write: Write) -> None:
    fit(output={"std": False})
    rows = pd.read_csv(tmp_path / "test.csv")
    write("no_target.csv", rows.drop(columns="y").to_csv(index=False))
    outcome = ntk("evaluate", "run", "no_target.csv")
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (3, "", 1)
    assert "no_target.csv:1: has no column 'y' to compare predictions with" in outcome.stderr


@pytest.mark.parametrize("cell", ["", "low", "nan"])
def test_a_target_that_is_no_number_is_reported_with_its_line(
    fit: Fit, ntk: Ntk, tmp_path: Path, write: Write, cell: str
) -> None:
    fit(output={"std": False})
    write("bad.csv", (tmp_path / "test.csv").read_text() + f"1,100,-2,{cell}\n")
    outcome = ntk("evaluate", "run", "bad.csv")
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (3, "", 1)
    assert "bad.csv:7: column 'y': " in outcome.stderr


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(fit: Fit, tmp_path: Path) -> None:
    fit(inference={"ridge": 0.1})
    small, large = (
        peak(tmp_path, count, "evaluate", "run", "rows.csv", "--no-std") for count in (20_000, 300_000)
    )
    assert large - small < 12 * 2**20
