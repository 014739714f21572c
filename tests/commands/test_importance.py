"""`ntk evaluate --importance` finds what `ntk evaluate` finds for files whose columns are shuffled."""

import json
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .run_files import Fit, Ntk, Write, add_second_target
from .test_evaluate import evaluated
from .test_predict import mixed_rows

MIXED = ["size", "colour", "is_new"]


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda rows: monkeypatch.setattr("ntkcli.models.choice.TABLE_ROWS", rows)


def shuffled_metrics(ntk: Ntk, write: Write, table: pd.DataFrame, column: str, metric: str) -> list[float]:
    found = []
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(table))
        moved = table.assign(**{column: table[column].to_numpy()[order]})
        write("moved.csv", moved.to_csv(index=False))
        found.append(evaluated(ntk, "moved.csv")["scores"][0][metric])
    return found


def assert_importances_are_those_of_shuffled_files(
    ntk: Ntk, write: Write, table: pd.DataFrame, names: list[str], metric: str
) -> None:
    write("test.csv", table.to_csv(index=False))
    found = evaluated(ntk, "test.csv", "--importance")
    plain, importance = found["scores"][0][metric], found["importance"]
    assert (importance["metric"], importance["shuffles"]) == (metric, 5)
    assert (importance["kernel"], importance["time"]) == (found["scores"][0]["kernel"], "inf")
    assert sorted(each["feature"] for each in importance["features"]) == sorted(names)
    increases = [each["increase"] for each in importance["features"]]
    assert increases == sorted(increases, reverse=True)
    for each in importance["features"]:
        values = np.array(shuffled_metrics(ntk, write, table, each["feature"], metric)) - plain
        assert each["increase"] == pytest.approx(values.mean(), rel=1e-7, abs=1e-9)
        assert each["standard_error"] == pytest.approx(values.std(ddof=1) / np.sqrt(5), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    "data", [{}, {"normalize_rows": True}, {"log": ["b"]}], ids=["plain", "normalised", "log"]
)
def test_importances_are_those_of_shuffled_columns(
    fit: Fit, ntk: Ntk, write: Write, tmp_path: Path, data: dict[str, Any]
) -> None:
    fit(data=data, inference={"ridge": 0.05})
    table = pd.read_csv(tmp_path / "test.csv")
    assert_importances_are_those_of_shuffled_files(ntk, write, table, ["a", "b", "c"], "rmse")


@pytest.mark.parametrize("missing", ["mean", "drop"])
def test_categories_and_gaps_move_as_they_are(
    fit: Fit, ntk: Ntk, write: Write, tmp_path: Path, missing: str
) -> None:
    for name, count in (("train.csv", 40), ("test.csv", 23)):
        mixed_rows(count, count).to_csv(tmp_path / name, index=False)
    fit(data={"target": "kind", "features": MIXED, "missing": missing}, inference={"ridge": 0.05})
    table = mixed_rows(23, 23)
    if missing == "drop":
        table = table[(table[MIXED] != "").all(axis=1)]
    assert_importances_are_those_of_shuffled_files(ntk, write, table, MIXED, "log_loss")


def test_rows_that_are_dropped_do_not_matter(fit: Fit, ntk: Ntk, write: Write, tmp_path: Path) -> None:
    mixed_rows(40, 40).to_csv(tmp_path / "train.csv", index=False)
    table = mixed_rows(23, 23)
    write("test.csv", table.to_csv(index=False))
    fit(data={"target": "y", "features": MIXED, "missing": "drop"}, inference={"ridge": 0.05})
    found = evaluated(ntk, "test.csv", "--importance")["importance"]
    complete = table[(table[MIXED] != "").all(axis=1)]
    assert found["rows"] == len(complete) < 23
    write("complete.csv", complete.to_csv(index=False))
    assert evaluated(ntk, "complete.csv", "--importance")["importance"] == found


def test_the_chosen_kernel_and_time_are_shuffled(fit: Fit, ntk: Ntk) -> None:
    fit(inference={"kernel": ["ntk", "nngp"], "time": [1, "inf"], "ridge": 0.05})
    both = evaluated(ntk, "test.csv", "--importance")["importance"]
    assert (both["kernel"], both["time"]) == ("ntk", "1")
    options = ("--kernel", "nngp", "--time", "inf")
    one = evaluated(ntk, "test.csv", "--importance", *options)["importance"]
    assert (one["kernel"], one["time"]) == ("nngp", "inf")
    assert one["features"] != both["features"]


def test_several_targets_have_one_importance(fit: Fit, ntk: Ntk, write: Write, tmp_path: Path) -> None:
    add_second_target(write, tmp_path)
    fit(data={"target": ["y", "z"]}, inference={"ridge": 0.05})
    features = evaluated(ntk, "test.csv", "--importance")["importance"]["features"]
    fit(data={"target": "y", "features": ["a", "b", "c"]}, inference={"ridge": 0.05})
    alone = evaluated(ntk, "test.csv", "--importance")["importance"]["features"]
    # z = 3 y - 1 has the same standardised values as y.
    scale = pd.read_csv(tmp_path / "train.csv")["y"].std(ddof=0)
    for one, other in zip(features, alone, strict=True):
        assert one["feature"] == other["feature"]
        assert one["increase"] == pytest.approx(other["increase"] / scale, rel=1e-7)


def test_the_table_stands_below_the_scores(fit: Fit, ntk: Ntk) -> None:
    fit(output={"std": False})
    outcome = ntk("evaluate", "run", "test.csv", "--importance")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    scores, importances = outcome.stdout.split("\n\n")
    assert scores.split()[0] == "rows"
    head, names, *lines = importances.splitlines()
    assert head == "ntk at time inf, 5 rows, each feature shuffled:"
    assert names.split("  ")[0] == "feature"
    assert "rmse increase  standard error" in names
    assert sorted(line.split()[0] for line in lines) == ["a", "b", "c"]


def test_without_the_option_there_is_nothing_of_it(fit: Fit, ntk: Ntk) -> None:
    fit(output={"std": False})
    assert "importance" not in evaluated(ntk)
    assert "feature" not in ntk("evaluate", "run", "test.csv").stdout


def test_of_many_rows_some_are_taken_and_that_is_told(
    fit: Fit, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit(output={"std": False})
    monkeypatch.setattr("ntkcli.commands.importance.MOST_ROWS", 4)
    outcome = ntk("evaluate", "run", "test.csv", "--importance", "--json")
    assert outcome.stderr == "ntk: --importance: by 4 of 5 rows, at random\n"
    assert json.loads(outcome.stdout)["importance"]["rows"] == 4


def test_standard_input_is_read_again(
    fit: Fit, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit(output={"std": False})
    expected = evaluated(ntk, "test.csv", "--importance")
    content = (tmp_path / "test.csv").read_bytes()
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(content)))
    assert evaluated(ntk, "-", "--importance") == expected


def test_the_pieces_that_a_file_is_read_in_do_not_matter(
    fit: Fit, ntk: Ntk, pieces: Callable[[int], None]
) -> None:
    fit(output={"std": False})
    expected = evaluated(ntk, "test.csv", "--importance")["importance"]
    pieces(2)
    assert evaluated(ntk, "test.csv", "--importance")["importance"] == expected
