import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ntkcli.spec.file import read_spec

from .run_files import (
    ALL_KERNELS,
    RESULTS,
    Fit,
    MakeSpec,
    Ntk,
    Write,
    add_second_target,
    contents,
    load_json,
    score_of,
)


def test_the_run_directory_holds_what_was_asked_for(fit: Fit) -> None:
    run = fit(output={"kernels": ["ntk_test_train"], "covariance": True})
    names = sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())
    assert [name for name in names if not name.startswith("model/")] == [
        "covariance/ntk_tinf.npy",
        "kernels/ntk_test_train.npy",
        "metrics.json",
        "predictions.csv",
        "run.json",
        "spec.yaml",
    ]
    assert "model/model.json" in names


def test_run_json_reports_the_run(fit: Fit) -> None:
    manifest = load_json(fit(inference=ALL_KERNELS, compute={"threads": 2, "tile": 7}) / "run.json")
    assert set(manifest) == {
        "versions", "job", "spec", "data", "features", "log", "relevance", "targets", "target_scaling",
        "network", "solvers", "calibration", "compute",
        "warnings", "seconds", "peak_memory_bytes",
    }  # fmt: skip
    assert (manifest["features"], manifest["targets"]) == (["a", "b", "c"], ["y"])
    assert (manifest["data"]["train"]["rows"], manifest["data"]["test"]["rows"]) == (14, 5)
    phases = {"read", "tables", "gram", "factor", "solve", "predict", "write", "total"}
    assert set(manifest["seconds"]) == phases
    assert manifest["compute"] == {
        "dtype": "float64", "threads": 2, "tile": 7, "storage": "memory", "stored_dtype": "float64",
    }  # fmt: skip
    assert {record["gram"] for record in manifest["solvers"]} == {"ntk", "nngp"}


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


@pytest.mark.parametrize("solver", ["auto", "eigh", "lanczos"])
def test_the_same_spec_and_data_give_the_same_bytes(fit: Fit, solver: str) -> None:
    sections = {
        "inference": ALL_KERNELS,
        "output": {"kernels": ["ntk_train_train", "nngp_test_test"]},
        "compute": {"solver": solver},
    }
    first, second = contents(fit(**sections)), contents(fit(**sections))
    assert set(first) == set(second)
    for name in set(first) - {"run.json"}:
        assert first[name] == second[name], name
    manifests = [json.loads(found["run.json"]) for found in (first, second)]
    for manifest in manifests:
        del manifest["seconds"], manifest["peak_memory_bytes"]
    assert manifests[0] == manifests[1]


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


def test_a_fit_says_nothing_when_asked_to_be_quiet(make_spec: MakeSpec, ntk: Ntk, write: Write) -> None:
    write("train.csv", "a,b,y\n1,2,3\n1,3,4\n1,5,1\n")
    outcome = ntk("fit", make_spec(data={"test": None}, output={"noise": True}), "-qq")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


def test_a_quiet_fit_warns_and_one_that_is_quieter_does_not(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("train.csv", "a,b,y\n1,2,3\n1,3,4\n1,5,1\n")
    outcome = ntk("fit", make_spec(data={"test": None}, output={"noise": True}), "-q")
    assert (outcome.returncode, outcome.stdout) == (0, "")
    assert outcome.stderr
    assert all(line.startswith("ntk: warning: ") for line in outcome.stderr.splitlines())


def test_a_verbose_fit_tells_the_seconds_of_its_phases(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("fit", make_spec(), "-v")
    seconds = dict(re.findall(r"^ntk: (.+): (\d+\.\d\d) s$", outcome.stderr, flags=re.MULTILINE))
    phases = load_json(tmp_path / "run" / "run.json")["seconds"]
    assert {"read", "gram", "predict"} <= set(seconds) & set(phases)
    assert ntk("fit", make_spec(), "-qv").returncode == 2


def test_a_fit_shows_a_table_of_what_it_found(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("fit", make_spec(inference=ALL_KERNELS))
    header, *rows, mean, linear, _, note, last = outcome.stdout.splitlines()
    assert note == "intervals: normal, not calibrated"
    assert (outcome.stderr, last) == ("", "wrote run")
    assert [row.split()[:2] for row in (mean, linear)] == [["5", "mean"], ["5", "linear"]]
    assert header.split() == [
        "rows",
        "kernel",
        "time",
        "rmse",
        "nll",
        *["coverage", "of", "95", "%"],
        "seconds",
    ]
    assert [tuple(row.split()[:3]) for row in rows] == [("5", *pair) for pair in RESULTS]
    for row, pair in zip(rows, RESULTS, strict=True):
        score = score_of(tmp_path / "run", *pair)
        expected = [score["rmse"], score["nll"], score["coverage"]]
        assert [float(cell) for cell in row.split()[3:6]] == pytest.approx(expected, rel=1e-3)


def test_the_table_names_the_targets_when_there_are_several(
    make_spec: MakeSpec, ntk: Ntk, write: Write, tmp_path: Path
) -> None:
    add_second_target(write, tmp_path)
    header, *rows = ntk("fit", make_spec(data={"target": ["z", "y"]})).stdout.splitlines()[:7]
    column = header.index("target")
    assert [row[column : column + len("target")].strip() for row in rows] == ["z", "y"] * 3


def test_a_logarithm_that_is_chosen_is_in_the_run_and_its_model(
    ntk: Ntk, write: Write, tmp_path: Path
) -> None:
    ratio, other = np.exp(np.random.default_rng(1).normal(size=(2, 60)))
    table = pd.DataFrame({"ratio": ratio, "other": other, "y": np.sin(2 * np.log(ratio)) + 0.1 * other})
    write("train.csv", table.to_csv(index=False))
    write(
        "s.yaml", "data: {train: train.csv, target: y, log: auto}\ninference: {kernel: nngp, ridge: 0.01}\n"
    )
    checked, fitted = ntk("check", "s.yaml"), ntk("fit", "s.yaml", "--out", "run")
    told = "ntk: data.log: auto takes the logarithm of ratio (of 2 skewed)"
    assert told in fitted.stderr.splitlines()
    assert "ratio: its logarithm" in checked.stdout
    assert "other: its logarithm" not in checked.stdout
    assert load_json(tmp_path / "run" / "run.json")["log"] == ["ratio"]
    assert read_spec(tmp_path / "run" / "spec.yaml").spec.data.log == ["ratio"]
    assert ntk("predict", "run", "train.csv", "--out", "again.csv").returncode == 0
    once, again = pd.read_csv(tmp_path / "run" / "predictions.csv"), pd.read_csv(tmp_path / "again.csv")
    np.testing.assert_allclose(again["y_mean"], once["y_mean"], rtol=1e-9)
