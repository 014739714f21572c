import csv
import hashlib
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from ntkcli.arrays import FloatArray

Ntk = Callable[..., CompletedProcess[str]]
Write = Callable[[str, str], Path]
MakeSpec = Callable[..., Path]
Fit = Callable[..., Path]
Predict = Callable[..., pd.DataFrame]

ALL_KERNELS: dict[str, Any] = {"kernel": ["ntk", "ntkgp", "nngp"], "time": [0, 0.5, math.inf], "ridge": 0.05}
TIMES = ["0", "0.5", "inf"]
RESULTS = [*(("ntk", time) for time in TIMES), ("ntkgp", "inf"), *(("nngp", time) for time in TIMES)]


def load_json(path: Path) -> Any:
    """JSON as the standard has it: no NaN, no Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} in {path}")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def score_of(run: Path, kernel: str, time: str, target: str = "y") -> dict[str, Any]:
    scores: list[dict[str, Any]] = load_json(run / "metrics.json")["scores"]
    (score,) = [s for s in scores if (s["kernel"], s["time"], s["target"]) == (kernel, time, target)]
    return score


def part(run: Path, kernel: str, time: str) -> pd.DataFrame:
    """The predictions of one kernel at one time."""
    table = pd.read_csv(run / "predictions.csv", dtype={"time": str})
    return table[(table["kernel"] == kernel) & (table["time"] == time)]


def values(table: pd.DataFrame, column: str) -> FloatArray:
    return table[column].to_numpy(dtype=np.float64)


def add_second_target(write: Write, tmp_path: Path) -> None:
    """Give the small data a second target, z = 3 y - 1."""
    for name in ("train.csv", "test.csv"):
        table = pd.read_csv(tmp_path / name)
        table["z"] = 3 * table["y"] - 1
        write(name, table.to_csv(index=False))


def test_the_run_directory_holds_what_was_asked_for(fit: Fit) -> None:
    run = fit(output={"kernels": ["ntk_test_train"], "covariance": True})
    names = sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())
    assert names == [
        "covariance/ntk_tinf.npy",
        "kernels/ntk_test_train.npy",
        "metrics.json",
        "predictions.csv",
        "run.json",
        "spec.yaml",
    ]


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


@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("interval", [0.5, 0.95])
def test_metrics_can_be_recomputed_from_the_predictions(fit: Fit, noise: bool, interval: float) -> None:
    run = fit(inference={**ALL_KERNELS, "ridge": 0.3}, output={"noise": noise, "interval": interval})
    scale = load_json(run / "run.json")["target_scaling"]["scale"][0]
    for kernel, time in RESULTS:
        table = part(run, kernel, time)
        unseen = 0.0 if kernel == "ntk" or noise else 0.3 * scale**2
        std = np.sqrt(values(table, "y_std") ** 2 + unseen)
        expected = recomputed(values(table, "y"), values(table, "y_mean"), std, interval)
        score = score_of(run, kernel, time)
        assert {name: score[name] for name in expected} == pytest.approx(expected, rel=1e-9)


def recomputed(y: FloatArray, mean: FloatArray, std: FloatArray, interval: float) -> dict[str, float]:
    """All metrics of predictions with this standard deviation of an observation."""
    lower, upper = norm.interval(interval, mean, std)
    return {
        "rmse": float(np.sqrt(np.mean((y - mean) ** 2))),
        "mae": float(np.mean(np.abs(y - mean))),
        "r2": 1 - float(np.mean((y - mean) ** 2) / np.var(y)),
        "nll": -float(np.mean(norm.logpdf(y, mean, std))),
        "coverage": float(np.mean((lower <= y) & (y <= upper))),
    }


@pytest.mark.parametrize("kernel", ["nngp", "ntkgp"])
def test_the_ridge_is_the_noise_of_a_posterior(predict: Predict, kernel: str) -> None:
    inference = {"kernel": kernel, "ridge": 0.3}
    data = {"standardize_target": False}
    function = predict(inference=inference, data=data)
    observation = predict(inference=inference, data=data, output={"noise": True})
    np.testing.assert_array_equal(values(function, "y_mean"), values(observation, "y_mean"))
    np.testing.assert_allclose(
        values(observation, "y_std") ** 2 - values(function, "y_std") ** 2, 0.3, rtol=1e-10
    )


def test_the_noise_of_the_ensemble_is_none_and_said_so(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("fit", make_spec(inference={"ridge": 0.3}, output={"noise": True}))
    assert "warning: output.noise does not change kernel ntk" in outcome.stderr
    noisy = (tmp_path / "run" / "predictions.csv").read_bytes()
    ntk("fit", make_spec(inference={"ridge": 0.3}), "--overwrite")
    assert (tmp_path / "run" / "predictions.csv").read_bytes() == noisy


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
    assert outcome.stderr == "ntk: there is no data.test: predicting the training rows themselves\n"
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
    assert rows[0][:4] == ["2nd", "name", "kernel", "time"]
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


def test_a_ridge_by_the_trace_is_in_units_of_the_mean_diagonal(fit: Fit) -> None:
    run = fit(
        inference={"kernel": "nngp", "ridge": 0.1, "ridge_scale": "trace"},
        output={"kernels": ["nngp_train_train"]},
    )
    diagonal = np.load(run / "kernels" / "nngp_train_train.npy").diagonal()
    ridge = load_json(run / "run.json")["solvers"]["nngp"]["ridge"]
    assert ridge == pytest.approx(0.1 * diagonal.mean(), rel=1e-12)


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
    monkeypatch.setattr("ntkcli.regression.CHUNK_ROWS", 2)
    streamed = predict(inference=ALL_KERNELS)
    assert list(streamed["row"]) == list(at_once["row"])
    np.testing.assert_allclose(streamed["y_mean"], at_once["y_mean"], rtol=1e-9)
    np.testing.assert_allclose(streamed["y_std"], at_once["y_std"], rtol=1e-6)


def test_float32_is_close_to_float64(predict: Predict, tmp_path: Path) -> None:
    exact = predict(inference={**ALL_KERNELS, "ridge": 0.1})
    short = predict(
        inference={**ALL_KERNELS, "ridge": 0.1},
        compute={"dtype": "float32"},
        output={"kernels": ["ntk_test_test"]},
    )
    np.testing.assert_allclose(short["y_mean"], exact["y_mean"], rtol=1e-4)
    np.testing.assert_allclose(short["y_std"], exact["y_std"], rtol=1e-2)
    assert np.any(short["y_mean"] != exact["y_mean"])
    assert np.load(tmp_path / "run" / "kernels" / "ntk_test_test.npy").dtype == np.float32


def test_means_do_not_depend_on_what_else_is_asked_for(predict: Predict) -> None:
    means = predict(inference=ALL_KERNELS, output={"std": False})
    assert list(means.columns) == ["row", "kernel", "time", "y_mean", "y"]
    np.testing.assert_allclose(means["y_mean"], predict(inference=ALL_KERNELS)["y_mean"], rtol=1e-12)


def test_without_std_neither_likelihood_nor_coverage_is_told(fit: Fit) -> None:
    score = score_of(fit(output={"std": False}), "ntk", "inf")
    assert set(score) == {"kernel", "time", "target", "rmse", "mae", "r2"}


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


def test_run_json_tells_the_run(fit: Fit) -> None:
    manifest = load_json(fit(inference=ALL_KERNELS) / "run.json")
    assert set(manifest) == {
        "versions", "spec", "data", "features", "targets", "target_scaling", "solvers", "compute", "warnings",
        "seconds", "peak_memory_bytes",
    }  # fmt: skip
    assert (manifest["features"], manifest["targets"]) == (["a", "b", "c"], ["y"])
    assert (manifest["data"]["train"]["rows"], manifest["data"]["test"]["rows"]) == (14, 5)
    assert {"read", "gram", "solve", "predict", "write", "total"} <= set(manifest["seconds"])
    assert manifest["solvers"]["ntk"]["solver"] == manifest["solvers"]["nngp"]["solver"] == "eigh"
    assert manifest["solvers"]["ntk"]["smallest_eigenvalue"] > 0.05


def test_run_json_has_the_smallest_pivot_of_a_cholesky_factor(fit: Fit) -> None:
    run = fit(inference={"ridge": 0.1}, output={"kernels": ["ntk_train_train"]})
    matrix = np.load(run / "kernels" / "ntk_train_train.npy") + 0.1 * np.eye(14)
    pivot = np.linalg.cholesky(matrix).diagonal().min() ** 2
    solver = load_json(run / "run.json")["solvers"]["ntk"]
    assert solver["smallest_pivot"] == pytest.approx(pivot, rel=1e-9)
    assert (solver["solver"], solver["ridge"]) == ("cholesky", 0.1)


def test_run_json_names_files_from_where_it_stands_with_their_hashes(fit: Fit, tmp_path: Path) -> None:
    run = fit()
    manifest = load_json(run / "run.json")
    for entry in (manifest["spec"], manifest["data"]["train"], manifest["data"]["test"]):
        assert (run / entry["path"]).resolve().parent == tmp_path.resolve()
        assert entry["sha256"] == hashlib.sha256((run / entry["path"]).read_bytes()).hexdigest()


def test_warnings_are_kept_in_run_json(fit: Fit, write: Write, tmp_path: Path) -> None:
    table = pd.read_csv(tmp_path / "train.csv")
    write("train.csv", table.assign(b=1.5).to_csv(index=False))
    manifest = load_json(fit() / "run.json")
    assert manifest["features"] == ["a", "c"]
    (warning,) = manifest["warnings"]
    assert warning.endswith("train.csv: column 'b' is constant and was dropped")


def test_the_same_spec_and_data_give_the_same_bytes(fit: Fit) -> None:
    sections = {"inference": ALL_KERNELS, "output": {"kernels": ["ntk_train_train", "nngp_test_test"]}}
    first, second = contents(fit(**sections)), contents(fit(**sections))
    assert set(first) == set(second)
    for name in set(first) - {"run.json"}:
        assert first[name] == second[name], name
    manifests = [json.loads(found["run.json"]) for found in (first, second)]
    for manifest in manifests:
        del manifest["seconds"], manifest["peak_memory_bytes"]
    assert manifests[0] == manifests[1]


def contents(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_a_run_goes_where_out_says(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("fit", make_spec(), "--out", "some/where")
    assert outcome.returncode == 0
    assert outcome.stdout.splitlines()[-1] == "wrote some/where"
    assert not (tmp_path / "run").exists()
    assert (tmp_path / "some" / "where" / "predictions.csv").exists()


def test_a_second_run_needs_overwrite(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    spec = make_spec()
    assert ntk("fit", spec).returncode == 0
    before = contents(tmp_path / "run")
    assert ntk("fit", spec).returncode == 6
    assert contents(tmp_path / "run") == before
    make_spec(network={"depth": 1}, inference={"ridge": 0.1})
    assert ntk("fit", spec, "--overwrite").returncode == 0
    assert contents(tmp_path / "run")["predictions.csv"] != before["predictions.csv"]


def test_a_spec_works_from_any_folder(
    fit: Fit, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = (fit() / "predictions.csv").read_bytes()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert ntk("fit", "../spec.yaml", "--overwrite").returncode == 0
    assert (tmp_path / "run" / "predictions.csv").read_bytes() == expected
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_fit_says_nothing_when_told_to_be_quiet(make_spec: MakeSpec, ntk: Ntk, write: Write) -> None:
    write("train.csv", "a,b,y\n1,2,3\n1,3,4\n1,5,1\n")
    outcome = ntk("fit", make_spec(data={"test": None}, output={"noise": True}), "--quiet")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


def test_a_fit_shows_a_table_of_what_it_found(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("fit", make_spec(inference=ALL_KERNELS))
    header, *rows, last = outcome.stdout.splitlines()
    assert (outcome.stderr, last) == ("", "wrote run")
    assert header.split() == ["rows", "kernel", "time", "rmse", "nll", "coverage", "seconds"]
    assert [tuple(row.split()[:3]) for row in rows] == [("5", *pair) for pair in RESULTS]
    for row, pair in zip(rows, RESULTS, strict=True):
        score = score_of(tmp_path / "run", *pair)
        expected = [score["rmse"], score["nll"], score["coverage"]]
        assert [float(cell) for cell in row.split()[3:6]] == pytest.approx(expected, rel=1e-3)


def test_the_table_names_the_targets_when_there_are_several(
    make_spec: MakeSpec, ntk: Ntk, write: Write, tmp_path: Path
) -> None:
    add_second_target(write, tmp_path)
    header, *rows, _ = ntk("fit", make_spec(data={"target": ["z", "y"]})).stdout.splitlines()
    assert "target" in header.split()
    assert [row.split()[3] for row in rows] == ["z", "y"]


@pytest.mark.parametrize("unit", [1e-150, 1e-100, 1e100, 1e150])
def test_the_unit_of_the_target_does_not_matter(predict: Predict, write: Write, unit: float) -> None:
    found = []
    for factor in (1.0, unit):
        table = pd.DataFrame({"a": [0.0, 1.0, 3.0], "y": np.array([1.0, 2.0, 4.0]) * factor})
        write("train.csv", table.to_csv(index=False))
        found.append(predict(data={"test": None}, inference={"ridge": 0.1}))
    for column in ("y_mean", "y_std", "y_lower", "y_upper"):
        np.testing.assert_allclose(values(found[1], column) / unit, values(found[0], column), rtol=1e-9)


def test_an_observation_far_from_its_prediction_is_scored_or_refused(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("test.csv", "a,b,c,y\n1,100,-2,1e200\n")
    outcome = ntk("fit", make_spec())
    assert outcome.returncode in (0, 3, 4)
    assert "unexpected" not in outcome.stderr


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


def test_a_spec_may_come_from_a_pipe(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    data = {"train": str(tmp_path / "train.csv"), "test": str(tmp_path / "test.csv")}
    text = make_spec(data=data).read_bytes()
    reader, writer = os.pipe()
    os.write(writer, text)
    os.close(writer)
    outcome = ntk("fit", f"/dev/fd/{reader}", "--out", "run")
    os.close(reader)
    assert outcome.returncode == 0
    manifest = load_json(tmp_path / "run" / "run.json")
    assert manifest["spec"]["sha256"] == hashlib.sha256(text).hexdigest()
