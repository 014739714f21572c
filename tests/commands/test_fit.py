import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .run_files import (
    ALL_KERNELS,
    RESULTS,
    Fit,
    MakeSpec,
    Ntk,
    Predict,
    Write,
    add_second_target,
    load_json,
    part,
    values,
)


def test_every_test_row_is_predicted_by_every_kernel_at_every_time(predict: Predict) -> None:
    table = predict(inference=ALL_KERNELS)
    assert list(table.columns) == ["row", "kernel", "time", "y_mean", "y_std", "y_lower", "y_upper", "y"]
    assert table["row"].tolist() == [row for row in range(5) for _ in RESULTS]
    for _, rows in table.groupby("row"):
        found = zip(rows["kernel"], rows["time"], strict=True)
        assert [(kernel, f"{time:g}") for kernel, time in found] == RESULTS


def test_numbers_are_written_so_that_they_read_back_the_same(fit: Fit) -> None:
    with (fit(inference=ALL_KERNELS) / "predictions.csv").open(newline="") as file:
        cells = [cell for row in csv.DictReader(file) for name, cell in row.items() if name.startswith("y")]
    assert len(cells) == 5 * len(RESULTS) * 5
    assert all(cell == repr(float(cell)) for cell in cells)


def test_the_observations_are_copied_to_the_last_bit(predict: Predict, tmp_path: Path) -> None:
    table = predict()
    test = pd.read_csv(tmp_path / "test.csv")
    assert values(table, "y").tobytes() == values(test, "y").tobytes()


def test_the_prior_is_the_mean_of_the_targets_everywhere(predict: Predict, tmp_path: Path) -> None:
    table = predict(inference={"kernel": ["ntk", "nngp"], "time": 0})
    train = pd.read_csv(tmp_path / "train.csv")
    np.testing.assert_allclose(values(table, "y_mean"), values(train, "y").mean(), rtol=1e-14)
    stds = values(table, "y_std").reshape(5, 2)
    np.testing.assert_array_equal(stds[:, 0], stds[:, 1])


def test_training_rows_are_met_at_infinity(fit: Fit) -> None:
    for kernel in ("ntk", "nngp"):
        table = part(fit(data={"test": None}, inference={"kernel": kernel}), kernel, "inf")
        np.testing.assert_allclose(values(table, "y_mean"), values(table, "y"), rtol=1e-9)
        np.testing.assert_allclose(values(table, "y_std"), 0.0, atol=1e-5)


def test_without_a_test_file_the_training_rows_are_predicted_and_said_so(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    outcome = ntk("fit", make_spec(data={"test": None}, inference={"ridge": 0.1}))
    reported = "there is no data.test and no data.split: predicting the training rows themselves"
    assert outcome.stderr == f"ntk: {reported}\n"
    assert part(tmp_path / "run", "ntk", "inf")["row"].tolist() == list(range(14))
    assert load_json(tmp_path / "run" / "metrics.json")["rows"] == "train"
    assert list(load_json(tmp_path / "run" / "run.json")["data"]) == ["train"]


def test_a_test_file_without_the_target_is_predicted_and_not_scored(
    predict: Predict, make_spec: MakeSpec, ntk: Ntk, write: Write, tmp_path: Path
) -> None:
    scored = predict()
    rows = pd.read_csv(tmp_path / "test.csv")[["a", "b", "c"]]
    write("test.csv", rows.to_csv(index=False))
    bare = predict()
    assert list(bare.columns) == list(scored.columns[:-1])
    np.testing.assert_array_equal(bare["y_mean"], scored["y_mean"])
    assert load_json(tmp_path / "run" / "metrics.json")["scores"] == []
    shown = ntk("fit", make_spec(), "--overwrite").stdout.splitlines()[1].split()
    assert shown[:-1] == ["5", "ntk", "inf", "-", "-", "-"]


def test_several_targets_are_predicted_as_each_would_be_alone(
    predict: Predict, write: Write, tmp_path: Path
) -> None:
    alone = predict(inference=ALL_KERNELS)
    add_second_target(write, tmp_path)
    both = predict(data={"target": ["y", "z"]}, inference=ALL_KERNELS)
    assert list(both.columns) == [*alone.columns, "z_mean", "z_std", "z_lower", "z_upper", "z"]
    for kind in ("_mean", "_std", "_lower", "_upper"):
        np.testing.assert_allclose(both[f"y{kind}"], alone[f"y{kind}"], rtol=1e-8)
        shift = 0 if kind == "_std" else 1
        np.testing.assert_allclose(both[f"z{kind}"], 3 * alone[f"y{kind}"] - shift, rtol=1e-8)


def test_a_target_that_the_test_file_lacks_is_predicted_beside_one_that_it_has(
    fit: Fit, write: Write, tmp_path: Path
) -> None:
    test = (tmp_path / "test.csv").read_text()
    add_second_target(write, tmp_path)
    write("test.csv", test)
    run = fit(data={"target": ["z", "y"]})
    columns = pd.read_csv(run / "predictions.csv").columns
    assert "z" not in columns
    assert {"z_mean", "y_mean", "y"} <= set(columns)
    assert [score["target"] for score in load_json(run / "metrics.json")["scores"]] == ["y"]


def test_ids_are_copied_letter_by_letter(fit: Fit, write: Write, tmp_path: Path) -> None:
    ids = ["NA", "007", "", "a,b", 'say "hi"\nto all ']
    table = pd.read_csv(tmp_path / "test.csv")
    table.insert(0, "name", ids)
    table.insert(2, "2nd", ids[::-1])
    write("test.csv", table.to_csv(index=False))
    run = fit(data={"id": ["2nd", "name"], "features": ["a", "b", "c"]})
    with (run / "predictions.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:5] == ["2nd", "name", "row", "kernel", "time"]
    assert [row[1] for row in rows[1:]] == ids
    assert [row[0] for row in rows[1:]] == ids[::-1]


def test_the_mean_loss_is_the_sum_loss_at_a_later_time(
    predict: Predict, write: Write, tmp_path: Path
) -> None:
    add_second_target(write, tmp_path)
    data, times = {"target": ["y", "z"]}, [0.1, 1.0, math.inf]
    kernels = {"kernel": ["ntk", "nngp"], "learning_rate": 0.5}
    by_sum = predict(data=data, inference={**kernels, "time": times})
    longer = [time * 14 * 2 for time in times]
    by_mean = predict(data=data, inference={**kernels, "time": longer, "loss": "mean"})
    for column in ("y_mean", "y_std", "z_mean", "z_std"):
        np.testing.assert_allclose(by_mean[column], by_sum[column], rtol=1e-10)


def test_a_learning_rate_is_a_factor_of_the_time(predict: Predict) -> None:
    slow = predict(inference={"time": [2.0, 8.0], "learning_rate": 0.25})
    fast = predict(inference={"time": [0.5, 2.0]})
    np.testing.assert_allclose(slow[["y_mean", "y_std"]], fast[["y_mean", "y_std"]], rtol=1e-10)


@pytest.mark.parametrize(
    "compute", [{"tile": 1}, {"tile": 3}, {"tile": 7, "threads": 2}, {"threads": 1}, {"threads": 4}]
)
def test_tiles_and_threads_change_nothing_beyond_rounding(predict: Predict, compute: dict[str, int]) -> None:
    automatic = predict(inference=ALL_KERNELS)
    other = predict(inference=ALL_KERNELS, compute=compute)
    np.testing.assert_allclose(other["y_mean"], automatic["y_mean"], rtol=1e-9)
    np.testing.assert_allclose(other["y_std"], automatic["y_std"], rtol=1e-6)


def test_the_number_of_rows_streamed_at_a_time_changes_nothing(
    predict: Predict, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = predict(inference=ALL_KERNELS)
    monkeypatch.setattr("ntkcli.regression.predict.CHUNK_ROWS", 2)
    streamed = predict(inference=ALL_KERNELS)
    assert list(streamed["row"]) == list(at_once["row"])
    np.testing.assert_allclose(streamed["y_mean"], at_once["y_mean"], rtol=1e-9)
    np.testing.assert_allclose(streamed["y_std"], at_once["y_std"], rtol=1e-6)


def test_means_do_not_depend_on_what_else_is_asked_for(predict: Predict) -> None:
    means = predict(inference=ALL_KERNELS, output={"std": False})
    assert list(means.columns) == ["row", "kernel", "time", "y_mean", "y"]
    np.testing.assert_allclose(means["y_mean"], predict(inference=ALL_KERNELS)["y_mean"], rtol=1e-12)


@pytest.mark.parametrize("targets", [["y"], ["y", "z"]])
def test_the_diagonal_of_a_covariance_is_the_square_of_the_std(
    fit: Fit, write: Write, tmp_path: Path, targets: list[str]
) -> None:
    add_second_target(write, tmp_path)
    run = fit(
        data={"target": targets, "features": ["a", "b", "c"]},
        inference=ALL_KERNELS,
        output={"covariance": True},
    )
    for kernel, time in RESULTS:
        covariance = np.load(run / "covariance" / f"{kernel}_t{time}.npy")
        assert covariance.shape == ((5, 5) if len(targets) == 1 else (len(targets), 5, 5))
        np.testing.assert_allclose(covariance, np.swapaxes(covariance, -1, -2), rtol=1e-9, atol=1e-9)
        stds = part(run, kernel, time)[[f"{target}_std" for target in targets]].to_numpy().T
        variances = np.diagonal(covariance, axis1=-2, axis2=-1).reshape(len(targets), 5)
        np.testing.assert_allclose(np.sqrt(variances), stds, rtol=1e-12)


@pytest.mark.parametrize("unit", [1e-150, 1e-100, 1e100, 1e150])
def test_the_unit_of_the_target_does_not_matter(predict: Predict, write: Write, unit: float) -> None:
    found = []
    for factor in (1.0, unit):
        table = pd.DataFrame({"a": [0.0, 1.0, 3.0], "y": np.array([1.0, 2.0, 4.0]) * factor})
        write("train.csv", table.to_csv(index=False))
        found.append(predict(data={"test": None}, inference={"ridge": 0.1}))
    for column in ("y_mean", "y_std", "y_lower", "y_upper"):
        np.testing.assert_allclose(values(found[1], column) / unit, values(found[0], column), rtol=1e-9)


def test_targets_as_they_are_may_be_large(make_spec: MakeSpec, ntk: Ntk, write: Write) -> None:
    write("train.csv", "a,y\n1,1e200\n2,4e200\n3,1e200\n")
    outcome = ntk("fit", make_spec(data={"test": None, "standardize_target": False}, inference={"time": 1}))
    assert outcome.returncode in (0, 3, 4)
    assert "unexpected" not in outcome.stderr


def test_an_infinite_product_of_time_and_learning_rate_is_answered_or_refused(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("train.csv", "a,y\n1,2\n1,4\n3,1\n")
    endless = {"time": 1e300, "learning_rate": 1e300}
    outcome = ntk("fit", make_spec(data={"test": None}, inference=endless))
    assert outcome.returncode in (0, 2, 4)
    assert "unexpected" not in outcome.stderr


@pytest.mark.parametrize("unit", [1e-100, 1e-80, 1e-40, 1e40, 1e77, 1e100])
def test_the_unit_of_the_features_does_not_matter_to_relu_without_bias(
    predict: Predict, write: Write, tmp_path: Path, unit: float
) -> None:
    """The kernel is homogeneous: the limit of the mean stays, and the std has the features' unit."""
    asked: dict[str, Any] = {
        "data": {"standardize": False},
        "network": {"sigma_b": 0},
        "inference": {"kernel": ["ntk", "nngp"], "ridge": 1e-3, "ridge_scale": "trace"},
    }
    expected = predict(**asked)
    for name in ("train.csv", "test.csv"):
        table = pd.read_csv(tmp_path / name)
        table[["a", "b", "c"]] *= unit
        write(name, table.to_csv(index=False))
    found = predict(**asked)
    np.testing.assert_allclose(values(found, "y_mean"), values(expected, "y_mean"), rtol=1e-9)
    np.testing.assert_allclose(values(found, "y_std") / unit, values(expected, "y_std"), rtol=1e-6)
    for record in load_json(tmp_path / "run" / "run.json")["solvers"]:
        (entry,) = record["times"]
        assert entry["residual"] < 1e-9
        assert entry["condition"] > 1


@pytest.mark.parametrize("solver", ["auto", "eigh", "lanczos"])
def test_a_time_too_short_to_count_gives_the_prior(predict: Predict, solver: str) -> None:
    """Even where its product with the learning rate is 0 in float64."""
    asked = {"kernel": ["ntk", "nngp"], "time": [0, 1e-300], "learning_rate": 1e-300}
    table = predict(inference=asked, compute={"solver": solver})
    for column in ("y_mean", "y_std"):
        prior, early = (values(table[table["time"] == time], column) for time in (0, 1e-300))
        np.testing.assert_allclose(early, prior, rtol=1e-14)
