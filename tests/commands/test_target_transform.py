"""Targets that are transformed: what a fit, its model and its scores make of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ntkcli.arrays import FloatArray

from .run_files import MakeSpec, Ntk, load_json, score_of

N, NEW = 80, 20
TRANSFORMS = ["log", "yeo-johnson", "quantile"]
KERNELS: dict[str, Any] = {"kernel": ["nngp", "ntk"], "ridge": "auto", "ridge_scale": "trace"}


@pytest.fixture
def whole() -> pd.DataFrame:
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.normal(size=(N + NEW, 2)), columns=["a", "b"])
    y = np.exp(7 + 1.5 * np.sin(table["a"]) + 0.8 * table["b"] + 0.3 * random.normal(size=N + NEW))
    return table.assign(y=y)


@pytest.fixture
def spec(make_spec: MakeSpec, whole: pd.DataFrame, tmp_path: Path) -> MakeSpec:
    """A spec of the table, whose files are written after it."""

    def make(**sections: dict[str, Any]) -> Path:
        sections["output"] = {"interval_from": "auto"} | sections.get("output", {})
        path = make_spec(**{"inference": KERNELS} | sections)
        whole[-N:].to_csv(tmp_path / "train.csv", index=False)
        whole[:NEW].to_csv(tmp_path / "test.csv", index=False)
        return path

    return make


def predictions(ntk: Ntk, path: Path, run: str = "run") -> pd.DataFrame:
    outcome = ntk("fit", path, "--out", run, "--overwrite")
    assert outcome.returncode == 0, outcome.stderr
    return pd.read_csv(Path(run) / "predictions.csv")


def numbers(table: pd.DataFrame, column: str) -> FloatArray:
    return table[column].to_numpy()


@pytest.mark.parametrize("approximation", ["none", {"method": "nystrom", "centres": 40, "sample": 40}])
def test_a_logarithm_is_the_fit_of_a_column_of_logarithms(
    spec: MakeSpec, ntk: Ntk, whole: pd.DataFrame, approximation: Any
) -> None:
    sections = {"inference": {**KERNELS, "approximation": approximation}, "output": {"noise": True}}
    found = predictions(ntk, spec(data={"target_transform": "log"}, **sections))
    scores = score_of(Path("run"), "nngp", "inf")
    whole["y"] = np.log(whole["y"])
    plain = predictions(ntk, spec(**sections), "plain")
    np.testing.assert_allclose(found["y_median"], np.exp(plain["y_mean"]), rtol=1e-12)
    for end in ("y_lower", "y_upper"):
        np.testing.assert_allclose(found[end], np.exp(plain[end]), rtol=1e-12)
    assert (found["y_lower"] > 0).all()
    variance = plain["y_std"] ** 2
    exact = np.exp(plain["y_mean"] + variance / 2) * np.sqrt(np.expm1(variance))
    np.testing.assert_allclose(found["y_std"], exact, rtol=1e-9)
    # A density of y is that of its logarithm, over y.
    other = score_of(Path("plain"), "nngp", "inf")
    assert scores["nll"] == pytest.approx(other["nll"] + whole["y"][:NEW].mean())
    assert scores["coverage"] == other["coverage"]
    own = found[found["kernel"] == "nngp"]
    assert scores["rmse"] == pytest.approx(np.sqrt(((own["y_median"] - own["y"]) ** 2).mean()))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_model_predicts_what_its_fit_did(spec: MakeSpec, ntk: Ntk, name: str) -> None:
    predictions(ntk, spec(data={"target_transform": name}, output={"factor": True}))
    assert ntk("predict", "run", "test.csv", "--out", "again.csv").returncode == 0
    assert Path("again.csv").read_bytes() == Path("run/predictions.csv").read_bytes()
    outcome = ntk("evaluate", "run", "test.csv", "--json")
    found, fitted = (
        pd.json_normalize(yaml.safe_load(outcome.stdout)["scores"]),
        load_json(Path("run/metrics.json")),
    )
    pd.testing.assert_frame_equal(found, pd.json_normalize(fitted["scores"]))
    assert load_json(Path("run/run.json"))["target_transform"]["y"]["kind"] == name


@pytest.mark.parametrize("name", TRANSFORMS)
def test_intervals_hold_their_share_of_new_rows(spec: MakeSpec, ntk: Ntk, name: str) -> None:
    found = predictions(ntk, spec(data={"target_transform": name}))
    held = (found["y_lower"] <= found["y"]) & (found["y"] <= found["y_upper"])
    assert held.mean() > 0.8
    (baseline, _) = load_json(Path("run/metrics.json"))["baselines"]
    assert score_of(Path("run"), "ntk", "inf")["mae"] < 0.7 * baseline["mae"]


def test_medians_do_not_depend_on_standard_deviations(spec: MakeSpec, ntk: Ntk) -> None:
    found = predictions(ntk, spec(data={"target_transform": "log"}))
    assert ntk("predict", "run", "test.csv", "--no-std", "--out", "medians.csv").returncode == 0
    plain = pd.read_csv("medians.csv")
    assert [*plain][-2:] == ["y_median", "y"]
    assert "y_std" not in plain
    assert np.array_equal(numbers(plain, "y_median"), numbers(found, "y_median"))


def test_auto_is_what_it_says_it_takes(spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("fit", spec(data={"target_transform": "auto"}))
    assert "data.target_transform: auto takes log for 'y' (leave-one-out nll lower by " in outcome.stderr
    assert "leave-one-out rmse of log(y) " in outcome.stderr
    assert yaml.safe_load(Path("run/spec.yaml").read_text())["data"]["target_transform"] == "log"
    predictions(ntk, spec(data={"target_transform": "log"}), "log")
    assert Path("run/predictions.csv").read_bytes() == Path("log/predictions.csv").read_bytes()


def test_auto_leaves_a_target_that_is_not_skewed(spec: MakeSpec, ntk: Ntk, whole: pd.DataFrame) -> None:
    whole["y"] = np.log(whole["y"])
    predictions(ntk, spec(data={"target_transform": "auto"}), "auto")
    predictions(ntk, spec(), "plain")
    for name in ("predictions.csv", "metrics.json", "model/targets_scale.npy"):
        assert Path("auto", name).read_bytes() == Path("plain", name).read_bytes()


def test_one_target_of_several_is_transformed(spec: MakeSpec, ntk: Ntk, whole: pd.DataFrame) -> None:
    whole["z"] = whole["a"] ** 3
    sections: dict[str, Any] = {"inference": {"kernel": "nngp", "ridge": 0.1}}
    found = predictions(ntk, spec(data={"target": ["z", "y"], "target_transform": {"y": "auto"}}, **sections))
    content = yaml.safe_load(Path("run/spec.yaml").read_text())["data"]["target_transform"]
    assert content == {"z": "none", "y": "log"}
    apart = predictions(ntk, spec(data={"target": "y", "features": ["a", "b"]}, **sections), "apart")
    both = predictions(ntk, spec(data={"target": ["z", "y"]}, **sections), "both")
    for column in ("z_mean", "z_std", "z_lower", "z_upper"):
        np.testing.assert_allclose(found[column], both[column], rtol=1e-12)
    assert "y_median" in found
    assert "y_mean" in apart
    outcome = ntk("evaluate", "run", "test.csv", "--importance")
    assert outcome.returncode == 0, outcome.stderr


def test_importance_is_in_the_targets_unit(spec: MakeSpec, ntk: Ntk) -> None:
    predictions(ntk, spec(data={"target_transform": "log"}))
    outcome = ntk("evaluate", "run", "test.csv", "--importance", "--json")
    most = yaml.safe_load(outcome.stdout)["importance"]["features"][0]
    # The logarithm's own rmse is below 1.
    assert most["increase"] > 100


def test_draws_are_of_the_target(spec: MakeSpec, ntk: Ntk, whole: pd.DataFrame) -> None:
    output = {"samples": 3}
    predictions(ntk, spec(data={"target_transform": "log"}, output=output))
    whole["y"] = np.log(whole["y"])
    predictions(ntk, spec(output=output), "plain")
    found, plain = (np.load(Path(run) / "samples/nngp_tinf.npy") for run in ("run", "plain"))
    np.testing.assert_allclose(found, np.exp(plain), rtol=1e-10)


def test_a_search_fits_the_transformed_target(spec: MakeSpec, ntk: Ntk) -> None:
    sections = {"tune": {"objective": "loo_rmse", "space": {"network.depth": [2, 3]}}}
    outcome = ntk("tune", spec(data={"target_transform": "auto"}, **sections), "--out", "tuned")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stderr.count("auto takes log") == 1
    assert yaml.safe_load(Path("tuned/best.yaml").read_text())["data"]["target_transform"] == "log"
    assert "y_median" in pd.read_csv("tuned/fit/predictions.csv")


@pytest.mark.parametrize("command", ["spectrum", "simulate"])
def test_other_commands_are_of_the_transformed_target(spec: MakeSpec, ntk: Ntk, command: str) -> None:
    sections = {"simulate": {"widths": [16], "largest_trained": 16, "seeds": 2, "rows": 5}}
    path = spec(data={"target_transform": "log"}, inference={"kernel": "ntk", "ridge": 0.1}, **sections)
    outcome = ntk(command, path, "--out", "other")
    assert outcome.returncode == 0, outcome.stderr
    if command == "simulate":
        assert set(pd.read_csv("other/predictions.csv")["output"]) == {"log(y)"}


def test_a_check_tells_that_the_median_is_predicted(spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("check", spec(data={"target_transform": "log"}))
    assert "y (target): logarithm; its median is predicted" in outcome.stdout


@pytest.mark.parametrize("approximation", ["none", {"method": "nystrom", "centres": 40}])
def test_a_target_without_a_logarithm_is_told_with_its_line(
    spec: MakeSpec, ntk: Ntk, whole: pd.DataFrame, approximation: Any
) -> None:
    whole.iloc[NEW + 3, 2] = -2.5
    inference = {**KERNELS, "approximation": approximation}
    outcome = ntk("fit", spec(data={"target_transform": "log"}, inference=inference))
    assert outcome.returncode == 3
    what = "train.csv:5: column 'y': '-2.5' is not above 0, and has no logarithm: correct it, or use"
    assert f"{what} data.target_transform: yeo-johnson" in outcome.stderr
    assert ntk("fit", spec(data={"target_transform": "yeo-johnson"}, inference=inference)).returncode == 0


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"data": {"target_transform": "log", "noise": "b"}}, "data.target_transform: data.noise is in the"),
        (
            {"data": {"target_transform": "log"}, "output": {"covariance": True}},
            "output.covariance: a transformed target has none in its own unit",
        ),
        (
            {"data": {"target_transform": "auto", "task": "classification"}},
            "data.target_transform: is of numbers, and classes have none: leave it out",
        ),
        (
            {"data": {"target_transform": "auto", "target": "k"}},
            "data.target_transform: is of numbers, and classes have none: leave it out",
        ),
        ({"data": {"target_transform": {"x": "log"}}}, "data.target_transform: column 'x' is no target"),
    ],
)
def test_what_cannot_be_transformed_is_told_in_a_line(
    spec: MakeSpec, ntk: Ntk, whole: pd.DataFrame, sections: dict[str, Any], message: str
) -> None:
    whole["k"] = np.where(whole["a"] > 0, "p", "q")
    outcome = ntk("fit", spec(**sections))
    assert outcome.returncode == 2, outcome.stderr
    assert message in outcome.stderr
    assert not Path("run").exists()


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_rows_to_predict_may_lack_the_target(
    spec: MakeSpec, ntk: Ntk, whole: pd.DataFrame, transform: str
) -> None:
    sections = {"data": {"target_transform": transform, "missing": {"target": "drop"}}}
    path = spec(**sections)
    known = predictions(ntk, path)
    whole.assign(y=whole["y"].where(np.arange(len(whole)) >= 5))[:NEW].to_csv(
        path.with_name("test.csv"), index=False
    )
    some = predictions(ntk, path)
    pd.testing.assert_frame_equal(some.drop(columns="y"), known.drop(columns="y"))
    outcome = ntk("predict", "run", "test.csv", "--out", "again.csv")
    assert outcome.returncode == 0, outcome.stderr
    again = pd.read_csv("again.csv")
    np.testing.assert_allclose(again["y_median"], some["y_median"], rtol=1e-12)
