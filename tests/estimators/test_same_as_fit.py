"""An estimator is `ntk fit` on arrays: the same numbers, and models that either reads of the other."""

import math
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ntkcli import NTKClassifier, NTKRegressor
from ntkcli.arrays import FloatArray
from ntkcli.commands.fit import fit as fit_spec
from ntkcli.commands.request import Request
from ntkcli.estimators.parameters import SECTIONS
from ntkcli.journal import Journal

Ntk = Callable[..., CompletedProcess[str]]

FEATURES = ["a", "b", "c"]


def rows(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((n, 3)) * [1, 10, 0.1] + 5, columns=FEATURES)
    return frame.assign(
        y=np.sin(frame["a"]) * 3 + frame["b"] + rng.standard_normal(n),
        z=frame["a"] * frame["b"],
        group=np.where(frame["c"] > 5.03, "low", np.where(frame["a"] > 5, "high", "middle")),
    )


TRAIN, TEST = rows(60, 0), rows(15, 1)


@pytest.fixture
def fitted(tmp_path: Path, ntk: Ntk) -> Callable[..., pd.DataFrame]:
    """Fit with parameters as keys of a spec, and return predictions.csv."""

    def fit(target: list[str], parameters: dict[str, Any]) -> pd.DataFrame:
        TRAIN[FEATURES + target].to_csv(tmp_path / "train.csv", index=False)
        TEST[FEATURES].to_csv(tmp_path / "test.csv", index=False)
        sections: dict[str, dict[str, Any]] = {
            section: {key: parameters[key] for key in keys if key in parameters}
            for section, keys in SECTIONS.items()
        }
        sections["data"] |= {"train": "train.csv", "test": "test.csv", "target": target}
        (tmp_path / "spec.yaml").write_text(yaml.safe_dump(sections))
        outcome = ntk("fit", tmp_path / "spec.yaml", "--out", tmp_path / "run")
        assert outcome.returncode == 0, outcome.stderr
        return pd.read_csv(tmp_path / "run" / "predictions.csv")

    return fit


def stds(table: pd.DataFrame, target: list[str]) -> FloatArray:
    return table[[f"{name}_std" for name in target]].to_numpy()


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"kernel": "ntkgp", "ridge": 0.05, "noise": True},
        {"kernel": "nngp", "activation": "erf", "depth": 4, "sigma_w": 1.7, "interval_from": "auto"},
        {"time": 0.3, "ridge": 0.02, "ridge_scale": "absolute", "loss": "mean"},
        {"variance_scale": "auto", "relevance": "learned", "residual": True},
        {"readout": {"sigma_w": 0.5}, "standardize_target": False, "normalize_rows": True, "factor": True},
        {"solver": "pcg", "ridge": 0.1, "dtype": "float64"},
    ],
    ids=lambda parameters: "-".join(parameters) or "defaults",
)
def test_means_and_std_are_those_of_fit(
    parameters: dict[str, Any], fitted: Callable[..., pd.DataFrame]
) -> None:
    table = fitted(["y", "z"], {"interval_from": "normal"} | parameters)
    model = NTKRegressor(**parameters).fit(TRAIN[FEATURES], TRAIN[["y", "z"]])
    mean, std = model.predict(TEST[FEATURES], return_std=True)
    # Without a factorisation at finite times, solvers stop at their tolerance.
    rtol = 1e-12 if set(parameters).isdisjoint({"time", "solver", "relevance"}) else 1e-7
    assert mean == pytest.approx(table[["y_mean", "z_mean"]].to_numpy(), rel=rtol)
    assert std == pytest.approx(stds(table, ["y", "z"]), rel=max(rtol, 1e-9))


def test_probabilities_are_those_of_fit(fitted: Callable[..., pd.DataFrame]) -> None:
    table = fitted(["group"], {"kernel": "ntk", "depth": 2})
    model = NTKClassifier(depth=2).fit(TRAIN[FEATURES], TRAIN["group"])
    names = [f"group_probability_{name}" for name in model.classes_]
    assert model.predict_proba(TEST[FEATURES]) == pytest.approx(table[names].to_numpy(), rel=1e-12)
    assert [*model.predict(TEST[FEATURES])] == [*table["group_class"]]


@pytest.mark.parametrize("weights", ["balanced", {"low": 3.0, "middle": 0.2}], ids=["balanced", "given"])
def test_weights_of_classes_are_those_of_fit(
    weights: Any, tmp_path: Path, fitted: Callable[..., pd.DataFrame]
) -> None:
    fitted(["group"], {})
    spec = yaml.safe_load((tmp_path / "spec.yaml").read_text())
    spec["data"]["class_weight"] = weights
    (tmp_path / "balanced.yaml").write_text(yaml.safe_dump(spec))
    request = Request(tmp_path / "balanced.yaml", place=tmp_path / "balanced")
    fit_spec(request, overwrite=False, journal=Journal())
    table = pd.read_csv(tmp_path / "balanced" / "predictions.csv")
    model = NTKClassifier(class_weight=weights).fit(TRAIN[FEATURES], TRAIN["group"])
    names = [f"group_probability_{name}" for name in model.classes_]
    assert model.predict_proba(TEST[FEATURES]) == pytest.approx(table[names].to_numpy(), rel=1e-9)


def test_classes_are_in_the_order_of_numpy_whatever_the_models() -> None:
    """Texts of numbers come by value in a model, and by letters in classes_."""
    labels = np.where(TRAIN["a"] > 5, "10", "9")
    model = NTKClassifier().fit(TRAIN[FEATURES], labels)
    assert [*model.classes_] == ["10", "9"]
    assert model.score(TRAIN[FEATURES], labels) == 1.0


def test_a_model_that_is_saved_is_predicted_from_like_any_other(tmp_path: Path, ntk: Ntk) -> None:
    model = NTKRegressor(kernel="ntkgp").fit(TRAIN[FEATURES], TRAIN["y"])
    model.save(tmp_path / "saved")
    TEST[FEATURES].to_csv(tmp_path / "test.csv", index=False)
    outcome = ntk("predict", tmp_path / "saved", tmp_path / "test.csv", "--out", tmp_path / "out.csv")
    assert outcome.returncode == 0, outcome.stderr
    table = pd.read_csv(tmp_path / "out.csv")
    mean, std = model.predict(TEST[FEATURES], return_std=True)
    np.testing.assert_array_equal(table["y_mean"], mean)
    np.testing.assert_array_equal(table["y_std"], std)


def test_what_fit_wrote_is_loaded(tmp_path: Path, fitted: Callable[..., pd.DataFrame]) -> None:
    parameters = {"kernel": "nngp", "depth": 4, "ridge": 0.2}
    table = fitted(["y"], parameters)
    model = NTKRegressor.load(tmp_path / "run")
    mean, std = model.predict(TEST[FEATURES], return_std=True)
    np.testing.assert_array_equal(mean, table["y_mean"])
    assert std == pytest.approx(table["y_std"].to_numpy(), rel=1e-12)
    assert {key: model.get_params()[key] for key in parameters} == parameters
    again = NTKRegressor(**model.get_params()).fit(TRAIN[FEATURES], TRAIN["y"])
    assert again.predict(TEST[FEATURES]) == pytest.approx(mean, rel=1e-12)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    model = NTKClassifier(time=2.0).fit(TRAIN[FEATURES], TRAIN["group"])
    model.save(tmp_path / "saved")
    again = NTKClassifier.load(tmp_path / "saved")
    np.testing.assert_array_equal(again.predict_proba(TEST[FEATURES]), model.predict_proba(TEST[FEATURES]))
    assert [*again.classes_] == [*model.classes_]
    assert again.get_params()["time"] == 2.0


def test_a_model_with_features_of_text_predicts_frames(tmp_path: Path, ntk: Ntk) -> None:
    TRAIN[["a", "group", "y"]].to_csv(tmp_path / "train.csv", index=False)
    (tmp_path / "spec.yaml").write_text("data: {train: train.csv, target: y}\n")
    assert ntk("fit", tmp_path / "spec.yaml", "--out", tmp_path / "run").returncode == 0
    table = pd.read_csv(tmp_path / "run" / "predictions.csv")
    found = NTKRegressor.load(tmp_path / "run").predict(TRAIN[["a", "group"]])
    assert found == pytest.approx(table["y_mean"].to_numpy(), rel=1e-12)


def test_an_approximation_is_loaded(tmp_path: Path, fitted: Callable[..., pd.DataFrame], ntk: Ntk) -> None:
    fitted(["y"], {"ridge": 0.1})
    spec = yaml.safe_load((tmp_path / "spec.yaml").read_text())
    spec["inference"]["approximation"] = {"method": "nystrom", "centres": 20}
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec))
    assert ntk("fit", tmp_path / "spec.yaml", "--out", tmp_path / "centres").returncode == 0
    table = pd.read_csv(tmp_path / "centres" / "predictions.csv")
    mean, std = NTKRegressor.load(tmp_path / "centres").predict(TEST[FEATURES], return_std=True)
    assert mean == pytest.approx(table["y_mean"].to_numpy(), rel=1e-12)
    assert std == pytest.approx(table["y_std"].to_numpy(), rel=1e-9)


def test_one_of_several_kernels_and_times_is_loaded(
    tmp_path: Path, fitted: Callable[..., pd.DataFrame]
) -> None:
    table = fitted(["y"], {"time": [1.0, math.inf], "ridge": 0.1})
    with pytest.raises(ValueError, match="the model has ntk at 1, ntk at inf: give load one kernel"):
        NTKRegressor.load(tmp_path / "run")
    mean = NTKRegressor.load(tmp_path / "run", time=1.0).predict(TEST[FEATURES])
    np.testing.assert_array_equal(mean, table[table["time"] == 1.0]["y_mean"])


def test_a_model_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    NTKRegressor(ridge=0.1).fit(TRAIN[FEATURES], TRAIN["y"]).save(tmp_path / "saved")
    with pytest.raises(ValueError, match="is one of regression"):
        NTKClassifier.load(tmp_path / "saved")


def test_equal_rows_that_are_repeated_are_as_in_fit(tmp_path: Path, ntk: Ntk) -> None:
    """One row of weight 2 is two rows of a file, noise of new observations and all."""
    doubled = pd.concat([TRAIN, TRAIN[:20]])[[*FEATURES, "y"]]
    doubled.to_csv(tmp_path / "train.csv", index=False)
    TEST[FEATURES].to_csv(tmp_path / "test.csv", index=False)
    cases: list[dict[str, Any]] = [
        {"kernel": "ntkgp", "ridge": 0.1},
        {"time": 0.4, "ridge": 0.0, "loss": "mean"},
        {"time": 0.01, "ridge": 0.01, "loss": "sum"},
    ]
    for inference in cases:
        spec = {
            "data": {"train": "train.csv", "test": "test.csv", "target": "y"},
            "inference": inference,
            "output": {"interval_from": "normal", "noise": "kernel" in inference},
        }
        (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec))
        out = tmp_path / str(inference["ridge"])
        outcome = ntk("fit", tmp_path / "spec.yaml", "--out", out)
        assert outcome.returncode == 0, outcome.stderr
        table = pd.read_csv(out / "predictions.csv")
        model = NTKRegressor(noise="kernel" in inference, **inference).fit(doubled[FEATURES], doubled["y"])
        mean, std = model.predict(TEST[FEATURES], return_std=True)
        assert mean == pytest.approx(table["y_mean"].to_numpy(), rel=1e-8)
        assert std == pytest.approx(table["y_std"].to_numpy(), rel=1e-7)
