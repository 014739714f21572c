"""A fit by the features of some centres, from a spec to files."""

import gzip
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from .approximations import ALL, CLASSES, NUMBERS, TEST, TRAIN, Sections, nystrom, read_in_parts, rows_of
from .run_files import Fit, MakeSpec, Ntk, Write, contents, load_json, part, values

CASES: dict[str, Sections] = {
    "every kernel and time": {"inference": nystrom(**ALL), "data": NUMBERS},
    "fitted intervals": {
        "inference": nystrom(kernel=["nngp", "ntk"]),
        "output": {"interval_from": "auto", "noise": True},
    },
    "a ridge and a scale found": {
        "inference": nystrom(ridge="auto", variance_scale="auto"),
        "output": {"interval_from": "auto"},
    },
    "a time found": {"inference": nystrom(kernel="ntk", time="auto"), "data": NUMBERS},
    "means alone": {"inference": nystrom(**ALL), "output": {"std": False}},
    "classes": {"inference": nystrom(ridge="auto"), "data": CLASSES},
    "two targets": {
        "inference": nystrom(kernel="ntk"), "data": {"target": ["y", "a"], "features": ["b", "c"]}
    },
    "a share set aside": {
        "inference": nystrom(),
        "data": {"test": None, "split": {"test": 0.25, "seed": 1}},
    },
    "rows dropped": {"inference": nystrom(), "data": {"missing": "drop", "train": "gaps.csv"}},
}  # fmt: skip

IN_PARTS = [
    "every kernel and time",
    "a ridge and a scale found",
    "classes",
    "a share set aside",
    "rows dropped",
]


@pytest.fixture(autouse=True)
def tables(small_data: None, write: Write) -> None:
    """train.csv and test.csv, and train.csv with gaps."""
    train = rows_of(TRAIN, 1)
    write("train.csv", train.to_csv(index=False))
    write("test.csv", rows_of(TEST, 2).to_csv(index=False))
    train.loc[[3, 77, 149], "b"] = np.nan
    write("gaps.csv", train.to_csv(index=False))


@pytest.fixture
def approximate(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> Fit:
    """Fit a spec with these sections, whatever is warned of; gives the run directory."""

    def run(**sections: dict[str, Any]) -> Path:
        data = {"features": ["a", "b", "c", "colour"]} | sections.pop("data", {})
        outcome = ntk("fit", make_spec(data=data, **sections), "--overwrite")
        assert outcome.returncode == 0, outcome.stderr
        return tmp_path / "run"

    return run


@pytest.mark.parametrize("name", CASES)
def test_predict_gives_the_bytes_and_evaluate_the_scores_of_the_fit(
    approximate: Fit, ntk: Ntk, tmp_path: Path, name: str
) -> None:
    run = approximate(**CASES[name])
    if name == "a share set aside":
        rows = pd.read_csv(run / "predictions.csv")["row"].to_list()
        pd.read_csv(tmp_path / "train.csv").iloc[rows].to_csv(tmp_path / "test.csv", index=False)
    outcome = ntk("predict", "run", "test.csv", "--out", "again.csv", "--overwrite")
    assert outcome.returncode == 0, outcome.stderr
    found, expected = (pd.read_csv(path) for path in (tmp_path / "again.csv", run / "predictions.csv"))
    # Whether a test file's targets are there is the fit's affair, and rows set aside have other numbers.
    columns = [name for name in found if name != "row"]
    pd.testing.assert_frame_equal(found[columns], expected[columns], check_exact=True)
    scores = json.loads(ntk("evaluate", "run", "test.csv", "--json").stdout)
    assert scores["scores"] == load_json(run / "metrics.json")["scores"]


@pytest.mark.parametrize("name", IN_PARTS)
def test_files_that_need_not_be_in_memory_have_the_same_bytes_whatever_is_read_at_a_time(
    approximate: Fit, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    found = []
    for read_rows in (7, 1000):
        read_in_parts(monkeypatch, read_rows)
        run = contents(approximate(**CASES[name]))
        found.append({key: run[key] for key in run if key != "run.json"})
    assert found[0] == found[1]
    assert "predictions.csv" in found[0]


@pytest.mark.parametrize(("keys", "rows"), [({}, TRAIN), (CASES["rows dropped"]["data"], TRAIN - 3)])
def test_rows_in_parts_have_the_bytes_of_rows_in_memory(
    approximate: Fit, monkeypatch: pytest.MonkeyPatch, keys: dict[str, Any], rows: int
) -> None:
    """Beside a sample there are the first rows of the three colours: all rows are at hand in parts too."""
    sections: Sections = {"inference": nystrom(ridge="auto"), "output": {"interval_from": "auto"}}
    found = []
    for held in (rows, rows - 3):
        read_in_parts(monkeypatch, 7, held=held)
        run = contents(approximate(**sections, data=keys))
        found.append({name: run[name] for name in run if name != "run.json"})
    assert found[0] == found[1]


@pytest.mark.parametrize("duplicates", [0, 10])
def test_with_every_row_a_centre_it_is_the_exact_answer(
    approximate: Fit, tmp_path: Path, duplicates: int
) -> None:
    train = pd.read_csv(tmp_path / "train.csv")
    pd.concat([train, train[:duplicates]]).to_csv(tmp_path / "train.csv", index=False)
    question = {**ALL, "ridge": 0.05}
    exact = pd.read_csv(approximate(inference=question) / "predictions.csv")
    near = pd.read_csv(approximate(inference=nystrom(TRAIN + duplicates, **question)) / "predictions.csv")
    assert near[["row", "kernel", "time"]].equals(exact[["row", "kernel", "time"]])
    for column in ("y_mean", "y_std", "y_lower", "y_upper"):
        np.testing.assert_allclose(values(near, column), values(exact, column), rtol=1e-8, atol=1e-8)


def test_more_centres_leave_out_less_and_predict_better(approximate: Fit) -> None:
    shares, errors = [], []
    for centres in (5, 20, 80):
        run = approximate(inference=nystrom(centres))
        shares.append(load_json(run / "run.json")["approximation"]["left_out"]["nngp"])
        errors.append(load_json(run / "metrics.json")["scores"][0]["rmse"])
    assert shares == sorted(shares, reverse=True)
    assert errors[0] > errors[-1]


def test_run_json_tells_what_the_centres_leave_out(approximate: Fit) -> None:
    run = approximate(inference=nystrom(kernel=["ntk", "ntkgp", "nngp"]))
    found = load_json(run / "run.json")["approximation"]
    assert (found["method"], found["centres"]) == ("nystrom", 30)
    assert list(found["left_out"]) == ["nngp", "ntk"]
    assert all(0 < share < 1 for share in found["left_out"].values())
    assert list(found["log_marginal_likelihood_bound"]) == ["ntkgp", "nngp"]
    solvers = load_json(run / "run.json")["solvers"]
    assert all(solver["features"] == 30 for solver in solvers)


def test_an_exact_fit_says_nothing_of_an_approximation(approximate: Fit) -> None:
    assert "approximation" not in load_json(approximate(inference={"ridge": 0.1}) / "run.json")


@pytest.mark.parametrize(("ridge", "is_warned"), [(1e-6, True), (10.0, False)])
def test_it_is_warned_of_where_more_is_left_out_than_the_ridge(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, ridge: float, is_warned: bool
) -> None:
    spec = make_spec(data=NUMBERS, inference=nystrom(ridge=ridge, ridge_scale="trace"))
    outcome = ntk("fit", spec)
    assert outcome.returncode == 0
    assert ("of the nngp kernel's trace, and the ridge is" in outcome.stderr) == is_warned
    assert len(load_json(tmp_path / "run" / "run.json")["warnings"]) == is_warned


def test_what_rounding_leaves_is_not_warned_of(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("fit", make_spec(data=NUMBERS, inference=nystrom(TRAIN, kernel=["ntk", "nngp"], ridge=0)))
    assert (outcome.returncode, outcome.stderr) == (0, "")


@pytest.mark.parametrize("rows", [2, 3, 4, 5])
@pytest.mark.parametrize("target", ["y", "kind"])
def test_two_rows_are_enough(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, rows: int, target: str) -> None:
    table = rows_of(rows, 1).assign(kind=["low", "high", "low", "high", "low"][:rows])
    table.to_csv(tmp_path / "train.csv", index=False)
    data = {**NUMBERS, "target": target}
    spec = make_spec(data=data, inference=nystrom("auto", ridge="auto"), output={"interval_from": "auto"})
    outcome = ntk("fit", spec)
    assert outcome.returncode == 0, outcome.stderr
    assert len(pd.read_csv(tmp_path / "run" / "predictions.csv")) == TEST


def test_what_auto_stood_for_is_in_the_spec_of_the_run_which_repeats_it(
    approximate: Fit, ntk: Ntk, tmp_path: Path
) -> None:
    run = approximate(inference=nystrom("auto", ridge="auto"), output={"interval_from": "auto"})
    resolved = yaml.safe_load((run / "spec.yaml").read_text())["inference"]
    assert resolved["ridge"] > 0
    assert resolved["approximation"] == {
        "method": "nystrom", "centres": "auto", "sample": "auto", "seed": 0
    }  # fmt: skip
    shutil.copytree(run, tmp_path / "first")
    assert ntk("fit", "run/spec.yaml", "--out", "again").returncode == 0
    first, again = ((tmp_path / name / "predictions.csv").read_bytes() for name in ("first", "again"))
    found, expected = (pd.read_csv(tmp_path / name / "predictions.csv") for name in ("again", "first"))
    # Rows held out are drawn alike; the ridge has 17 digits.
    np.testing.assert_allclose(values(found, "y_std"), values(expected, "y_std"), rtol=1e-12, atol=1e-12)
    assert len(first.splitlines()) == len(again.splitlines())


def test_a_ridge_is_found_by_rows_held_out(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("fit", make_spec(data=NUMBERS, inference=nystrom(ridge="auto")))
    assert outcome.returncode == 0
    assert "inference.ridge: auto is" in outcome.stderr
    assert "held-out rmse" in outcome.stderr
    assert f"of {TRAIN // 5} rows" in outcome.stderr


@pytest.mark.parametrize("keys", [{"interval_from": "held_out"}, {"noise": True, "interval_from": "auto"}])
def test_calibrations_are_by_rows_held_out(approximate: Fit, keys: dict[str, Any]) -> None:
    run = approximate(inference=nystrom(variance_scale="auto"), output=keys)
    calibration = load_json(run / "run.json")["calibration"]
    assert (calibration["by"], calibration["rows"]) == ("held_out", TRAIN // 5)
    assert load_json(run / "metrics.json")["interval_from"] == "held_out"


def test_without_anything_to_calibrate_no_row_is_held_out(approximate: Fit) -> None:
    assert load_json(approximate(inference=nystrom()) / "run.json")["calibration"] is None


def test_classes_have_probabilities_that_add_up_and_are_calibrated(approximate: Fit) -> None:
    run = approximate(inference=nystrom(ridge="auto"), data=CLASSES)
    table = pd.read_csv(run / "predictions.csv")
    both = table[["kind_probability_high", "kind_probability_low"]]
    np.testing.assert_allclose(both.sum(axis=1), 1.0, rtol=1e-12)
    (found,) = load_json(run / "run.json")["calibration"]["found"]
    assert found["temperature"]
    (score,) = load_json(run / "metrics.json")["scores"]
    assert score["accuracy"] > 0.75
    assert score["log_loss"] < math.log(2)


def test_a_covariance_has_the_variances_on_its_diagonal_and_samples_come_from_it(approximate: Fit) -> None:
    output = {"covariance": True, "samples": 4}
    run = approximate(inference=nystrom(kernel=["ntk", "nngp"], time=[0.5, math.inf]), output=output)
    for kernel in ("ntk", "nngp"):
        for time in ("0.5", "inf"):
            covariance = np.load(run / "covariance" / f"{kernel}_t{time}.npy").reshape(TEST, TEST)
            std = values(part(run, kernel, time), "y_std")
            np.testing.assert_allclose(np.sqrt(covariance.diagonal()), std, rtol=1e-9, atol=1e-12)
            assert np.load(run / "samples" / f"{kernel}_t{time}.npy").size == 4 * TEST


@pytest.mark.parametrize("kernel", ["nngp", "ntk", "ntkgp"])
def test_intervals_hold_about_the_share_that_they_are_for(
    approximate: Fit, write: Write, kernel: str
) -> None:
    write("train.csv", rows_of(500, 3).to_csv(index=False))
    write("test.csv", rows_of(400, 4).to_csv(index=False))
    run = approximate(
        inference=nystrom(60, kernel=kernel, ridge="auto"), output={"interval": 0.9, "interval_from": "auto"}
    )
    (score,) = load_json(run / "metrics.json")["scores"]
    # By 100 rows and of 400: standard errors of 0.03 and 0.015.
    assert 0.8 < score["coverage"] < 0.98


def test_a_compressed_file_has_the_same_predictions(approximate: Fit, tmp_path: Path) -> None:
    sections: Sections = {"inference": nystrom(), "data": NUMBERS}
    plain = (approximate(**sections) / "predictions.csv").read_bytes()
    (tmp_path / "train.csv.gz").write_bytes(gzip.compress((tmp_path / "train.csv").read_bytes()))
    sections["data"] = {**NUMBERS, "train": "train.csv.gz"}
    assert (approximate(**sections) / "predictions.csv").read_bytes() == plain


def test_rows_that_are_copies_are_no_trouble_without_a_ridge_at_a_finite_time(
    approximate: Fit, tmp_path: Path
) -> None:
    train = pd.read_csv(tmp_path / "train.csv")
    pd.concat([train] * 3).to_csv(tmp_path / "train.csv", index=False)
    run = approximate(inference=nystrom(TRAIN * 3, time=2.0, ridge=0), data=NUMBERS)
    assert load_json(run / "run.json")["approximation"]["centres"] <= TRAIN
    assert np.isfinite(values(pd.read_csv(run / "predictions.csv"), "y_std")).all()


def test_a_sample_of_its_own_is_what_centres_come_from(approximate: Fit) -> None:
    inference = nystrom("auto")
    inference["approximation"]["sample"] = 25
    run = approximate(inference=inference)
    assert load_json(run / "run.json")["approximation"]["centres"] == 25


def test_rows_to_train_with_are_predicted_where_there_are_no_others(approximate: Fit) -> None:
    run = approximate(inference=nystrom(), data={"test": None, **NUMBERS})
    assert len(pd.read_csv(run / "predictions.csv")) == TRAIN
    assert load_json(run / "metrics.json")["rows"] == "train"


def test_check_tells_what_three_numbers_of_centres_take_and_leave_out(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("check", make_spec(data=NUMBERS, inference=nystrom(40)))
    assert outcome.returncode == 0
    assert f"40, from {TRAIN} rows, for nngp at time inf" in outcome.stdout
    lines = [line for line in outcome.stdout.splitlines() if "of the nngp kernel's trace" in line]
    assert [line.split(" centres: about ")[0].split()[-1] for line in lines] == ["10", "20", "40"]
