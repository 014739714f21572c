"""Which solver answers a fit, what run.json reports of it, and what is done where Lanczos fails."""

import gc
import math
import re
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.kernels.evaluator import Evaluator

from .run_files import ALL_KERNELS, Fit, MakeSpec, Ntk, Predict, Write, contents, load_json, values

LIMITS: dict[str, Any] = {"kernel": ["ntk", "ntkgp", "nngp"], "time": "inf", "ridge": 0.05}
SPREADS = {"kernels": ["ntk_train_train", "nngp_test_train"], "covariance": True}
INSTEAD = r"Lanczos stops at .*: taking an eigendecomposition instead"


@pytest.fixture
def lanczos_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too few steps to converge to anything."""
    monkeypatch.setattr("ntkcli.linalg.lanczos.MAX_STEPS", 3)


def records(run: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load_json(run / "run.json")["solvers"]
    return found


def solved(run: Path) -> list[tuple[str, str, list[str]]]:
    """Gram matrix, solver and times of every stage."""
    return [
        (record["gram"], record["solver"], [entry["time"] for entry in record["times"]])
        for record in records(run)
    ]


def assert_same_predictions(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found["kernel"]) == list(expected["kernel"])
    assert list(found["time"]) == list(expected["time"])
    for column in ("y_mean", "y_std"):
        np.testing.assert_allclose(values(found, column), values(expected, column), rtol=1e-8)


@pytest.mark.parametrize(
    ("solver", "stages"),
    [
        ("eigh", [("ntk", "eigh", ["0.5", "inf"]), ("nngp", "eigh", ["0.5", "inf"])]),
        (
            "lanczos",
            [
                ("ntk", "cholesky", ["inf"]),
                ("ntk", "lanczos", ["0.5"]),
                ("nngp", "cholesky", ["inf"]),
                ("nngp", "lanczos", ["0.5"]),
            ],
        ),
    ],
)
def test_the_specs_solver_answers_and_is_reported(
    fit: Fit, solver: str, stages: list[tuple[str, str, list[str]]]
) -> None:
    assert solved(fit(inference=ALL_KERNELS, compute={"solver": solver})) == stages


@pytest.mark.parametrize("solver", ["auto", "cholesky", "lanczos"])
def test_the_limit_is_answered_by_cholesky(fit: Fit, solver: str) -> None:
    run = fit(inference=LIMITS, compute={"solver": solver})
    assert solved(run) == [("ntk", "cholesky", ["inf"]), ("nngp", "cholesky", ["inf"])]


def test_the_prior_has_no_solver(fit: Fit) -> None:
    assert records(fit(inference={"kernel": ["ntk", "nngp"], "time": 0})) == []


@pytest.mark.parametrize("solver", ["eigh", "lanczos"])
def test_the_choice_of_a_solver_does_not_change_predictions(predict: Predict, solver: str) -> None:
    asked = ALL_KERNELS | {"time": [0, 1e-3, 0.5, 2.0, 1e4, math.inf]}
    automatic = predict(inference=asked)
    assert_same_predictions(predict(inference=asked, compute={"solver": solver}), automatic)


@pytest.mark.parametrize("solver", ["auto", "eigh", "lanczos"])
def test_predictions_are_in_the_order_of_the_spec_whatever_the_solver(predict: Predict, solver: str) -> None:
    asked = {"kernel": ["nngp", "ntkgp", "ntk"], "time": [math.inf, 100.0, 0, 0.01], "ridge": 0.1}
    table = predict(inference=asked, compute={"solver": solver})
    order = [(kernel, time) for kernel in ("nngp", "ntk") for time in (math.inf, 100.0, 0.0, 0.01)]
    order.insert(4, ("ntkgp", math.inf))
    assert list(zip(table["kernel"], table["time"], strict=True)) == order * 5


def test_the_table_shown_is_in_the_order_of_the_spec(make_spec: MakeSpec, ntk: Ntk) -> None:
    asked = {"kernel": ["nngp", "ntk"], "time": ["inf", 100, 0.01], "ridge": 0.1}
    outcome = ntk("fit", make_spec(inference=asked, compute={"solver": "lanczos"}))
    rows = [row.split()[1:3] for row in outcome.stdout.splitlines()[1:-1]]
    assert rows[:6] == [[kernel, time] for kernel in ("nngp", "ntk") for time in ("inf", "100", "0.01")]


@pytest.mark.parametrize("solver", ["eigh", "lanczos"])
def test_every_time_has_its_residual_and_degrees_of_freedom(fit: Fit, solver: str) -> None:
    found = records(fit(inference=ALL_KERNELS, compute={"solver": solver}))
    entries = [entry for record in found for entry in record["times"]]
    assert len(entries) == 4
    for entry in entries:
        assert 0 < entry["residual"] < 1e-9
        assert 0 < entry["effective_degrees_of_freedom"] < 14
        assert ("condition" in entry) == (entry["time"] == "inf")


def test_the_condition_is_that_of_the_matrix_with_its_ridge(fit: Fit) -> None:
    run = fit(inference=LIMITS, output={"kernels": ["ntk_train_train", "nngp_train_train"]})
    for record in records(run):
        matrix = np.load(run / "kernels" / f"{record['gram']}_train_train.npy") + 0.05 * np.eye(14)
        pivot = np.linalg.cholesky(matrix).diagonal().min() ** 2
        assert record["smallest_pivot"] == pytest.approx(pivot, rel=1e-9)
        condition = float(np.linalg.cond(matrix))
        assert condition / 3 < record["times"][0]["condition"] < condition * (1 + 1e-9)


def test_a_ridge_by_the_trace_is_in_units_of_the_mean_diagonal(fit: Fit) -> None:
    run = fit(
        inference={"kernel": "nngp", "ridge": 0.1, "ridge_scale": "trace"},
        output={"kernels": ["nngp_train_train"]},
    )
    diagonal = np.load(run / "kernels" / "nngp_train_train.npy").diagonal()
    (record,) = records(run)
    assert record["ridge"] == pytest.approx(0.1 * diagonal.mean(), rel=1e-12)


@pytest.mark.usefixtures("lanczos_fails")
@pytest.mark.parametrize("time", [0.5, [0.5, math.inf], [0, 1e-3, 0.5]])
def test_where_lanczos_fails_an_eigendecomposition_answers(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, time: Any
) -> None:
    asked = {"kernel": ["ntk", "nngp"], "time": time, "ridge": 0.05}
    found, messages = [], []
    for solver in ("eigh", "lanczos"):
        spec = make_spec(inference=asked, output=SPREADS, compute={"solver": solver})
        outcome = ntk("fit", spec, "--overwrite")
        assert outcome.returncode == 0
        assert {record["solver"] for record in records(tmp_path / "run")} == {"eigh"}
        found.append(contents(tmp_path / "run"))
        messages.append(outcome.stderr)
    assert messages[0] == ""
    assert_is_one_warning(messages[1], load_json(tmp_path / "run" / "run.json")["warnings"])
    assert found[0].keys() == found[1].keys()
    for name in found[0].keys() - {"run.json", "spec.yaml"}:
        assert found[0][name] == found[1][name], name


def assert_is_one_warning(stderr: str, kept: list[str]) -> None:
    (warning,) = kept
    assert stderr == f"ntk: warning: {warning}\n"
    assert re.fullmatch(INSTEAD, warning)


def test_where_lanczos_cannot_begin_an_eigendecomposition_answers(
    make_spec: MakeSpec, ntk: Ntk, write: Write, tmp_path: Path
) -> None:
    """After so long a time, equal rows leave the shifted matrix singular."""
    write("train.csv", "a,b,y\n1,2,3\n2,1,4\n1,2,3\n")
    asked = {"data": {"test": None}, "inference": {"time": 1e17}, "compute": {"solver": "lanczos"}}
    outcome = ntk("fit", make_spec(**asked))
    assert outcome.returncode == 0
    assert "Lanczos stops at a shifted matrix that is singular to rounding" in outcome.stderr
    assert [record["solver"] for record in records(tmp_path / "run")] == ["eigh"]


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is gone is gone at once, and not when the collector of cycles comes by."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("lanczos_fails", "no_collector")
def test_what_lanczos_held_is_gone_before_the_eigendecomposition(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its plan has no room for both."""
    matrices: list[weakref.ref[Any]] = []
    alive: list[int] = []
    symmetric = Evaluator.symmetric

    def spy(*args: Any, **settings: Any) -> Any:
        alive.append(sum(matrix() is not None for matrix in matrices))
        found = symmetric(*args, **settings)
        matrices.extend(weakref.ref(matrix) for matrix in found.values())
        return found

    monkeypatch.setattr(Evaluator, "symmetric", spy)
    assert ntk("fit", make_spec(inference={"time": 0.5}, compute={"solver": "lanczos"})).returncode == 0
    assert alive == [0, 0]
