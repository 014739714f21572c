"""`ntk tune`: a search, its directory, and the fit of the best."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import name_of
from ntkcli.spec.file import read_spec

from .run_files import MakeSpec, Ntk, Write, contents, load_json, part

pytestmark = pytest.mark.usefixtures("migrations_read_once")

SPACE: dict[str, Any] = {
    "network.depth": [1, 2, 3],
    "network.activation": ["relu", {"name": "leaky_relu", "slope": 0.3}],
    "inference.kernel": ["nngp", "ntk", "ntkgp"],
    "inference.ridge": {"low": 1e-3, "high": 1.0, "log": True, "steps": 4},
    "inference.time": [0.5, math.inf],
}
TUNE: dict[str, Any] = {"validation": {"folds": 3}, "space": SPACE}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run-tune"


def trials(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "trials.csv", dtype={"time": str})


def others_than_ridges(stderr: str) -> list[str]:
    """The lines of stderr that do not say that the best ridge is at an edge, where rounding may have it."""
    told = ("inference.ridge: the best", "inference.ridge of the best")
    return [line for line in stderr.splitlines() if not any(text in line for text in told)]


@pytest.mark.parametrize("edge", ["least", "largest"])
def test_a_best_ridge_at_an_edge_is_told_and_kept(
    make_spec: MakeSpec, ntk: Ntk, out: Path, edge: str
) -> None:
    low = 1e3 if edge == "least" else 1e-12
    space = {"inference.ridge": {"low": low, "high": 10 * low, "log": True, "steps": 3}}
    outcome = ntk("tune", make_spec(tune={"objective": "loo_rmse", "space": space}))
    warned = [line for line in outcome.stderr.splitlines() if f"is the {edge} of those tried" in line]
    assert (outcome.returncode, len(warned)) == (0, 1)
    assert warned[0].removeprefix("ntk: warning: ") in load_json(out / "fit" / "run.json")["warnings"]


def test_a_search_writes_its_scores_its_best_spec_and_a_fit(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    outcome = ntk("tune", make_spec(tune=TUNE))
    assert (outcome.returncode, others_than_ridges(outcome.stderr)) == (0, [])
    assert {path.name for path in out.iterdir()} == {"trials.csv", "best.yaml", "fit"}
    assert outcome.stdout.endswith("wrote run-tune\n")
    assert {"predictions.csv", "metrics.json", "run.json", "spec.yaml"} <= {
        path.name for path in (out / "fit").iterdir()
    }


def test_there_is_a_line_for_every_candidate(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    assert ntk("tune", make_spec(tune=TUNE)).returncode == 0
    table = trials(out)
    assert list(table.columns) == [
        "trial",
        "network.activation",
        "network.depth",
        "kernel",
        "ridge",
        "ridge_scale",
        "time",
        "rmse",
        "standard_error",
        "seconds",
    ]
    assert len(table) == 6 * 4 * 5
    assert table["trial"].tolist() == np.repeat(range(6), 20).tolist()
    assert not table[["kernel", "ridge", "time", "rmse", "standard_error", "seconds"]].isna().any().any()
    assert len(table.drop(columns=["rmse", "standard_error", "seconds", "trial"]).drop_duplicates()) == 120
    assert {yaml.safe_load(text)["slope"] for text in table["network.activation"] if text != "relu"} == {0.3}


def test_the_best_is_the_first_of_the_least(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    outcome = ntk("tune", make_spec(tune=TUNE))
    table = trials(out)
    first = table.iloc[table["rmse"].argmin()]
    spec = read_spec(out / "best.yaml").spec
    assert spec.network.depth == first["network.depth"]
    assert (spec.inference.kernel, spec.inference.ridge) == ([first["kernel"]], first["ridge"])
    assert spec.inference.time == [float(first["time"])]
    assert spec.tune is None
    shown = outcome.stdout.splitlines()
    assert shown[0].split()[:3] == ["network.activation", "network.depth", "kernel"]
    scores = [float(line.split(" +- ")[0].split()[-1]) for line in shown[1:6]]
    np.testing.assert_allclose(scores, sorted(table["rmse"])[:5], rtol=1e-5)
    assert shown[6] == ""


def test_the_best_spec_fits_to_the_same_run(make_spec: MakeSpec, ntk: Ntk, out: Path, tmp_path: Path) -> None:
    ntk("tune", make_spec(tune=TUNE))
    outcome = ntk("fit", out / "best.yaml", "--out", tmp_path / "again", "-qq")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    for name in ("predictions.csv", "metrics.json"):
        assert (tmp_path / "again" / name).read_bytes() == (out / "fit" / name).read_bytes()
    assert ntk("fit", out / "best.yaml", "--overwrite", "-qq").returncode == 0


def test_what_the_search_learned_of_the_features_is_not_learned_again(
    make_spec: MakeSpec, ntk: Ntk, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[dict[str, float]] = []

    def factors(*_: object) -> FloatArray:
        assert not learned, "it learns again"
        learned.append({"a": 1.5, "b": 0.1 + 0.2, "c": 1e-2})
        return np.array([*learned[0].values()])

    monkeypatch.setattr("ntkcli.jobs.prepared_data.learned_relevance", factors)
    tune = TUNE | {"space": {"inference.ridge": [0.1, 1.0], "inference.kernel": ["nngp"]}}
    assert ntk("tune", make_spec(data={"relevance": "learned"}, tune=tune)).returncode == 0
    assert yaml.safe_load((out / "best.yaml").read_text())["data"]["relevance"] == learned[0]
    assert load_json(out / "fit" / "run.json")["relevance"] == learned[0]


def test_the_best_spec_has_every_default_and_its_paths(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    ntk("tune", make_spec(tune=TUNE, network={"sigma_b": 0.2}, output={"interval": 0.9}))
    values = yaml.safe_load((out / "best.yaml").read_text())
    assert set(values) == {"data", "network", "inference", "output", "compute"}
    assert (values["data"]["train"], values["data"]["test"]) == ("../train.csv", "../test.csv")
    assert (values["output"]["dir"], values["output"]["interval"]) == ("fit", 0.9)
    assert values["network"]["sigma_b"] == 0.2
    assert values["network"]["keep_probability"] == 1.0


def test_another_directory_can_be_given(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    assert ntk("tune", make_spec(tune=TUNE), "--out", "else/where", "-qq").returncode == 0
    assert (tmp_path / "else" / "where" / "fit" / "predictions.csv").exists()
    assert ntk("fit", "else/where/best.yaml", "--overwrite", "-qq").returncode == 0


def test_quiet_is_quiet(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("tune", make_spec(tune=TUNE), "-qq")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


def test_the_same_spec_gives_the_same_bytes(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    for name in ("one", "two"):
        ntk("tune", make_spec(tune=TUNE), "--out", name, "-qq")
    one, two = (
        pd.read_csv(tmp_path / name / "trials.csv").drop(columns="seconds") for name in ("one", "two")
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert (tmp_path / "one" / "best.yaml").read_bytes() == (tmp_path / "two" / "best.yaml").read_bytes()


def test_a_finished_directory_is_left_as_it_is(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    path = make_spec(tune=TUNE)
    ntk("tune", path)
    before = contents(out)
    outcome = ntk("tune", path)
    assert outcome.returncode == 6
    assert "holds the results of a finished search: give --overwrite or another --out" in outcome.stderr
    assert contents(out) == before


def test_overwriting_replaces_a_search_and_nothing_else(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    ntk("tune", make_spec(tune=TUNE))
    (out / "notes.txt").write_text("mine")
    small = {"space": {"inference.ridge": [0.5]}}
    outcome = ntk("tune", make_spec(tune=small), "--overwrite", "-qq")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert len(trials(out)) == 1
    assert read_spec(out / "best.yaml").spec.inference.ridge == 0.5
    assert (out / "notes.txt").read_text() == "mine"


def test_of_equal_scores_the_first_wins(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    """Without hidden layers, the activation is none."""
    space = {"network.activation": ["erf", "relu"], "network.depth": [1], "inference.ridge": [0.1]}
    outcome = ntk("tune", make_spec(tune={"space": space}))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    table = trials(out)
    assert table["rmse"].nunique() == 1
    activation = read_spec(out / "best.yaml").spec.network.activation
    assert not isinstance(activation, list)
    assert name_of(activation) == "erf"


def test_larger_is_better_where_it_is(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    space = SPACE | {"inference.kernel": ["nngp", "ntkgp"], "inference.time": ["inf"]}
    assert (
        ntk("tune", make_spec(tune={"objective": "log_marginal_likelihood", "space": space})).returncode == 0
    )
    table = trials(out)
    assert "standard_error" not in table.columns
    first = table.iloc[table["log_marginal_likelihood"].argmax()]
    best = read_spec(out / "best.yaml").spec.inference
    assert best.kernel == [first["kernel"]]
    # The ridge is settled between those of the table.
    assert first["ridge"] / 5 < best.given_ridge < first["ridge"] * 5


def test_kernels_and_times_of_the_spec_are_tried_too(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    inference = {"kernel": ["ntk", "ntkgp"], "time": [0.5, "inf"]}
    ntk("tune", make_spec(tune={"space": {"inference.ridge": [0.1, 1.0]}}, inference=inference))
    tried = trials(out)[["kernel", "time"]].drop_duplicates().to_numpy().tolist()
    assert tried == [["ntk", "0.5"], ["ntk", "inf"], ["ntkgp", "inf"]]


def test_an_automatic_ridge_and_time_are_searched_over(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    inference = {"kernel": "ntk", "ridge": "auto", "time": "auto"}
    outcome = ntk("tune", make_spec(tune={"space": {"network.depth": [1, 2]}}, inference=inference))
    assert (outcome.returncode, others_than_ridges(outcome.stderr)) == (0, [])
    table = trials(out)
    assert len(table) == 2 * 20 * 21
    assert table["time"].nunique() > 21
    best = read_spec(out / "best.yaml").spec.inference
    assert isinstance(best.ridge, float)
    assert best.ridge_scale == "trace"
    assert isinstance(best.time, list)


def test_a_solver_that_cannot_do_the_best_is_not_kept(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    space = {"inference.time": [0.5], "inference.ridge": [0.1]}
    outcome = ntk("tune", make_spec(tune={"space": space}, compute={"solver": "cholesky"}))
    assert outcome.returncode == 0
    assert read_spec(out / "best.yaml").spec.compute.solver == "auto"


def test_the_held_out_score_of_a_fold_is_that_of_a_fit(
    make_spec: MakeSpec, ntk: Ntk, out: Path, write: Write, tmp_path: Path
) -> None:
    """The trials' rmse is what `ntk fit` gets with the held out rows as test file."""
    from ntkcli.spec.tune import ValidationSpec
    from ntkcli.tuning.splits import splits

    space = {"network.depth": [3], "inference.kernel": ["ntk"], "inference.ridge": [0.1]}
    data: dict[str, Any] = {"standardize": False, "standardize_target": False}
    ntk("tune", make_spec(data=data, tune={"validation": {"holdout": 0.3}, "space": space}))
    (split,) = splits(14, ValidationSpec(holdout=0.3))
    table = pd.read_csv(tmp_path / "train.csv", dtype=str)
    write("some.csv", table.iloc[split.train].to_csv(index=False))
    write("others.csv", table.iloc[split.held_out].to_csv(index=False))
    data |= {"train": "some.csv", "test": "others.csv"}
    ntk("fit", make_spec(data=data, inference={"ridge": 0.1}), "-qq")
    (score,) = load_json(tmp_path / "run" / "metrics.json")["scores"]
    assert trials(out)["rmse"].item() == pytest.approx(score["rmse"], rel=1e-8)
    assert len(part(tmp_path / "run", "ntk", "inf")) == len(split.held_out)


def test_a_grid_needs_no_optuna(make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert ntk("tune", make_spec(tune=TUNE), "-qq").returncode == 0


def test_drawing_without_optuna_is_reported(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    outcome = ntk("tune", make_spec(tune=TUNE | {"search": "tpe"}))
    assert outcome.returncode == 2
    assert outcome.stderr.endswith(
        "spec.yaml: tune.search: tpe needs Optuna: pip install 'ntkcli[tune]', or use grid\n"
    )


def test_a_search_that_draws_goes_on_and_is_complete(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    space = SPACE | {"network.depth": {"low": 1, "high": 5}}
    section = {"validation": {"folds": 3}, "search": "tpe", "trials": 5, "space": space}
    outcome = ntk("tune", make_spec(tune=section))
    assert (outcome.returncode, others_than_ridges(outcome.stderr)) == (0, [])
    assert {path.name for path in out.iterdir()} == {"trials.csv", "best.yaml", "fit", "study.db"}
    assert trials(out)["trial"].tolist() == np.repeat(range(5), 20).tolist()
    (out / "best.yaml").unlink()
    (out / "trials.csv").unlink()
    again = ntk("tune", make_spec(tune=section))
    assert (again.returncode, others_than_ridges(again.stderr)) == (0, ["ntk: resuming after 5 trials"])
    assert len(trials(out)) == 100
    assert ntk("tune", make_spec(tune=section | {"seed": 1}), "--overwrite", "-qq").returncode == 0


def test_progress_reports_the_best_so_far(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.terminal.display.Stream.isatty", lambda _: True)
    monkeypatch.setattr("ntkcli.terminal.progress_bar.PATIENCE", 0)
    outcome = ntk("tune", make_spec(tune=TUNE))
    assert "tune, rmse " in outcome.stderr


def test_classes_are_tuned_and_fitted(make_spec: MakeSpec, ntk: Ntk, out: Path, tmp_path: Path) -> None:
    table = pd.read_csv(tmp_path / "train.csv").assign(y=["yes", "no"] * 7)
    table.to_csv(tmp_path / "classes.csv", index=False)
    data = {"train": "classes.csv", "test": None}
    for objective in ("accuracy", "log_loss"):
        section = TUNE | {"objective": objective}
        outcome = ntk("tune", make_spec(data=data, tune=section), "--overwrite", "-qq")
        assert outcome.returncode == 0, outcome.stderr
        assert trials(out)[objective].between(0, 1 if objective == "accuracy" else 2).all()


def test_some_rows_are_scored_as_if_there_were_no_others(
    make_spec: MakeSpec, ntk: Ntk, write: Write, out: Path, tmp_path: Path
) -> None:
    data = {"standardize": False, "standardize_target": False}
    tune = {"objective": "loo_rmse", "space": {"inference.ridge": [0.1, 1.0]}}
    assert ntk("tune", make_spec(data=data, tune={**tune, "rows": 9})).returncode == 0
    some = trials(out)
    chosen = np.sort(np.random.default_rng(0).permutation(14)[:9])
    write("train.csv", pd.read_csv(tmp_path / "train.csv").iloc[chosen].to_csv(index=False))
    assert ntk("tune", make_spec(data=data, tune=tune), "--overwrite").returncode == 0
    np.testing.assert_allclose(some["loo_rmse"], trials(out)["loo_rmse"], rtol=1e-10)


def test_more_rows_than_there_are_is_all_of_them(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    tune = {"objective": "loo_rmse", "space": {"inference.ridge": [0.1, 1.0]}}
    for rows in ("all", 1000):
        assert ntk("tune", make_spec(tune={**tune, "rows": rows}), "--overwrite").returncode == 0
        scores = trials(out)["loo_rmse"].tolist()
        if rows == "all":
            expected = scores
    assert scores == expected


def test_a_search_over_data_values_fits_what_it_found(ntk: Ntk, write: Write, out: Path) -> None:
    ratio, other = np.exp(np.random.default_rng(1).normal(size=(2, 60)))
    table = pd.DataFrame({"ratio": ratio, "other": other, "y": np.sin(2 * np.log(ratio)) + 0.1 * other})
    write("train.csv", table.to_csv(index=False))
    space = {"data.log": [[], "auto"], "inference.ridge": [1e-4]}
    spec = {
        "data": {"train": "train.csv", "target": "y"},
        "inference": {"kernel": "nngp"},
        "output": {"dir": "run"},
        "tune": {"objective": "loo_rmse", "space": space},
    }
    outcome = ntk("tune", write("spec.yaml", yaml.safe_dump(spec)))
    assert outcome.returncode == 0
    assert set(trials(out)["data.log"]) == {"[]", "auto"}
    best, fitted = read_spec(out / "best.yaml").spec, load_json(out / "fit" / "run.json")
    assert best.data.log == fitted["log"] == ["ratio"]
    # What the search found is not looked for again, nor where only the fit is left to do.
    assert outcome.stderr.count("data.log: auto") == 1
    text = (out / "best.yaml").read_text()
    (out / "fit" / "run.json").unlink()
    again = ntk("tune", "spec.yaml")
    assert (again.returncode, again.stderr.count("data.log: auto")) == (0, 0)
    assert (out / "best.yaml").read_text() == text
