"""Classes that count differently in a fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .run_files import MakeSpec, Ntk, load_json, score_of

RARE, OFTEN, NEW = 12, 108, 200
INFERENCE = {"kernel": "nngp", "ridge": 1.0, "ridge_scale": "trace"}


def rows(counts: tuple[int, int], seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    kinds = np.repeat(["ill", "well"], counts)
    x = random.normal(size=(sum(counts), 2)) + np.where(kinds == "ill", 1.2, 0.0)[:, None]
    return pd.DataFrame(x, columns=["a", "b"]).assign(y=kinds)


@pytest.fixture
def spec(make_spec: MakeSpec, tmp_path: Path) -> MakeSpec:
    """A spec of patients, most of whom are well, written after it."""

    def make(table: pd.DataFrame | None = None, **sections: dict[str, Any]) -> Path:
        path = make_spec(**{"inference": INFERENCE} | sections)
        train = rows((RARE, OFTEN), 0) if table is None else table
        train.to_csv(tmp_path / "train.csv", index=False)
        rows((NEW // 2, NEW // 2), 1).to_csv(tmp_path / "test.csv", index=False)
        return path

    return make


def scores(table: pd.DataFrame) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return table[["y_score_ill", "y_score_well"]].to_numpy()


@pytest.mark.parametrize("approximation", ["none", {"method": "nystrom", "centres": 60, "sample": 60}])
def test_balanced_is_a_column_of_weights(spec: MakeSpec, ntk: Ntk, approximation: Any) -> None:
    inference = INFERENCE | {"approximation": approximation}
    outcome = ntk("fit", spec(data={"class_weight": "balanced"}, inference=inference), "--out", "balanced")
    assert outcome.returncode == 0, outcome.stderr
    table = rows((RARE, OFTEN), 0)
    table["w"] = np.where(table["y"] == "ill", 120 / (2 * RARE), 120 / (2 * OFTEN))
    data = {"weight": "w", "features": ["a", "b"]}
    outcome = ntk("fit", spec(table, data=data, inference=inference), "--out", "column")
    assert outcome.returncode == 0, outcome.stderr
    found, expected = (pd.read_csv(f"{run}/predictions.csv") for run in ("balanced", "column"))
    np.testing.assert_allclose(scores(found), scores(expected), rtol=1e-9, atol=1e-12)


def test_rare_classes_are_found_more_often(spec: MakeSpec, ntk: Ntk) -> None:
    accuracies = []
    for name in ("none", "balanced"):
        assert ntk("fit", spec(data={"class_weight": name}), "--overwrite").returncode == 0
        accuracies.append(score_of(Path("run"), "nngp", "inf")["balanced_accuracy"])
    assert accuracies[1] > accuracies[0] + 0.1


def test_only_ratios_of_weights_matter_and_others_are_1(spec: MakeSpec, ntk: Ntk) -> None:
    found = []
    for weights in ({"ill": 9}, {"ill": 27, "well": 3}, "balanced"):
        assert ntk("fit", spec(data={"class_weight": weights}), "--overwrite").returncode == 0
        found.append(scores(pd.read_csv("run/predictions.csv")))
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-9, atol=1e-12)


def test_a_model_predicts_what_its_fit_did_with_and_without_classes(spec: MakeSpec, ntk: Ntk) -> None:
    path = spec(data={"class_weight": "balanced"}, output={"factor": True})
    assert ntk("fit", path).returncode == 0
    assert ntk("predict", "run", "test.csv", "--out", "again.csv").returncode == 0
    assert Path("again.csv").read_bytes() == Path("run/predictions.csv").read_bytes()
    pd.read_csv("test.csv").drop(columns="y").to_csv("plain.csv", index=False)
    assert ntk("predict", "run", "plain.csv", "--out", "plain_predictions.csv").returncode == 0
    plain = pd.read_csv("plain_predictions.csv")
    assert np.array_equal(scores(plain), scores(pd.read_csv("again.csv")))
    assert load_json(Path("run/model/model.json"))["data"]["weights"]["classes"] == {
        "ill": 5.0,
        "well": 120 / 216,
    }


def test_a_check_tells_how_much_classes_count(spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("check", spec(data={"class_weight": "balanced"}))
    assert "y: how much rows count, by class: ill 5, well 0.556" in outcome.stdout


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        ({"class_weight": {"il": 2}}, 3, "has class 'il' (data.class_weight); did you mean 'ill'?"),
        ({"class_weight": {"x": 2}}, 3, "has class 'x' (data.class_weight): correct it; there are ill, well"),
        (
            {"class_weight": "balanced", "target": "a"},
            2,
            "data.class_weight: is of classes, and a number has",
        ),
    ],
)
def test_what_is_no_class_is_told_in_a_line(
    spec: MakeSpec, ntk: Ntk, data: dict[str, Any], code: int, message: str
) -> None:
    outcome = ntk("fit", spec(data=data))
    assert outcome.returncode == code, outcome.stderr
    assert message in outcome.stderr
    assert not Path("run").exists()
