"""A split that a column gives, through whole commands."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pandas as pd
import pytest
import yaml

Ntk = Callable[..., CompletedProcess[str]]

APPROXIMATION = {"method": "nystrom", "centres": 20}


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "y"])
    table["set"] = np.where(np.arange(60) % 3 == 0, "Test", "train")
    table.to_csv(tmp_path / "t.csv", index=False)
    return table


def spec(folder: Path, name: str, **sections: object) -> str:
    data = {"train": "t.csv", "target": "y", "features": ["a", "b"], "split": {"column": "set"}}
    (folder / name).write_text(yaml.safe_dump({"data": data} | sections))
    return name


@pytest.mark.parametrize("approximation", [None, APPROXIMATION])
def test_it_is_as_two_files(
    table: pd.DataFrame, ntk: Ntk, tmp_path: Path, approximation: dict[str, object] | None
) -> None:
    inference = {"inference": {"approximation": approximation, "ridge": 0.1}}
    assert ntk("fit", spec(tmp_path, "one.yaml", **inference)).returncode == 0
    sides = table["set"] == "Test"
    table[sides].to_csv(tmp_path / "test.csv", index=False)
    table[~sides].to_csv(tmp_path / "train.csv", index=False)
    two = "{train: train.csv, test: test.csv, split: , target: y, features: [a, b]}"
    assert ntk("fit", "one.yaml", "--set", f"data={two}", "--out", "runs/two").returncode == 0
    found = [pd.read_csv(tmp_path / "runs" / run / "predictions.csv") for run in ("one", "two")]
    assert found[0]["row"].tolist() == np.flatnonzero(sides).tolist()
    pd.testing.assert_frame_equal(found[0].drop(columns="row"), found[1].drop(columns="row"))


@pytest.mark.usefixtures("table")
def test_a_draft_of_such_a_table_predicts_the_rows_for_testing(ntk: Ntk, tmp_path: Path) -> None:
    assert ntk("init", "t.csv", "y").returncode == 0
    assert ntk("fit", "t.yaml").returncode == 0
    assert len(pd.read_csv(tmp_path / "runs" / "t" / "predictions.csv")) == 20
    assert ntk("predict", "runs/t", "t.csv", "--out", "p.csv").returncode == 0
    assert len(pd.read_csv(tmp_path / "p.csv")) == 60


@pytest.mark.parametrize("kind", ["number", "class"])
@pytest.mark.parametrize("known", [0, 7])
@pytest.mark.parametrize("approximation", [None, APPROXIMATION])
def test_rows_for_testing_need_no_target(
    table: pd.DataFrame,
    ntk: Ntk,
    tmp_path: Path,
    kind: str,
    known: int,
    approximation: dict[str, object] | None,
) -> None:
    """As those of a test file; what is predicted is the same as where all have one."""
    if kind == "class":
        table["y"] = np.where(table["y"] > 0, "yes", "no")
    table.to_csv(tmp_path / "t.csv", index=False)
    inference = {"approximation": approximation, "ridge": 0.1}
    assert ntk("fit", spec(tmp_path, "all.yaml", inference=inference)).returncode == 0
    unknown = np.flatnonzero(table["set"] == "Test")[known:]
    table["y"] = table["y"].where(~table.index.isin(unknown))
    table.to_csv(tmp_path / "t.csv", index=False)
    assert ntk("fit", "all.yaml", "--set", "data.missing.target=drop", "--out", "runs/some").returncode == 0
    found = [pd.read_csv(tmp_path / "runs" / run / "predictions.csv") for run in ("all", "some")]
    pd.testing.assert_frame_equal(found[0].drop(columns="y"), found[1].drop(columns="y", errors="ignore"))


def test_a_draft_of_rows_for_testing_without_targets_predicts_them(
    table: pd.DataFrame, ntk: Ntk, tmp_path: Path
) -> None:
    table["y"] = table["y"].where(table["set"] == "train")
    table.to_csv(tmp_path / "t.csv", index=False)
    assert ntk("init", "t.csv", "y").returncode == 0
    assert "20 of 60 rows, which are not trained with" in ntk("check", "t.yaml").stdout
    assert ntk("fit", "t.yaml").returncode == 0
    assert len(pd.read_csv(tmp_path / "runs" / "t" / "predictions.csv")) == 20


@pytest.mark.usefixtures("table")
def test_a_search_leaves_the_rows_for_testing_alone(ntk: Ntk, tmp_path: Path) -> None:
    path = spec(tmp_path, "s.yaml", tune={"space": {"network.depth": [1, 2]}})
    assert ntk("tune", path).returncode == 0
    assert len(pd.read_csv(tmp_path / "runs" / "s-tune" / "fit" / "predictions.csv")) == 20
