"""A spec of a file and a target alone: noise is accounted for, and intervals hold what they say."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ntkcli.arrays import FloatArray
from ntkcli.linalg.singular import SingularMatrixError

from .run_files import Ntk, Write, load_json, values

FitTable = Callable[..., Path]
EVERY_KERNEL = [("ntk", math.inf), ("ntk", 3.0), ("nngp", math.inf), ("nngp", 3.0), ("ntkgp", math.inf)]


def noisy(rows: int) -> pd.DataFrame:
    """A curve with noise of standard deviation 10, in random order, with two rows at every point."""
    rng = np.random.default_rng(1)
    x = np.repeat(rng.normal(size=(rows // 2, 2)), 2, axis=0)
    y = np.sin(2 * x[:, 0]) + x[:, 1] + 0.5 * rng.normal(size=rows)
    table = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": 100 + 20 * y})
    return table.iloc[rng.permutation(rows)]


@pytest.fixture
def fit_table(write: Write, ntk: Ntk, tmp_path: Path) -> FitTable:
    """Fit 400 noisy rows and predict 500 others, with these sections alone beside the data."""
    table = noisy(900)
    write("train.csv", table[:400].to_csv(index=False))
    write("test.csv", table[400:].to_csv(index=False))

    def fit_spec(inference: dict[str, Any] | None = None, **output: Any) -> Path:
        sections = {
            "data": {"train": "train.csv", "test": "test.csv", "target": "y"},
            "inference": inference or {},
            "output": {"dir": "run", **output},
        }
        outcome = ntk("fit", write("spec.yaml", yaml.safe_dump(sections)), "--overwrite")
        assert outcome.returncode == 0, outcome.stderr
        (tmp_path / "out.txt").write_text(outcome.stdout)
        return tmp_path / "run"

    return fit_spec


def score(run: Path) -> dict[str, Any]:
    (found,) = load_json(run / "metrics.json")["scores"]
    return dict(found)


def deviation(run: Path) -> FloatArray:
    table = pd.read_csv(run / "predictions.csv")
    return values(table, "y") - values(table, "y_mean")


def test_a_table_with_equal_rows_is_fitted_with_a_ridge(fit_table: FitTable) -> None:
    inference = yaml.safe_load((fit_table() / "spec.yaml").read_text())["inference"]
    assert inference["ridge"] > 1e-3
    assert inference["ridge_scale"] == "trace"


@pytest.mark.parametrize(("kernel", "time"), EVERY_KERNEL)
def test_every_kernels_intervals_hold_new_observations(fit_table: FitTable, kernel: str, time: float) -> None:
    run = fit_table({"kernel": kernel, "time": time})
    assert 0.92 <= score(run)["coverage"] <= 0.98


@pytest.mark.parametrize("time", [math.inf, 3.0])
def test_the_density_of_an_ensemble_is_that_of_observations(fit_table: FitTable, time: float) -> None:
    run = fit_table({"kernel": "ntk", "time": time})
    best = 0.5 * math.log(2 * math.pi * math.e * np.mean(deviation(run) ** 2))
    assert score(run)["nll"] <= best + 0.15


def test_the_std_of_an_ensemble_stays_that_of_its_networks(fit_table: FitTable) -> None:
    fitted = pd.read_csv(fit_table() / "predictions.csv")
    plain = pd.read_csv(fit_table(interval_from="normal") / "predictions.csv")
    np.testing.assert_array_equal(values(fitted, "y_std"), values(plain, "y_std"))
    widths = [values(table, "y_upper") - values(table, "y_lower") for table in (fitted, plain)]
    assert (widths[0] > 2 * widths[1]).all()


def test_with_noise_the_std_is_of_a_new_observation(fit_table: FitTable) -> None:
    plain = values(pd.read_csv(fit_table() / "predictions.csv"), "y_std")
    run = fit_table(noise=True)
    std = values(pd.read_csv(run / "predictions.csv"), "y_std")
    manifest = load_json(run / "run.json")
    noise = manifest["calibration"]["found"][0]["noise"][0] * manifest["target_scaling"]["scale"][0] ** 2
    np.testing.assert_allclose(std**2 - plain**2, noise, rtol=1e-9)
    assert math.sqrt(noise) == pytest.approx(10, rel=0.3)


def test_run_and_table_say_how_intervals_came_about(fit_table: FitTable, tmp_path: Path, ntk: Ntk) -> None:
    run = fit_table()
    calibration = load_json(run / "run.json")["calibration"]
    assert (calibration["by"], calibration["rows"]) == ("leave_one_out", 400)
    assert load_json(run / "metrics.json")["interval_from"] == "leave_one_out"
    for text in ((tmp_path / "out.txt").read_text(), ntk("evaluate", "run", "test.csv").stdout):
        assert "intervals: by 400 training rows, each left out" in text
        assert "coverage of 95 %" in text


def test_rows_held_out_calibrate_where_asked_for(fit_table: FitTable) -> None:
    run = fit_table({"time": 3}, interval_from="held_out")
    calibration = load_json(run / "run.json")["calibration"]
    assert (calibration["by"], calibration["rows"]) == ("held_out", 80)
    assert score(run)["coverage"] >= 0.88


def test_new_rows_have_the_intervals_of_the_fit(fit_table: FitTable, ntk: Ntk, tmp_path: Path) -> None:
    run = fit_table(noise=True)
    assert ntk("predict", "run", "test.csv", "--out", "again.csv").returncode == 0
    again, first = pd.read_csv(tmp_path / "again.csv"), pd.read_csv(run / "predictions.csv")
    pd.testing.assert_frame_equal(again, first, rtol=1e-12)


def test_without_std_nothing_is_calibrated(fit_table: FitTable, tmp_path: Path) -> None:
    assert load_json(fit_table(std=False) / "run.json")["calibration"] is None
    assert "-: there are no standard deviations (output.std, --no-std)" in (tmp_path / "out.txt").read_text()


def test_where_no_row_can_be_held_out_intervals_are_normal(
    fit_table: FitTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise SingularMatrixError(3, 0.0)

    monkeypatch.setattr("ntkcli.jobs.held_out.hold_out", refuse)
    manifest = load_json(fit_table(interval_from="held_out") / "run.json")
    assert manifest["calibration"] is None
    assert any("they are normal" in warning for warning in manifest["warnings"])
    assert "intervals: normal, not calibrated" in (tmp_path / "out.txt").read_text()
