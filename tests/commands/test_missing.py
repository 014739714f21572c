"""Commands on tables with cells that hold no value."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .approximations import nystrom, read_in_parts
from .run_files import Fit, MakeSpec, Ntk, Write, load_json
from .test_check import texts_of
from .test_evaluate import evaluated
from .test_predict import assert_same, fitted, mixed_rows, predicted

Rules = dict[str, Any]

BY_COLUMN: Rules = {
    "target": "drop", "features": "mean", "colour": "category", "is_new": "category", "indicator": True
}  # fmt: skip
FEATURES = ["size", "colour", "is_new"]


def metrics_of(content: dict[str, Any]) -> list[float]:
    """All metrics that are numbers, of kernels and baselines."""
    scores = [*content["scores"], *content["baselines"]]
    return [value for each in scores for value in each.values() if isinstance(value, float)]


@pytest.mark.parametrize("target", ["y", "kind"])
def test_rows_without_a_target_are_predicted_and_not_scored(
    make_spec: MakeSpec, ntk: Ntk, write: Write, tmp_path: Path, target: str
) -> None:
    table = mixed_rows(23, 1)
    table[target] = table[target].astype(object)
    table.loc[[0, 1, 7, 22], target] = ""
    write("train.csv", mixed_rows(40, 0).to_csv(index=False))
    write("new.csv", table.to_csv(index=False))
    write("known.csv", table[table[target] != ""].to_csv(index=False))
    data = {"test": "new.csv", "target": target, "features": FEATURES, "missing": BY_COLUMN}
    outcome = ntk("fit", make_spec(data=data, inference={"ridge": 0.05}), "-qq")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    run = tmp_path / "run"
    found = predicted(ntk, tmp_path, "new.csv")
    assert_same(found, fitted(run))
    assert np.flatnonzero(found[target].isna()).tolist() == [0, 1, 7, 22]
    expected, scored = evaluated(ntk, "known.csv"), evaluated(ntk, "new.csv")
    metrics = pytest.approx(metrics_of(expected), rel=1e-9)
    assert metrics_of(scored) == metrics_of(load_json(run / "metrics.json")) == metrics
    of_known = evaluated(ntk, "known.csv", "--importance")["importance"]
    assert evaluated(ntk, "new.csv", "--importance")["importance"] == of_known


def test_rows_left_out_are_told_by_column_and_too_many_refused(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    table = mixed_rows(40, 0)
    table.loc[[4, 9], "y"] = np.nan
    write("train.csv", table.to_csv(index=False))
    lacking = (table[FEATURES] == "").assign(y=table["y"].isna())
    dropped = int(lacking.any(axis=1).sum())
    data = {"test": None, "features": FEATURES, "missing": "drop"}
    outcome = ntk("fit", make_spec(data=data, inference={"ridge": 0.05}))
    (line,) = [line for line in outcome.stderr.splitlines() if "left out" in line]
    assert f"left out {dropped} of 40 rows without a value in: " in line
    assert all(f"{name} {count}" in line for name, count in lacking.sum().items())
    rules = {"features": "drop", "target": "drop", "most_dropped": 0.1}
    refused = ntk("fit", make_spec(data={**data, "missing": rules}), "--overwrite")
    assert refused.returncode == 3
    assert f"train.csv: {dropped} of 40 rows" in refused.stderr
    assert "data.missing.most_dropped: 0.1" in refused.stderr


def test_too_many_rows_to_predict_that_are_left_out_are_refused(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("train.csv", "a,b,y\n1,2,1\n2,1,2\n3,5,3\n4,0,5\n")
    write("test.csv", "a,b,y\n1,2,1\n,2,2\n,,3\n4,,3\n")
    data = {"test": None, "missing": {"features": "drop", "most_dropped": 0.5}}
    assert ntk("fit", make_spec(data=data), "-qq").returncode == 0
    for words in ("predict run test.csv --out p.csv", "evaluate run test.csv", "fit spec.yaml --out other"):
        make_spec(data=data | {"test": "test.csv"})
        outcome = ntk(*words.split())
        assert (outcome.returncode, outcome.stdout) == (3, "")
        assert "error: test.csv: 3 of 4 rows (75 %) lack a value in: a 2, b 2: fill them in" in outcome.stderr
    assert not Path("p.csv").exists()
    assert not Path("other").exists()


def test_check_tells_the_gaps_and_what_becomes_of_them(make_spec: MakeSpec, ntk: Ntk, write: Write) -> None:
    write("train.csv", "a,b,c,y\n1,p,4,1\n,q,5,2\n,,6,3\n3,p,7,\n5,q,2,5\n6,p,1,2\n")
    rules = {"target": "drop", "features": "mean", "b": "category", "indicator": True}
    outcome = ntk("check", make_spec(data={"test": None, "missing": rules}))
    found = texts_of(outcome.stdout)
    assert found["missing"] == [
        "a: 2 of 6 rows, filled with the mean",
        "b: 1 of 6 rows, a category of their own",
        "y: 1 of 6 rows, which are left out",
    ]
    assert found["encoding"] == [
        "a: number, and whether it is missing",
        "b: 3 categories (p, q, missing)",
    ]


def test_nothing_is_told_of_gaps_where_there_are_none(make_spec: MakeSpec, ntk: Ntk) -> None:
    assert "missing" not in texts_of(ntk("check", make_spec(data={"missing": "mean"})).stdout)


@pytest.mark.parametrize("missing", ["drop", BY_COLUMN], ids=["drop", "by column"])
def test_an_approximation_has_the_gaps_of_a_file_in_parts(
    make_spec: MakeSpec, ntk: Ntk, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: Any
) -> None:
    test = mixed_rows(60, 1)
    test.loc[[0, 1, 50], "y"] = np.nan
    write("train.csv", mixed_rows(80, 0).to_csv(index=False))
    write("test.csv", test.to_csv(index=False))
    found = []
    for read_rows in (7, 100):
        read_in_parts(monkeypatch, read_rows, held=30)
        spec = make_spec(data={"features": FEATURES, "missing": missing}, inference=nystrom(10))
        outcome = ntk("fit", spec, "-qq", "--overwrite")
        assert outcome.returncode == 0, outcome.stderr
        found.append((tmp_path / "run" / "predictions.csv").read_bytes())
    assert found[0] == found[1]
    table = pd.read_csv(tmp_path / "run" / "predictions.csv")
    is_kept = (test[FEATURES] != "").all(axis=1) | (missing != "drop")
    assert table["y"].isna().sum() == (test["y"].isna() & is_kept).sum() > 0
    rmse = load_json(tmp_path / "run" / "metrics.json")["scores"][0]["rmse"]
    assert rmse == pytest.approx(np.sqrt(np.nanmean((table["y_mean"] - table["y"]) ** 2)), rel=1e-9)


def test_a_spectrum_leaves_test_rows_without_a_target_out(
    make_spec: MakeSpec, ntk: Ntk, write: Write, tmp_path: Path
) -> None:
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(12, 4)), columns=[*"abcy"])
    made = []
    for rows in ([3, 5], []):
        gaps = table.copy()
        gaps.loc[rows, "y"] = np.nan
        (gaps if rows else table.drop([3, 5])).to_csv(tmp_path / "t.csv", index=False)
        for inference in ({"kernel": "nngp", "ridge": 0.1}, nystrom(8)):
            spec = make_spec(data={"missing": "drop"}, inference=inference)
            write("test.csv", (tmp_path / "t.csv").read_text())
            assert ntk("spectrum", spec, "--out", "spectra", "--overwrite", "-qq").returncode == 0
            made.append(pd.read_csv(tmp_path / "spectra" / "time_course.csv"))
    for one, other in ((made[0], made[2]), (made[1], made[3])):
        pd.testing.assert_frame_equal(one, other, rtol=1e-8)
        assert np.isfinite(one["test_rmse"]).all()


def test_a_model_that_was_written_before_there_were_rules_by_column_is_read(
    fit: Fit, ntk: Ntk, tmp_path: Path
) -> None:
    run = fit(data={"missing": "mean"})
    path = run / "model" / "model.json"
    content = json.loads(path.read_text())
    for feature in content["data"]["features"]:
        del feature["indicator"]
    assert content["data"]["rules"]["missing"] == "mean"
    del content["sha256"]
    path.write_text(json.dumps({**content, "format": 4}))
    assert_same(predicted(ntk, tmp_path), fitted(run))
