"""Targets of one value, and intervals where the leave-one-out variance is 0."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .run_files import MakeSpec, Ntk, Write, load_json, values

BY_ROWS = {"noise": True, "interval_from": "leave_one_out"}
ASKED: list[dict[str, Any]] = [
    {"kernel": "ntk", "ridge": "auto", "variance_scale": "auto"},
    {"kernel": "ntk", "time": "auto", "variance_scale": "auto"},
    {"kernel": "ntkgp", "ridge": 0.1, "variance_scale": "auto"},
    {"kernel": ["ntk", "nngp"], "time": [0, 1, "inf"], "ridge": 0.1, "variance_scale": "auto"},
    {"kernel": "ntk", "ridge": "auto"},
]
# Features of 0 have kernel 0 where there are no biases.
OF_ZEROS: dict[str, dict[str, Any]] = {
    "data": {"standardize": False},
    "network": {"sigma_b": 0},
    "inference": {"kernel": "nngp", "time": 0},
    "output": BY_ROWS,
}


@pytest.fixture
def constant(small_data: None, write: Write, tmp_path: Path) -> None:
    """The small data with a target y of one value, and its former one as z."""
    for name in ("train.csv", "test.csv"):
        table = pd.read_csv(tmp_path / name)
        write(name, table.assign(z=table["y"], y=5.0).to_csv(index=False))


@pytest.mark.parametrize("target", ["y", ["y", "z"]], ids=str)
@pytest.mark.parametrize("inference", ASKED, ids=str)
def test_the_interval_of_a_constant_target_is_a_point(
    make_spec: MakeSpec,
    constant: None,
    ntk: Ntk,
    tmp_path: Path,
    inference: dict[str, Any],
    target: str | list[str],
) -> None:
    path = make_spec(
        data={"target": target, "features": ["a", "b", "c"]}, inference=inference, output=BY_ROWS
    )
    outcome = ntk("fit", path, "-qq")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    fitted = pd.read_csv(tmp_path / "run" / "predictions.csv")
    for column in ("y_mean", "y_lower", "y_upper"):
        np.testing.assert_array_equal(values(fitted, column), 5.0)
    assert np.isfinite(fitted.select_dtypes("number").drop(columns="time").to_numpy()).all()
    assert ntk("predict", "run", "test.csv", "-qq", "--out", "again.csv").returncode == 0
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "again.csv"), fitted)
    for found in load_json(tmp_path / "run" / "run.json")["calibration"]["found"]:
        assert found["half_width"][0] == 0
        assert all(half > 0 for half in found["half_width"][1:])


def test_a_class_that_is_constant_is_refused(
    make_spec: MakeSpec, constant: None, ntk: Ntk, tmp_path: Path
) -> None:
    data = {"task": "classification", "features": ["a", "b", "c"]}
    outcome = ntk("fit", make_spec(data=data, inference=ASKED[0], output={"noise": True}))
    assert (outcome.returncode, outcome.stderr.count("\n")) == (3, 1)
    assert "has one class only, '5.0'" in outcome.stderr
    assert not (tmp_path / "run").exists()


@pytest.fixture
def of_zeros(small_data: None, write: Write, tmp_path: Path) -> None:
    """The small data with a row of features 0 on top."""
    for name in ("train.csv", "test.csv"):
        write(name, (tmp_path / name).read_text().replace("y\n", "y\n0,0,0,7\n", 1))


def test_rows_that_are_missed_with_variance_0_make_noise(
    make_spec: MakeSpec, of_zeros: None, ntk: Ntk, tmp_path: Path
) -> None:
    outcome = ntk("fit", make_spec(**OF_ZEROS))
    assert outcome.returncode == 0
    assert "Warning" not in outcome.stderr
    table = pd.read_csv(tmp_path / "run" / "predictions.csv")
    assert np.isfinite(table.select_dtypes("number").drop(columns="time").to_numpy()).all()
    assert (values(table, "y_upper") > values(table, "y_lower")).all()
    for command in ("predict", "evaluate"):
        assert ntk(command, "run", "test.csv").returncode == 0


def test_a_scale_of_variances_that_are_0_is_reported_to_have_left_the_numbers(
    make_spec: MakeSpec, of_zeros: None, ntk: Ntk
) -> None:
    inference, output = {**OF_ZEROS["inference"], "variance_scale": "auto"}, {"interval_from": "normal"}
    scaled = {**OF_ZEROS, "inference": inference, "output": output}
    outcome = ntk("fit", make_spec(**scaled), "-qq")
    assert (outcome.returncode, outcome.stderr.count("\n")) == (4, 1)
    assert "give inference.ridge a value above 0" in outcome.stderr
