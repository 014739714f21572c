"""`ntk predict` gives what `ntk fit` gave."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .run_files import ALL_KERNELS, RESULTS, Fit, MakeSpec, Ntk, Write, add_second_target, load_json

Sections = dict[str, dict[str, Any]]

LIMIT = ALL_KERNELS | {"time": [0, math.inf]}
CASES: dict[str, Sections] = {
    "every kernel and time": {"inference": ALL_KERNELS},
    "by one eigendecomposition": {"inference": ALL_KERNELS, "compute": {"solver": "eigh"}},
    "by Lanczos": {"inference": ALL_KERNELS, "compute": {"solver": "lanczos"}},
    "without a ridge": {"inference": LIMIT | {"ridge": 0}},
    "a ridge in units of the trace": {"inference": ALL_KERNELS | {"ridge_scale": "trace"}},
    "a learning rate and the mean loss": {
        "inference": ALL_KERNELS | {"learning_rate": 30, "loss": "mean", "time": [0, 0.1, 7, math.inf]}
    },
    "float32": {"inference": ALL_KERNELS, "compute": {"dtype": "float32"}},
    "float32 by Lanczos": {"inference": ALL_KERNELS, "compute": {"dtype": "float32", "solver": "lanczos"}},
    "float32 by eigh": {"inference": ALL_KERNELS, "compute": {"dtype": "float32", "solver": "eigh"}},
    "mixed": {"inference": LIMIT, "compute": {"dtype": "mixed"}},
    "two threads": {"inference": ALL_KERNELS, "compute": {"threads": 2, "tile": 3}},
    "with noise": {"inference": ALL_KERNELS, "output": {"noise": True, "interval": 0.5}},
    "a scale found": {"inference": ALL_KERNELS | {"variance_scale": "auto"}, "output": {"noise": True}},
    "intervals found": {
        "inference": ALL_KERNELS, "output": {"noise": True, "interval_from": "leave_one_out"}
    },
    "a scale given": {"inference": ALL_KERNELS | {"variance_scale": 2.5}},
    "a ridge found": {"inference": {"ridge": "auto", "kernel": "nngp", "time": [1, math.inf]}},
    "a time found": {"inference": {"time": "auto", "ridge": 0.01}},
    "an activation in tables": {"inference": ALL_KERNELS, "network": {"activation": "tanh"}},
    "activations in tables": {
        "inference": ALL_KERNELS, "network": {"activation": ["elu", "relu", "tanh"], "depth": 4}
    },
    "a residual network": {
        "inference": ALL_KERNELS, "network": {"depth": 4, "activation": "gelu", "sigma_b": 0.3}
    },
    "rows of length 1": {"inference": ALL_KERNELS, "data": {"normalize_rows": True}},
    "nothing standardised": {
        "inference": ALL_KERNELS, "data": {"standardize": False, "standardize_target": False}
    },
    "some features in another order": {"inference": ALL_KERNELS, "data": {"features": ["c", "a"]}},
}  # fmt: skip
# Those that can be fitted without a std: the fit computes none.
SPREADLESS = {
    name: sections
    for name, sections in CASES.items()
    if "output" not in sections and sections["inference"].get("variance_scale") != "auto"
}


def predicted(ntk: Ntk, tmp_path: Path, csv: str = "test.csv", *options: object) -> pd.DataFrame:
    """What predict says of a file."""
    outcome = ntk("predict", "run", csv, "-qq", "--out", "predicted.csv", "--overwrite", *options)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
    return pd.read_csv(tmp_path / "predicted.csv", dtype={"time": str})


def fitted(run: Path) -> pd.DataFrame:
    return pd.read_csv(run / "predictions.csv", dtype={"time": str})


def assert_same(actual: pd.DataFrame, expected: pd.DataFrame, tolerance: float = 1e-12) -> None:
    """Equal texts, and numbers that differ by rounding, beside the largest of their target."""
    assert list(actual.columns) == list(expected.columns)
    assert len(actual) == len(expected)
    for name in expected:
        if expected[name].dtype == np.float64:
            scale = np.abs(expected[name]).max()
            np.testing.assert_allclose(actual[name], expected[name], rtol=0, atol=tolerance * scale)
        else:
            assert list(actual[name]) == list(expected[name])


@pytest.mark.parametrize("factor", [False, True])
@pytest.mark.parametrize("sections", CASES.values(), ids=CASES)
def test_predictions_are_those_of_the_fit(
    fit: Fit, ntk: Ntk, tmp_path: Path, sections: Sections, factor: bool
) -> None:
    run = fit(**sections | {"output": sections.get("output", {}) | {"factor": factor}})
    assert (run / "model" / "factors").exists() == factor
    assert_same(predicted(ntk, tmp_path), fitted(run))


@pytest.mark.parametrize("sections", CASES.values(), ids=CASES)
def test_without_a_std_the_means_are_those_of_the_fit(
    fit: Fit, ntk: Ntk, tmp_path: Path, sections: Sections
) -> None:
    expected = fitted(fit(**sections))
    uncertainty = [name for name in expected if str(name).endswith(("_std", "_lower", "_upper"))]
    assert len(uncertainty) == 3
    assert_same(predicted(ntk, tmp_path, "test.csv", "--no-std"), expected.drop(columns=uncertainty))


@pytest.mark.parametrize("sections", SPREADLESS.values(), ids=SPREADLESS)
def test_a_fit_without_a_std_has_one_when_it_is_asked_for(
    fit: Fit, ntk: Ntk, tmp_path: Path, sections: Sections
) -> None:
    expected = fitted(fit(**sections))
    fit(**sections | {"output": {"std": False}})
    assert_same(predicted(ntk, tmp_path, "test.csv", "--std"), expected)


def test_a_scale_of_variances_that_was_not_found_is_reported(fit: Fit, ntk: Ntk, tmp_path: Path) -> None:
    asked = {"kernel": ["ntk", "nngp"], "ridge": 0.1, "variance_scale": "auto"}
    expected = fitted(fit(inference=asked))
    fit(inference=asked, output={"std": False})
    outcome = ntk("predict", "run", "test.csv", "--std")
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (2, "", 1)
    assert "inference.variance_scale: auto was not found, as output.std is false" in outcome.stderr
    own = expected[expected["kernel"] == "nngp"].reset_index(drop=True)
    assert_same(predicted(ntk, tmp_path, "test.csv", "--std", "--kernel", "nngp"), own)


@pytest.mark.parametrize("solver", ["auto", "eigh", "lanczos"])
def test_several_targets_are_predicted_as_in_the_fit(
    fit: Fit, ntk: Ntk, tmp_path: Path, write: Write, solver: str
) -> None:
    add_second_target(write, tmp_path)
    run = fit(data={"target": ["z", "y"]}, inference=ALL_KERNELS, compute={"solver": solver})
    assert_same(predicted(ntk, tmp_path), fitted(run))


@pytest.mark.parametrize("asked", ["covariance", "samples"])
def test_beside_a_covariance_predictions_are_those_of_the_fit(
    fit: Fit, ntk: Ntk, tmp_path: Path, asked: str
) -> None:
    """Where the fit had the whole covariance, a variance rounds in another way."""
    run = fit(inference=ALL_KERNELS, output={asked: 3 if asked == "samples" else True})
    assert_same(predicted(ntk, tmp_path), fitted(run), 1e-10)


def mixed_rows(rows: int, seed: int) -> pd.DataFrame:
    """Numbers, words, truths and gaps, an id, a class, and a number to predict."""
    rng = np.random.default_rng(seed)
    size, colour = rng.normal(size=rows), rng.choice(["red", "green", "deep, blue"], rows)
    table = pd.DataFrame({"name": [f"no {i:03}" for i in range(rows)], "size": size, "colour": colour})
    table["is_new"] = rng.choice(["True", "false"], rows)
    table["kind"] = np.where(size > 0.5, "big", np.where(colour == "red", "small red", "small"))
    table["y"] = size**2 + (colour == "red")
    for column in ("size", "colour", "is_new"):
        table[column] = table[column].astype(object).where(rng.random(rows) > 0.1, "")
    return table


@pytest.fixture
def fit_mixed(fit: Fit, write: Write) -> Callable[..., Path]:
    """Fit rows of all kinds of columns."""
    write("mixed.csv", mixed_rows(40, 0).to_csv(index=False))
    write("new.csv", mixed_rows(23, 1).to_csv(index=False))

    def fit_rows(target: str, **sections: dict[str, Any]) -> Path:
        features = ["size", "colour", "is_new"]
        data = {"train": "mixed.csv", "test": "new.csv", "target": target, "features": features, "id": "name"}
        rest = {name: section for name, section in sections.items() if name != "data"}
        return fit(data={**data, "missing": "mean", **sections.get("data", {})}, **rest)

    return fit_rows


@pytest.mark.parametrize("missing", ["mean", "drop"])
@pytest.mark.parametrize("target", ["y", "kind"])
@pytest.mark.parametrize("factor", [False, True])
def test_columns_of_every_kind_are_read_as_in_the_fit(
    fit_mixed: Callable[..., Path], ntk: Ntk, tmp_path: Path, target: str, missing: str, factor: bool
) -> None:
    run = fit_mixed(target, data={"missing": missing}, inference=ALL_KERNELS, output={"factor": factor})
    outcome = ntk("predict", "run", "new.csv", "--out", "predicted.csv")
    assert outcome.returncode == 0
    assert ("left out (data.missing: drop)" in outcome.stderr) == (missing == "drop")
    actual = pd.read_csv(tmp_path / "predicted.csv", dtype={"time": str})
    assert_same(actual, fitted(run))


@pytest.mark.parametrize("scale", [1.0, "auto"])
def test_classes_are_predicted_as_in_the_fit(
    fit_mixed: Callable[..., Path], ntk: Ntk, tmp_path: Path, scale: float | str
) -> None:
    run = fit_mixed("kind", inference={"kernel": "ntkgp", "ridge": 0.1, "variance_scale": scale})
    table = predicted(ntk, tmp_path, "new.csv")
    assert set(table["kind_class"]) == {"big", "small", "small red"}
    assert_same(table, fitted(run))


def test_rows_set_aside_are_predicted_as_in_the_fit(fit: Fit, ntk: Ntk, tmp_path: Path, write: Write) -> None:
    split = {"test": None, "split": {"test": 0.3, "seed": 4}}
    run = fit(data=split, inference=ALL_KERNELS | {"variance_scale": "auto"})
    expected, rows = fitted(run), pd.read_csv(tmp_path / "train.csv")
    chosen = expected["row"].unique()
    assert 0 < len(chosen) < len(rows)
    write("aside.csv", rows.iloc[chosen].to_csv(index=False))
    assert_same(predicted(ntk, tmp_path, "aside.csv").drop(columns="row"), expected.drop(columns="row"))


def test_columns_that_no_model_needs_do_not_matter(fit: Fit, ntk: Ntk, tmp_path: Path, write: Write) -> None:
    expected = fitted(fit(inference=ALL_KERNELS))
    rows = pd.read_csv(tmp_path / "test.csv")
    write("other.csv", rows.assign(note="n/a")[["note", "c", "b", "a"]].to_csv(index=False))
    assert_same(predicted(ntk, tmp_path, "other.csv"), expected.drop(columns="y"))


def test_a_model_needs_nothing_but_its_folder(fit: Fit, ntk: Ntk, tmp_path: Path) -> None:
    run = fit(inference=ALL_KERNELS, network={"activation": "tanh"})
    expected = fitted(run)
    for place in (tmp_path / "train.csv", tmp_path / "spec.yaml", *run.glob("*.*")):
        place.unlink()
    run.rename(tmp_path / "elsewhere")
    outcome = ntk("predict", "elsewhere", "test.csv", "--out", "predicted.csv")
    assert outcome.returncode == 0
    assert_same(pd.read_csv(tmp_path / "predicted.csv", dtype={"time": str}), expected)


@pytest.mark.parametrize(
    ("options", "pairs"),
    [
        (["--kernel", "ntkgp"], [("ntkgp", "inf")]),
        (["--time", "0"], [("ntk", "0"), ("nngp", "0")]),
        (["--time", "5e-1", "--kernel", "nngp"], [("nngp", "0.5")]),
        (["--time", "inf", "--time", "0", "--kernel", "ntk"], [("ntk", "0"), ("ntk", "inf")]),
        (["--kernel", "nngp", "--kernel", "ntkgp", "--time", "inf"], [("ntkgp", "inf"), ("nngp", "inf")]),
        (["--kernel", "ntkgp", "--kernel", "nngp", "--time", "0.5", "--time", "inf"],
         [("ntkgp", "inf"), ("nngp", "0.5"), ("nngp", "inf")]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("solver", ["auto", "eigh", "lanczos"])
@pytest.mark.parametrize("factor", [False, True])
def test_what_is_selected_is_predicted_and_nothing_else(
    fit: Fit,
    ntk: Ntk,
    tmp_path: Path,
    options: list[str],
    pairs: list[tuple[str, str]],
    solver: str,
    factor: bool,
) -> None:
    run = fit(inference=ALL_KERNELS, compute={"solver": solver}, output={"factor": factor})
    expected = fitted(run)
    chosen = [pair in pairs for pair in zip(expected["kernel"], expected["time"], strict=True)]
    actual = predicted(ntk, tmp_path, "test.csv", *options)
    assert list(zip(actual["kernel"], actual["time"], strict=True)) == pairs * 5
    assert_same(actual, expected[chosen].reset_index(drop=True))


@pytest.mark.parametrize(
    "options",
    [
        ["--kernel", "ntkpg"],
        ["--time", "0.25"],
        ["--time", "nan"],
        ["--time", "0.5", "--time", "1"],
        ["--kernel", "ntkgp", "--time", "0.5"],
        ["--kernel", "ntk", "--kernel", "gp"],
    ],
)
@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_what_a_model_was_not_fitted_for_is_refused_with_what_there_is(
    fit: Fit, ntk: Ntk, command: str, options: list[str]
) -> None:
    fit(inference=ALL_KERNELS)
    outcome = ntk(command, "run", "test.csv", *options)
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (2, "", 1)
    assert [
        f"{kernel} at {time}" for kernel, time in RESULTS if f"{kernel} at {time}" not in outcome.stderr
    ] == []


def test_a_std_that_has_to_be_factored_again_is_reported_and_no_other(fit: Fit, ntk: Ntk) -> None:
    for factor in (False, True):
        fit(inference=ALL_KERNELS, output={"factor": factor})
        for options, reported in ((["--std"], not factor), (["--no-std"], False), (["-qq"], False)):
            outcome = ntk("predict", "run", "test.csv", *options)
            assert outcome.returncode == 0
            assert ("the factorisation is computed again" in outcome.stderr) == reported, options


@pytest.mark.parametrize(("solver", "keeps"), [("pcg", False), ("cholesky", True)])
def test_a_solver_that_keeps_nothing_says_so_and_what_helps(
    make_spec: MakeSpec, ntk: Ntk, solver: str, *, keeps: bool
) -> None:
    inference = {"kernel": "ntkgp", "ridge": 0.1}
    spec = make_spec(output={"factor": True}, inference=inference, compute={"solver": solver})
    for command in ("check", "fit"):
        assert ("output.factor: true keeps nothing of pcg" in ntk(command, spec).stderr) != keeps
    told = ntk("predict", "run", "test.csv").stderr
    assert told.startswith("ntk: std: pcg keeps no factorisation and begins again") != keeps
    helps = "give all rows at once, use --no-std or fit with output.factor: true and compute.solver: cholesky"
    assert (helps in told) != keeps
    assert told.count("\n") == (not keeps)
    assert ntk("predict", "run", "test.csv", "--no-std").stderr == ""


def test_the_model_is_small_unless_the_factorisation_is_stored(fit: Fit, write: Write) -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(300, 4)), columns=["a", "b", "c", "y"])
    write("train.csv", rows.to_csv(index=False))

    def size(*, factor: bool) -> int:
        run = fit(inference=ALL_KERNELS, output={"factor": factor})
        return sum(path.stat().st_size for path in (run / "model").rglob("*.npy"))

    small, large = size(factor=False), size(factor=True)
    times = len({("ntk", 0.5), ("ntk", math.inf), ("nngp", 0.5), ("nngp", math.inf)})
    assert small < 8 * 300 * (3 + times) + 4096
    assert large - small > 4 * 300**2


def test_a_failed_attempt_leaves_nothing_in_the_model(
    fit: Fit, monkeypatch: pytest.MonkeyPatch, make_spec: Callable[..., Path], ntk: Ntk, tmp_path: Path
) -> None:
    """Several groups of times by Lanczos, of which the last fails; one eigendecomposition instead."""
    from ntkcli.linalg.convergence import ConvergenceError
    from ntkcli.solvers.lanczos import LanczosFlow

    asked = {"kernel": "ntk", "time": [1e-3, 1, 1e3], "ridge": 0.1}
    names = sorted(
        path.name
        for path in (
            fit(inference=asked, output={"factor": True}, compute={"solver": "eigh"}) / "model"
        ).rglob("*")
    )
    quadratic = LanczosFlow.on
    calls = []

    def failing(flow: LanczosFlow, b: Any) -> Any:
        calls.append(flow)
        if len({id(one) for one in calls}) == 3:
            raise ConvergenceError("an error of 1 after 9 steps")
        return quadratic(flow, b)

    monkeypatch.setattr(LanczosFlow, "on", failing)
    monkeypatch.setattr("ntkcli.planning.planner.Planner.best", best_without_eigh(monkeypatch))
    outcome = ntk("fit", make_spec(inference=asked, output={"factor": True}), "--overwrite")
    assert (outcome.returncode, len(calls) > 3) == (0, True)
    assert "taking an eigendecomposition instead" in outcome.stderr
    assert sorted(path.name for path in (tmp_path / "run" / "model").rglob("*")) == names


def best_without_eigh(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A planner that takes Lanczos as long as it may."""
    from dataclasses import replace

    from ntkcli.planning.plan import Plan
    from ntkcli.planning.planner import Planner

    best = Planner.best

    def chosen(planner: Planner) -> Plan:
        return best(planner if planner.without else replace(planner, choice="lanczos"))

    return chosen


def test_the_model_of_a_fit_has_a_hash_for_every_array(fit: Fit) -> None:
    model = fit(inference=ALL_KERNELS, output={"factor": True}) / "model"
    listed = {f"{name}.npy" for name in load_json(model / "model.json")["arrays"]}
    assert {str(path.relative_to(model)) for path in model.rglob("*.npy")} == listed


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_a_file_whose_rows_are_all_dropped_is_refused(
    fit: Fit, ntk: Ntk, tmp_path: Path, command: str
) -> None:
    fit(data={"missing": "drop", "test": None}, inference={"ridge": 0.1})
    (tmp_path / "gaps.csv").write_text("a,b,c,y\n1,,2,5\n,3,4,6\n")
    outcome = ntk(command, "run", "gaps.csv")
    assert (outcome.returncode, outcome.stdout) == (3, "")
    assert "gaps.csv: every row lacks a value, and data.missing: drop leaves none" in outcome.stderr
