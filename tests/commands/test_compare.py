import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .run_files import ALL_KERNELS, MakeSpec, Ntk, Write, part, score_of, values

Compared = Callable[..., dict[str, Any]]
Fitted = Callable[..., Path]


@pytest.fixture
def fitted(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> Fitted:
    """Fit the small data into a directory."""

    def fit(name: str, **sections: dict[str, Any]) -> Path:
        outcome = ntk("fit", make_spec(**sections), "--out", name)
        assert outcome.returncode == 0, outcome.stderr
        return tmp_path / name

    return fit


@pytest.fixture
def compared(ntk: Ntk) -> Compared:
    """What `ntk compare ARGS --json` prints."""

    def compare(*args: object) -> dict[str, Any]:
        outcome = ntk("compare", *args, "--json")
        assert outcome.returncode == 0, outcome.stderr
        found: dict[str, Any] = json.loads(outcome.stdout)
        return found

    return compare


def refusal(ntk: Ntk, *args: object, code: int = 3) -> str:
    """The one line that a comparison ends with."""
    outcome = ntk("compare", *args)
    assert (outcome.returncode, outcome.stdout) == (code, "")
    (line,) = outcome.stderr.splitlines()
    return line


def difference(found: dict[str, Any], metric: str, target: str = "y") -> dict[str, Any]:
    (entry,) = [each for each in found["differences"] if (each["metric"], each["target"]) == (metric, target)]
    assert isinstance(entry, dict)
    return entry


def test_scores_and_differences_are_those_of_the_rows(fitted: Fitted, compared: Compared) -> None:
    one = fitted("one", inference={"ridge": 0.1})
    two = fitted("two", network={"depth": 1}, inference={"ridge": 0.1})
    found = compared("one", "two")
    assert found["rows"] == {"y": 5}
    errors = []
    for run, entry in zip((one, two), found["runs"], strict=True):
        assert entry["scores"][0]["rmse"] == pytest.approx(score_of(run, "ntk", "inf")["rmse"])
        table = part(run, "ntk", "inf")
        errors.append(values(table, "y") - values(table, "y_mean"))
    d = errors[1] ** 2 - errors[0] ** 2
    squares = difference(found, "squared_error")
    assert squares["difference"] == pytest.approx(d.mean())
    assert squares["standard_error"] == pytest.approx(d.std(ddof=1) / math.sqrt(5))
    root = difference(found, "rmse")
    scores = [entry["scores"][0]["rmse"] for entry in found["runs"]]
    assert root["difference"] == pytest.approx(scores[1] - scores[0])


@pytest.mark.parametrize(
    "output", [{"interval_from": "auto"}, {"interval_from": "normal", "noise": True}, {"noise": True}]
)
def test_the_nll_is_that_of_metrics_json(fitted: Fitted, compared: Compared, output: dict[str, Any]) -> None:
    run = fitted("one", inference={"kernel": "ntkgp", "ridge": 0.1}, output=output)
    (score, _) = (entry["scores"][0] for entry in compared("one", "one")["runs"])
    assert score["nll"] == pytest.approx(score_of(run, "ntkgp", "inf")["nll"])


def test_an_nll_that_the_table_does_not_have_is_left_out(fitted: Fitted, compared: Compared) -> None:
    """The std is that of the function, and the ridge is noise."""
    fitted("one", inference={"kernel": "nngp", "ridge": 0.1}, output={"interval_from": "normal"})
    assert {"rmse", "mae"} <= compared("one", "one")["runs"][0]["scores"][0].keys()
    assert "nll" not in compared("one", "one")["runs"][0]["scores"][0]


def test_without_std_errors_are_compared_alone(fitted: Fitted, compared: Compared) -> None:
    fitted("one", inference={"ridge": 0.1}, output={"std": False})
    assert compared("one", "one")["runs"][0]["scores"][0].keys() == {"target", "rmse", "mae"}


def test_the_best_pair_takes_part_unless_another_is_chosen(fitted: Fitted, compared: Compared) -> None:
    run = fitted("one", inference=ALL_KERNELS)
    scores = json.loads((run / "metrics.json").read_text())["scores"]
    best = min(scores, key=lambda score: score["rmse"])
    (entry, _) = compared("one", "one")["runs"]
    assert (entry["kernel"], entry["time"]) == (best["kernel"], best["time"])
    (chosen, _) = compared("one", "one", "--kernel", "nngp", "--time", "0.5")["runs"]
    assert (chosen["kernel"], chosen["time"]) == ("nngp", "0.5")
    assert chosen["scores"][0]["rmse"] == pytest.approx(score_of(run, "nngp", "0.5")["rmse"])


def test_a_pair_that_a_run_has_not_is_refused(fitted: Fitted, ntk: Ntk) -> None:
    fitted("one", inference={"ridge": 0.1})
    line = refusal(ntk, "one", "one", "--kernel", "nngp", code=2)
    assert line == "ntk: error: one: was not fitted for that: it has ntk at inf"


def test_classes_have_log_loss_and_accuracy(
    make_spec: MakeSpec, ntk: Ntk, write: Write, compared: Compared, tmp_path: Path
) -> None:
    x = np.random.default_rng(0).normal(size=(30, 2))
    lines = [f"{a},{b},{'yes' if a + b > 0 else 'no'}\n" for a, b in x]
    write("classes.csv", "a,b,kind\n" + "".join(lines))
    spec = make_spec(
        data={"train": "classes.csv", "test": "classes.csv", "target": "kind", "task": "classification"},
        inference={"ridge": 1.0},
    )
    for depth in (1, 3):
        assert ntk("fit", spec, "--set", f"network.depth={depth}", "--out", f"depth{depth}").returncode == 0
    found = compared("depth1", "depth3")
    for depth, entry in zip((1, 3), found["runs"], strict=True):
        score = score_of(tmp_path / f"depth{depth}", "ntk", "inf", "kind")
        assert entry["scores"][0]["log_loss"] == pytest.approx(score["log_loss"])
        assert entry["scores"][0]["accuracy"] == score["accuracy"]
    assert {each["metric"] for each in found["differences"]} == {"log_loss", "accuracy"}


def test_several_targets_are_compared_one_by_one(
    make_spec: MakeSpec, ntk: Ntk, compared: Compared, tmp_path: Path
) -> None:
    spec = make_spec(data={"target": ["y", "z"]}, inference={"ridge": 0.1})
    for name in ("train.csv", "test.csv"):
        table = pd.read_csv(tmp_path / name)
        table.assign(z=1000 * table["a"]).to_csv(tmp_path / name, index=False)
    for depth in (1, 2):
        assert ntk("fit", spec, "--set", f"network.depth={depth}", "--out", f"depth{depth}").returncode == 0
    found = compared("depth1", "depth2")
    assert found["rows"] == {"y": 5, "z": 5}
    for target in ("y", "z"):
        scores = [
            score["rmse"] for run in found["runs"] for score in run["scores"] if score["target"] == target
        ]
        assert scores[1] == pytest.approx(score_of(tmp_path / "depth2", "ntk", "inf", target)["rmse"])
        assert difference(found, "rmse", target)["difference"] == pytest.approx(scores[1] - scores[0])


def test_medians_of_transformed_targets_are_compared(fitted: Fitted, compared: Compared) -> None:
    run = fitted("one", data={"target_transform": "log"}, inference={"ridge": 0.1})
    (score, _) = (entry["scores"][0] for entry in compared("one", "one")["runs"])
    assert score["mae"] == pytest.approx(score_of(run, "ntk", "inf")["mae"])
    assert "nll" not in score


def test_rows_are_matched_by_their_ids_whatever_their_order(
    make_spec: MakeSpec, ntk: Ntk, compared: Compared, tmp_path: Path
) -> None:
    spec = make_spec(data={"id": "name"}, inference={"ridge": 0.1})
    for name in ("train.csv", "test.csv"):
        table = pd.read_csv(tmp_path / name)
        table.assign(name=[f"n{i}" for i in range(len(table))]).to_csv(tmp_path / name, index=False)
    assert ntk("fit", spec, "--out", "one").returncode == 0
    table = pd.read_csv(tmp_path / "test.csv")
    table.iloc[[3, 1, 4]].to_csv(tmp_path / "test.csv", index=False)
    assert ntk("fit", spec, "--out", "two").returncode == 0
    found = compared("one", "two")
    assert found["rows"] == {"y": 3}
    assert difference(found, "mae")["difference"] == pytest.approx(0, abs=1e-9)


def test_ids_that_repeat_are_told_apart_by_their_rows(
    make_spec: MakeSpec, ntk: Ntk, compared: Compared, tmp_path: Path
) -> None:
    spec = make_spec(data={"id": "name"}, inference={"ridge": 0.1})
    for name in ("train.csv", "test.csv"):
        pd.read_csv(tmp_path / name).assign(name="same").to_csv(tmp_path / name, index=False)
    assert ntk("fit", spec, "--out", "one").returncode == 0
    assert compared("one", "one")["rows"] == {"y": 5}


def test_other_test_data_is_refused(fitted: Fitted, ntk: Ntk, tmp_path: Path) -> None:
    fitted("one", inference={"ridge": 0.1})
    table = pd.read_csv(tmp_path / "one" / "predictions.csv")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    table.assign(y=table["y"].where(table["row"] != 2, -1.0)).to_csv(
        tmp_path / "two" / "predictions.csv", index=False
    )
    line = refusal(ntk, "one", "two")
    assert line.startswith("ntk: error: two: row 2 has y -1.0, and ")
    assert line.endswith("in one: compare runs on the same test data")


def test_runs_without_a_row_in_common_are_refused(fitted: Fitted, ntk: Ntk, tmp_path: Path) -> None:
    fitted("one", inference={"ridge": 0.1})
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    path = tmp_path / "two" / "predictions.csv"
    pd.read_csv(path).assign(row=lambda table: table["row"] + 100).to_csv(path, index=False)
    assert "two: predicts no row of one (by row)" in refusal(ntk, "one", "two")


def test_runs_without_observed_targets_are_refused(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    spec = make_spec(inference={"ridge": 0.1})
    pd.read_csv(tmp_path / "test.csv").drop(columns="y").to_csv(tmp_path / "test.csv", index=False)
    assert ntk("fit", spec).returncode == 0
    assert "run: has no scores" in refusal(ntk, "run", "run")


def test_a_run_that_predicts_nothing_is_refused(make_spec: MakeSpec, ntk: Ntk) -> None:
    assert ntk("kernel", make_spec()).returncode == 0
    line = "ntk: error: run: was written by ntk kernel, which predicts no rows: name a fit"
    assert refusal(ntk, "run", "run") == line


@pytest.mark.parametrize(
    "text",
    [
        *("", "row\n1\n", "row,kernel,time,y\n0,ntk,inf,1\n", "row,kernel,time,y_mean,y\n0,ntk,inf,one,1\n"),
        *("row,kernel,time,y_mean\n0,ntk,inf,1\n", "row,kernel,time,y_mean,y\n0,nngp,1,1,1\n"),
        *(
            "row,kernel,time,y_mean,y\n0,ntk,inf,1,1\n0,ntk,inf,1,1\n",
            "row,kernel,time,y_mean,y\n0,ntk,inf,1,\n",
        ),
    ],
)
def test_a_damaged_table_is_told_by_one_line(fitted: Fitted, ntk: Ntk, text: str) -> None:
    (fitted("one", inference={"ridge": 0.1}) / "predictions.csv").write_text(text)
    assert refusal(ntk, "one", "one").startswith("ntk: error: one")


def test_a_table_that_is_no_text_is_told_by_one_line(fitted: Fitted, ntk: Ntk) -> None:
    path = fitted("one", inference={"ridge": 0.1}) / "predictions.csv"
    path.write_bytes(b"\xff\xfe\x00row")
    assert refusal(ntk, "one", "one").startswith("ntk: error: one/predictions.csv: is damaged")
    path.unlink()
    assert "one/predictions.csv: cannot be read" in refusal(ntk, "one", "one")


def test_the_terminal_shows_both_tables(fitted: Fitted, ntk: Ntk) -> None:
    fitted("one", inference={"ridge": 0.1})
    outcome = ntk("compare", "one", "one")
    first, head, *_ = outcome.stdout.splitlines()
    assert first == "5 rows of y in all runs"
    assert head.split()[:5] == ["run", "kernel", "time", "target", "rmse"]
    assert "less one" in outcome.stdout


def test_one_run_alone_is_a_mistake_of_usage(ntk: Ntk) -> None:
    assert refusal(ntk, "one", code=2).startswith("ntk: error: Missing argument 'RUN...'")
