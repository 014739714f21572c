"""Columns of noise and of weights: what a fit, its model and its intervals make of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.arrays import FloatArray

from .run_files import MakeSpec, Ntk, load_json

N, NEW = 60, 15
SOLVERS = ["cholesky", "eigh", "lanczos", "pcg"]


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(0)
    whole = pd.DataFrame(random.normal(size=(N + NEW, 2)), columns=["a", "b"])
    noise = np.where(np.arange(N + NEW) % 2, 0.05, 1.0)
    y = 10 + 3 * np.sin(whole["a"]) + noise * random.normal(size=N + NEW)
    return {"train": whole.assign(y=y, s=noise)[:N], "test": whole.assign(y=y, s=noise)[N:]}


@pytest.fixture
def spec(make_spec: MakeSpec, tables: dict[str, pd.DataFrame], tmp_path: Path) -> MakeSpec:
    """A spec of the tables, written after it."""

    def make(**sections: dict[str, Any]) -> Path:
        path = make_spec(**{"inference": {"kernel": "nngp", "ridge": "auto"}} | sections)
        for name, table in tables.items():
            table.to_csv(tmp_path / f"{name}.csv", index=False)
        return path

    return make


def matrix(name: str) -> FloatArray:
    return np.asarray(np.load(Path("run/kernels") / f"nngp_{name}.npy"))


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_noise_column_is_the_diagonal_of_the_dense_formula(
    spec: MakeSpec, ntk: Ntk, tables: dict[str, pd.DataFrame], solver: str
) -> None:
    outcome = ntk(
        "fit",
        spec(
            data={"noise": "s"},
            compute={"solver": solver, "tolerance": 1e-11},
            output={"kernels": ["nngp_train_train", "nngp_test_train", "nngp_test_test"], "noise": True},
        ),
    )
    assert outcome.returncode == 0, outcome.stderr
    train, test, found = tables["train"], tables["test"], pd.read_csv("run/predictions.csv")
    k, cross, own = (matrix(name) for name in ("train_train", "test_train", "test_test"))
    mean, scale = train["y"].mean(), train["y"].std(ddof=0)
    inverse = np.linalg.inv(k + np.diag(train["s"] ** 2) / scale**2)
    expected = mean + cross @ inverse @ (train["y"] - mean)
    np.testing.assert_allclose(found["y_mean"], expected, rtol=1e-10)
    # A new observation has the noise of its own row.
    variance = scale**2 * (own - cross @ inverse @ cross.T).diagonal() + test["s"] ** 2
    np.testing.assert_allclose(found["y_std"], np.sqrt(variance), rtol=1e-9)


def test_without_its_column_a_new_row_has_the_mean_noise(
    spec: MakeSpec, ntk: Ntk, tables: dict[str, pd.DataFrame]
) -> None:
    path = spec(data={"noise": "s"}, output={"noise": True})
    assert ntk("fit", path).returncode == 0
    known = pd.read_csv("run/predictions.csv")
    tables["test"].drop(columns="s").to_csv("plain.csv", index=False)
    assert ntk("predict", "run", "plain.csv", "--out", "plain_predictions.csv").returncode == 0
    assert ntk("predict", "run", "test.csv", "--out", "known_predictions.csv").returncode == 0
    again, plain = (pd.read_csv(f"{name}_predictions.csv") for name in ("known", "plain"))
    pd.testing.assert_frame_equal(again, known)
    differences = plain["y_std"] ** 2 - known["y_std"] ** 2
    expected = (tables["train"]["s"] ** 2).mean() - tables["test"]["s"] ** 2
    np.testing.assert_allclose(differences, expected, rtol=1e-9, atol=1e-12)


def test_a_new_row_without_its_noise_has_the_mean_noise(
    spec: MakeSpec, ntk: Ntk, tables: dict[str, pd.DataFrame]
) -> None:
    tables["test"].iloc[2, tables["test"].columns.get_loc("s")] = np.nan  # type: ignore[index]
    data = {"noise": "s", "missing": {"target": "drop"}}
    outcome = ntk("fit", spec(data=data, output={"noise": True}))
    assert outcome.returncode == 0, outcome.stderr
    found = pd.read_csv("run/predictions.csv")
    function = ntk("fit", spec(data=data), "--out", "function")
    assert function.returncode == 0, function.stderr
    noise = found["y_std"] ** 2 - pd.read_csv("function/predictions.csv")["y_std"] ** 2
    assert noise[2] == pytest.approx((tables["train"]["s"] ** 2).mean(), rel=1e-9)
    assert noise[3] == pytest.approx(tables["test"]["s"].iloc[3] ** 2, rel=1e-9)


@pytest.mark.parametrize("approximation", ["none", {"method": "nystrom", "centres": 60, "sample": 60}])
def test_an_ensemble_is_of_the_same_noise_and_its_intervals_too(
    spec: MakeSpec, ntk: Ntk, tables: dict[str, pd.DataFrame], approximation: Any
) -> None:
    inference = {"kernel": "ntk", "ridge": "auto", "time": [3.0, "inf"], "approximation": approximation}
    outcome = ntk("fit", spec(data={"noise": "s"}, inference=inference, output={"noise": True}))
    assert outcome.returncode == 0, outcome.stderr
    function = ntk("fit", spec(data={"noise": "s"}, inference=inference), "--out", "function")
    assert function.returncode == 0, function.stderr
    found, plain = (pd.read_csv(Path(run) / "predictions.csv") for run in ("run", "function"))
    np.testing.assert_allclose(found["y_mean"], plain["y_mean"], rtol=1e-12)
    own = np.repeat(tables["test"]["s"].to_numpy() ** 2, 2)
    np.testing.assert_allclose(found["y_std"] ** 2 - plain["y_std"] ** 2, own, rtol=1e-9)


def test_all_rows_as_centres_give_the_exact_answer(spec: MakeSpec, ntk: Ntk) -> None:
    for name, approximation in (
        ("exact", "none"),
        ("near", {"method": "nystrom", "centres": 60, "sample": 60}),
    ):
        inference = {"kernel": ["nngp", "ntk"], "ridge": "auto", "approximation": approximation}
        outcome = ntk("fit", spec(data={"noise": "s"}, inference=inference), "--out", name)
        assert outcome.returncode == 0, outcome.stderr
    exact, near = (pd.read_csv(Path(run) / "predictions.csv") for run in ("exact", "near"))
    np.testing.assert_allclose(near["y_mean"], exact["y_mean"], rtol=1e-8)
    np.testing.assert_allclose(near["y_std"], exact["y_std"], rtol=1e-6)


@pytest.mark.parametrize("ridge", [0.1, "auto"])
def test_weights_have_the_ridge_of_the_average_row(
    spec: MakeSpec, ntk: Ntk, tables: dict[str, pd.DataFrame], ridge: Any
) -> None:
    tables["train"]["w"] = np.arange(N) % 3 + 1.0
    inference = {"kernel": "nngp", "ridge": ridge, "ridge_scale": "absolute"}
    outcome = ntk(
        "fit",
        spec(
            data={"weight": "w", "features": ["a", "b"]},
            inference=inference,
            output={"kernels": ["nngp_train_train", "nngp_test_train"]},
        ),
    )
    assert outcome.returncode == 0, outcome.stderr
    train, found = tables["train"], pd.read_csv("run/predictions.csv")
    used = load_json(Path("run/run.json"))["solvers"][0]["ridge"]
    assert ridge in ("auto", used)
    mean, scale = train["y"].mean(), train["y"].std(ddof=0)
    inverse = np.linalg.inv(matrix("train_train") + used * np.diag(train["w"].mean() / train["w"]))
    expected = mean + matrix("test_train") @ inverse @ (train["y"] - mean) / scale * scale
    np.testing.assert_allclose(found["y_mean"], expected, rtol=1e-9)


def test_intervals_of_known_noise_hold_quiet_and_noisy_rows_alike(make_spec: MakeSpec, ntk: Ntk) -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(900, 2))
    noise = np.where(np.arange(900) % 2, 0.05, 1.0)
    table = pd.DataFrame(x, columns=["a", "b"]).assign(s=noise)
    table["y"] = np.sin(x[:, 0]) + noise * random.normal(size=900)
    path = make_spec(
        data={"test": "test.csv", "noise": "s"},
        inference={"kernel": "nngp", "ridge": "auto"},
        output={"interval_from": "auto"},
    )
    table[:400].to_csv("train.csv", index=False)
    table[400:].to_csv("test.csv", index=False)
    outcome = ntk("fit", path)
    assert outcome.returncode == 0, outcome.stderr
    found = pd.read_csv("run/predictions.csv")
    held = (found["y_lower"] <= found["y"]) & (found["y"] <= found["y_upper"])
    quiet = noise[400:] == 0.05
    assert held[quiet].mean() > 0.9
    assert 0.9 < held[~quiet].mean() < 1.0


@pytest.mark.parametrize("command", ["spectrum", "simulate"])
@pytest.mark.parametrize("approximation", ["none", {"method": "nystrom", "centres": 20}])
def test_what_takes_rows_as_equal_says_so(spec: MakeSpec, ntk: Ntk, command: str, approximation: Any) -> None:
    sections: dict[str, Any] = {
        "inference": {"kernel": "nngp", "ridge": 0.1, "approximation": approximation},
        "simulate": {"widths": [16], "largest_trained": 0, "seeds": 2, "rows": 5},
    }
    outcome = ntk(command, spec(data={"weight": "s"}, **sections), "--out", "weighted")
    assert outcome.returncode == 0, outcome.stderr
    assert "column 's': rows count alike here" in outcome.stderr
    outcome = ntk(command, spec(data={"features": ["a", "b"]}, **sections), "--out", "equal")
    assert outcome.returncode == 0, outcome.stderr
    tables = [path.name for path in Path("equal").glob("*.csv")]
    assert tables
    for name in tables:
        assert (Path("weighted") / name).read_bytes() == (Path("equal") / name).read_bytes()


def test_a_check_tells_which_column_says_how_rows_count(spec: MakeSpec, ntk: Ntk) -> None:
    assert "s: the noise of the target" in ntk("check", spec(data={"noise": "s"})).stdout
    assert "s: how much rows count" in ntk("check", spec(data={"weight": "s"})).stdout


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        ({"noise": "t"}, 3, "has no column 't' (data.weight or data.noise)"),
        ({"noise": "s", "weight": "a"}, 2, "data.weight: the noise says how rows count: keep one"),
        ({"noise": "y"}, 2, "data.noise: column 'y' is both in target and in noise"),
        (
            {"noise": "s", "features": ["a", "s"]},
            2,
            "data.noise: column 's' is both in features and in noise",
        ),
        ({"noise": "s", "task": "classification"}, 2, "data.noise: is of numbers, and classes have none"),
        (
            {"noise": "a"},
            3,
            "is no standard deviation (data.noise) above 0: correct it, or leave the row out",
        ),
        ({"weight": "a"}, 3, "is no weight (data.weight) above 0: correct it, or leave the row out"),
    ],
)
def test_what_is_no_noise_is_told_in_a_line(
    spec: MakeSpec, ntk: Ntk, data: dict[str, Any], code: int, message: str
) -> None:
    outcome = ntk("fit", spec(data=data))
    assert outcome.returncode == code, outcome.stderr
    assert message in outcome.stderr
    assert not Path("run").exists()
