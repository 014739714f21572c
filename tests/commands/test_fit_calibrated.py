"""What a fit learns from leave-one-out predictions, and from features that matter."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ntkcli.arrays import FloatArray

from .run_files import Fit, MakeSpec, Ntk, load_json, values

NOISY = {"kernel": "ntkgp", "ridge": 0.1}
BY_ROWS = {"noise": True, "interval_from": "leave_one_out"}


def leave_one_out(
    fit: Fit, write: Callable[[str, str], Path], tmp_path: Path, output: dict[str, object]
) -> FloatArray:
    """|residual| / std of every training row, by really fitting without it."""
    table = pd.read_csv(tmp_path / "train.csv")
    found = []
    for row in range(len(table)):
        write("train.csv", table.drop(index=row).to_csv(index=False))
        write("test.csv", table.iloc[[row]].to_csv(index=False))
        # Scales are those of all rows in the closed form: leave them out of the comparison.
        data = {"standardize": False, "standardize_target": False}
        one = pd.read_csv(fit(data=data, inference=NOISY, output=output) / "predictions.csv")
        found.append(abs(values(one, "y_mean") - values(one, "y")) / values(one, "y_std"))
    write("train.csv", table.to_csv(index=False))
    return np.concatenate(found)


def test_the_calibration_is_that_of_rows_really_held_out(
    fit: Fit, write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    distance = leave_one_out(fit, write, tmp_path, {"noise": True})
    data = {"standardize": False, "standardize_target": False}
    output = {**BY_ROWS, "interval": 0.8}
    run = fit(data=data, inference={**NOISY, "variance_scale": "auto"}, output=output)
    calibration = load_json(run / "run.json")["calibration"]
    assert (calibration["by"], calibration["rows"]) == ("leave_one_out", 14)
    (found,) = calibration["found"]
    scale = np.mean(distance**2)
    assert found["variance_scale"] == pytest.approx([scale], rel=1e-6)
    # ceil(15 * 0.8) is 12.
    assert found["half_width"] == pytest.approx([np.sort(distance)[11] / math.sqrt(scale)], rel=1e-6)
    errors, squares = found["relative_errors"], distance**2
    of_mean = squares.std(ddof=1) / math.sqrt(14) / squares.mean()
    assert errors["variance_scale"] == pytest.approx([of_mean], rel=1e-6)
    assert (errors["noise"], errors["temperature"]) == ([None], None)
    assert errors["half_width"][0] > 0
    assert load_json(run / "model" / "model.json")["calibrations"][0]["errors"] == errors


def test_an_interval_reaches_the_half_width_to_both_sides(fit: Fit) -> None:
    run = fit(inference=NOISY, output=BY_ROWS)
    (found,) = load_json(run / "run.json")["calibration"]["found"]
    table = pd.read_csv(run / "predictions.csv")
    half = found["half_width"][0] * values(table, "y_std")
    np.testing.assert_allclose(values(table, "y_upper") - values(table, "y_mean"), half, rtol=1e-9)
    np.testing.assert_allclose(values(table, "y_mean") - values(table, "y_lower"), half, rtol=1e-9)


@pytest.mark.parametrize("by", ["leave_one_out", "held_out"])
def test_intervals_that_are_fitted_contradict_means_alone(make_spec: MakeSpec, ntk: Ntk, by: str) -> None:
    outcome = ntk("fit", make_spec(output={"interval_from": by, "std": False}))
    assert outcome.returncode == 2
    assert f"output.interval_from: {by} gives intervals, which std: false leaves out" in outcome.stderr


def test_scales_and_intervals_are_by_the_same_rows(make_spec: MakeSpec, ntk: Ntk) -> None:
    spec = make_spec(inference={"variance_scale": "auto"}, output={"interval_from": "held_out"})
    outcome = ntk("fit", spec)
    assert outcome.returncode == 2
    assert "output.interval_from: variance_scale: auto is by rows left out" in outcome.stderr


@pytest.mark.parametrize("interval_from", ["auto", "normal"])
def test_noise_that_is_not_fitted_does_not_change_an_ensemble(
    make_spec: MakeSpec, ntk: Ntk, interval_from: str
) -> None:
    inference = {"kernel": "ntk", "ridge": 0.1, "variance_scale": "auto"}
    spec = make_spec(inference=inference, output={"noise": True, "interval_from": interval_from})
    warned = "output.noise does not change kernel ntk" in ntk("fit", spec).stderr
    assert warned == (interval_from == "normal")


def test_without_anything_to_calibrate_there_is_none(fit: Fit) -> None:
    assert load_json(fit(inference=NOISY) / "run.json")["calibration"] is None


def test_learned_relevance_is_reported_and_kept_with_the_model(fit: Fit, ntk: Ntk, tmp_path: Path) -> None:
    run = fit(data={"relevance": "learned"}, inference=NOISY)
    factors = load_json(run / "run.json")["relevance"]
    assert list(factors) == ["a", "b", "c"]
    assert factors["c"] < min(factors["a"], factors["b"])
    outcome = ntk("predict", "run", "test.csv", "--out", "again.csv")
    assert outcome.returncode == 0
    again, first = (pd.read_csv(path) for path in (tmp_path / "again.csv", run / "predictions.csv"))
    pd.testing.assert_frame_equal(again, first, rtol=1e-12)
    assert not np.allclose(
        values(first, "y_mean"), values(pd.read_csv(fit(inference=NOISY) / "predictions.csv"), "y_mean")
    )


@pytest.mark.parametrize("data", [{"standardize": False}, {"normalize_rows": True}])
def test_learned_relevance_starts_from_standardised_columns(
    make_spec: MakeSpec, ntk: Ntk, data: dict[str, bool]
) -> None:
    outcome = ntk("fit", make_spec(data={"relevance": "learned", **data}))
    assert outcome.returncode == 2
    assert "data.relevance: learned starts from standardize: true" in outcome.stderr


def test_learned_factors_are_told_by_check_and_by_fit(make_spec: MakeSpec, ntk: Ntk) -> None:
    spec = make_spec(data={"relevance": "learned"}, inference=NOISY)
    check, fit = ntk("check", spec), ntk("fit", spec)
    told = fit.stderr.splitlines()
    begin = told.index("ntk: data.relevance: the factors of the features are") + 1
    factors = [line.removeprefix("ntk: ").split() for line in told[begin : begin + 3]]
    lines = [line.split() for line in check.stdout.splitlines()]
    place = next(i for i, line in enumerate(lines) if line[0] == "factors")
    assert [lines[place][1:], *lines[place + 1 : place + 3]] == factors
    numbers = [float(number) for _, number in factors]
    assert numbers == sorted(numbers, reverse=True)
    assert factors[-1][0] == "c"


def test_equal_factors_are_not_told(make_spec: MakeSpec, ntk: Ntk) -> None:
    spec = make_spec(inference=NOISY)
    assert "factors" not in ntk("check", spec).stdout + ntk("fit", spec).stderr
