"""What accuracy a fit reports, and what is refused: float32, float64 and the two mixed."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.linalg.probes import Probes

from .run_files import ALL_KERNELS, MakeSpec, Ntk, Predict, Write, contents, load_json, values

LIMITS: dict[str, Any] = {"kernel": ["ntk", "ntkgp", "nngp"], "ridge": 0.05}
FLOAT32 = {"dtype": "float32"}


@pytest.fixture
def contradiction(small_data: None, write: Write, tmp_path: Path) -> None:
    """A training row that stands there twice, with two targets: a small ridge asks for large coefficients."""
    table = pd.read_csv(tmp_path / "train.csv")
    twice = table.iloc[[3]].assign(y=table["y"].mean() + 3 * table["y"].std())
    write("train.csv", pd.concat([table, twice]).to_csv(index=False))


def residuals(run: Path) -> list[Any]:
    solvers = load_json(run / "run.json")["solvers"]
    return [entry["residual"] for record in solvers for entry in record["times"]]


@pytest.mark.parametrize("solver", ["auto", "eigh", "lanczos"])
def test_float32_is_close_to_float64(predict: Predict, tmp_path: Path, solver: str) -> None:
    sections: dict[str, Any] = {"inference": {**ALL_KERNELS, "ridge": 0.1}}
    exact = predict(**sections)
    short = predict(**sections, compute=FLOAT32 | {"solver": solver}, output={"kernels": ["ntk_train_train"]})
    np.testing.assert_allclose(short["y_mean"], exact["y_mean"], rtol=1e-4)
    np.testing.assert_allclose(short["y_std"], exact["y_std"], rtol=1e-2)
    assert np.any(short["y_mean"] != exact["y_mean"])
    assert np.load(tmp_path / "run" / "kernels" / "ntk_train_train.npy").dtype == np.float32


@pytest.mark.parametrize("solver", ["auto", "eigh", "lanczos"])
def test_float32_is_reported_by_its_residuals(predict: Predict, tmp_path: Path, solver: str) -> None:
    predict(inference={**ALL_KERNELS, "ridge": 0.1}, compute=FLOAT32 | {"solver": solver})
    found = residuals(tmp_path / "run")
    assert len(found) == 4
    assert all(1e-9 < residual < 1e-3 for residual in found)


@pytest.mark.parametrize(
    ("solver", "inference", "matrix"),
    [
        ("auto", {}, "ntk Gram matrix at time inf"),
        ("eigh", {"kernel": "nngp", "time": 0.5}, "nngp Gram matrix at time 0.5"),
        ("eigh", {"kernel": ["ntk", "nngp"], "time": ["inf", 0.5]}, "ntk Gram matrix at time 0.5"),
        ("cholesky", {"kernel": "ntkgp", "time": "inf"}, "ntk Gram matrix at time inf"),
    ],
)
def test_float32_is_refused_if_less_exact_than_the_tolerance(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, solver: str, inference: dict[str, Any], matrix: str
) -> None:
    compute = FLOAT32 | {"solver": solver, "tolerance": 1e-11}
    files = set(contents(tmp_path))
    outcome = ntk("fit", make_spec(inference={"ridge": 0.1} | inference, compute=compute))
    assert (outcome.returncode, outcome.stdout) == (4, "")
    assert re.fullmatch(
        rf"ntk: error: the {matrix} is solved to [\d.]+e-0\d only in float32, "
        r"and compute.tolerance allows 1e-09: use compute.dtype: float64, or a larger inference.ridge\n",
        outcome.stderr,
    )
    assert set(contents(tmp_path)) == {*files, "spec.yaml"}
    assert not any(path.is_dir() for path in tmp_path.iterdir())


@pytest.mark.usefixtures("contradiction")
@pytest.mark.parametrize("kernel", ["ntk", "ntkgp", "nngp"])
def test_float32_is_refused_where_the_matrix_is_near_singular(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, kernel: str
) -> None:
    """It can be factored, and yet the equations do not hold; in float64 they do, and so with more ridge."""
    asked, tolerance = {"kernel": kernel, "ridge": 6e-5}, {"tolerance": 1e-6}
    outcome = ntk("fit", make_spec(inference=asked, compute=FLOAT32 | tolerance))
    assert outcome.returncode == 4
    assert (
        "only in float32, and compute.tolerance allows 0.0001: use compute.dtype: float64" in outcome.stderr
    )
    assert not (tmp_path / "run").exists()
    for inference, dtype in [(asked, "float64"), (asked | {"ridge": 0.1}, "float32")]:
        spec = make_spec(inference=inference, compute=tolerance | {"dtype": dtype})
        outcome = ntk("fit", spec, "--overwrite")
        assert (outcome.returncode, outcome.stderr) == (0, "")


@pytest.mark.usefixtures("contradiction")
@pytest.mark.parametrize("kernel", ["ntk", "ntkgp", "nngp"])
def test_float64_is_warned_of_where_the_matrix_is_near_singular(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, kernel: str
) -> None:
    outcome = ntk("fit", make_spec(inference={"kernel": kernel, "ridge": 5e-13}))
    assert outcome.returncode == 0
    gram = "nngp" if kernel == "nngp" else "ntk"
    (residual,) = residuals(tmp_path / "run")
    (warning,) = load_json(tmp_path / "run" / "run.json")["warnings"]
    assert residual > 1e-8
    assert warning == (
        f"the {gram} Gram matrix at time inf is near singular: the equations hold to {residual:.2g} only"
    )
    assert outcome.stderr == f"ntk: warning: {warning}\n"


def test_the_tolerance_is_where_float64_is_warned_of(make_spec: MakeSpec, ntk: Ntk) -> None:
    for tolerance, warnings in [(1e-20, 1), (1e-8, 0)]:
        outcome = ntk("fit", make_spec(compute={"tolerance": tolerance}), "--overwrite")
        assert (outcome.returncode, outcome.stderr.count("is near singular")) == (0, warnings)


def test_mixed_means_are_those_of_float64(predict: Predict, tmp_path: Path) -> None:
    """The variance stays as float32 left it."""
    exact, short, mixed = (
        predict(inference=LIMITS, compute={"dtype": dtype}) for dtype in ("float64", "float32", "mixed")
    )
    assert max(residuals(tmp_path / "run")) < 1e-8
    np.testing.assert_allclose(values(mixed, "y_mean"), values(exact, "y_mean"), rtol=1e-9)
    assert not np.allclose(values(short, "y_mean"), values(exact, "y_mean"), rtol=1e-9, atol=0)
    np.testing.assert_allclose(values(mixed, "y_std"), values(exact, "y_std"), rtol=1e-3)


@pytest.mark.usefixtures("contradiction")
def test_mixed_answers_where_float32_alone_is_refused(predict: Predict, tmp_path: Path) -> None:
    asked = {"kernel": ["ntkgp", "nngp"], "ridge": 6e-5, "time": math.inf}
    exact, mixed = (predict(inference=asked, compute={"dtype": dtype}) for dtype in ("float64", "mixed"))
    assert max(residuals(tmp_path / "run")) < 1e-8
    np.testing.assert_allclose(values(mixed, "y_mean"), values(exact, "y_mean"), rtol=1e-6)


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_a_residual_out_of_range_is_warned_of_and_written_as_null(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    monkeypatch.setattr(Probes, "residual", lambda *_: value)
    outcome = ntk("fit", make_spec())
    assert outcome.returncode == 0
    assert residuals(tmp_path / "run") == [None]
    warning = "the ntk Gram matrix at time inf is near singular: the equations hold to inf only"
    assert outcome.stderr == f"ntk: warning: {warning}\n"
    assert ntk("fit", make_spec(compute=FLOAT32), "--overwrite").returncode == 4
