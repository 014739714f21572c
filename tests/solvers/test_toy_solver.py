"""A solver is one file: this one is known to nobody, and goes through plan, fit, save, load and predict."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import expm

from ntkcli.arrays import ArraySink, FloatArray, IntArray
from ntkcli.inference.flow import Deletion, Health
from ntkcli.inference.leave_one_out import deletion_in_the_limit, unit_columns
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.operator import ReadableOperator
from ntkcli.regression.question import Question
from ntkcli.regression.stages import ways
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.solvers.chebyshev import ChebyshevSolver
from ntkcli.solvers.cost import Cost, Extent
from ntkcli.solvers.eigh import EighSolver
from ntkcli.solvers.lanczos import LanczosSolver
from ntkcli.solvers.solver import Factoring, KeepingSolver, SavedFlow, as_blocks


class Dense(KeepingSolver):
    """F_t by the matrix exponential of the whole matrix, for n of a few dozen."""

    name = "dense"
    noun = "a dense matrix"
    summary = "the whole matrix, and its exponential at every time"

    def groups(self, times: Collection[float]) -> list[list[float]]:
        """All times but 0 at once."""
        positive = sorted(time for time in times if time > 0)
        return [positive] if positive else []

    def cost(self, extent: Extent) -> Cost:
        """More than any other."""
        n = extent.n
        return Cost(factoring=1e3 * n**3, solving=1e3 * n**3, peak_bytes=9 * n**2, kept_bytes=8 * n**2)

    def factor(self, matrix: ReadableOperator, task: Factoring) -> "DenseFlow":
        """The matrix with its ridge."""
        return DenseFlow(as_blocks(matrix).to_array() + task.ridge * np.eye(matrix.n))

    def load(self, kept: SavedFlow) -> "DenseFlow":
        """As it was kept."""
        return DenseFlow(kept.arrays.read(kept.name, kept.n, kept.n) * kept.number("unit"))


@dataclass(frozen=True)
class DenseHealth(Health):
    """The trace."""

    trace: float


@dataclass(frozen=True)
class DenseFlow:
    """G itself."""

    gram: FloatArray

    @property
    def health(self) -> DenseHealth:
        """The trace."""
        return DenseHealth(float(np.trace(self.gram)))

    def on(self, b: FloatArray) -> "DenseAction":
        """Acting on b."""
        return DenseAction(self.gram, b)

    def deletion(self, rows: IntArray, time: float, *, with_quadratic: bool) -> Deletion:
        """At time inf."""
        assert time == math.inf
        return deletion_in_the_limit(self.on(unit_columns(len(self.gram), rows)), rows)

    def save(self, name: str, arrays: ArraySink) -> dict[str, float]:
        """Half of G, and 2."""
        arrays.write(name, self.gram / 2)
        return {"unit": 2.0}


@dataclass(frozen=True)
class DenseAction:
    """F_t(G) = G^{-1} (I - exp(-t G)) on b."""

    gram: FloatArray
    b: FloatArray

    def product(self, time: float) -> FloatArray:
        """F_t b."""
        return np.asarray(np.linalg.solve(self.gram, self.b - self.decay(time)))

    def decay(self, time: float) -> FloatArray:
        """exp(-t G) b."""
        return np.zeros_like(self.b) if time == math.inf else np.asarray(expm(-time * self.gram) @ self.b)

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        """b^T F_t b."""
        form = self.b.T @ self.product(time)
        return np.asarray(form if full else form.diagonal())


@pytest.fixture
def dense(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver among the others; this line is what a new file needs beside itself."""
    monkeypatch.setitem(SOLVERS, "dense", Dense())


@pytest.mark.usefixtures("dense")
def test_a_new_solver_is_one_of_the_ways_to_answer() -> None:
    question = Question({"ntk": [1.0, math.inf], "nngp": [0.0]})
    found = [[stage.solver.name for stage in way] for way in ways(question)]
    assert ["dense", "none"] in found
    # What answers everything at once has no other beside it.
    assert sum("dense" in way for way in found) == 1
    assert [[stage.solver.name for stage in way] for way in ways(question, "dense")] == [["dense", "none"]]


@pytest.mark.usefixtures("dense")
@pytest.mark.parametrize("factor", [False, True])
def test_a_new_solver_goes_through_every_command(
    make_spec: Callable[..., Path],
    ntk: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    factor: bool,
) -> None:
    sections: dict[str, Any] = {
        "inference": {"kernel": ["ntk", "nngp"], "time": [0, 1.5, math.inf], "ridge": 0.1},
        "output": {"factor": factor},
    }
    expected = predictions_of(ntk, make_spec(**sections), tmp_path)
    spec = make_spec(**sections, compute={"solver": "dense"})
    assert "dense: the whole matrix" in ntk("check", spec).stdout
    pd.testing.assert_frame_equal(predictions_of(ntk, spec, tmp_path), expected, rtol=1e-7)
    assert '"solver": "dense"' in (tmp_path / "run" / "run.json").read_text()
    assert (tmp_path / "run" / "model" / "factors").exists() == factor
    if factor:
        monkeypatch.setattr(Dense, "factor", None)  # a factorisation that is kept is not computed again
    assert ntk("predict", "run", "test.csv", "--out", "new.csv", "-qq").returncode == 0
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "new.csv"), expected, rtol=1e-7)


@pytest.mark.usefixtures("dense")
def test_a_new_solver_leaves_rows_out(
    make_spec: Callable[..., Path], ntk: Callable[..., Any], tmp_path: Path
) -> None:
    inference = {"kernel": "nngp", "ridge": 0.1, "variance_scale": "auto"}
    expected = predictions_of(ntk, make_spec(inference=inference), tmp_path)
    found = predictions_of(ntk, make_spec(inference=inference, compute={"solver": "dense"}), tmp_path)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-7)


@pytest.mark.usefixtures("dense")
def test_a_solver_that_cannot_be_refined_takes_no_part_where_solutions_are() -> None:
    question = Question({"ntk": [math.inf]}, refine=True)
    assert [[stage.solver.name for stage in way] for way in ways(question)] == [["cholesky"], ["pcg"]]
    assert list(ways(question, "dense")) == []


def fail(*_: object) -> None:
    raise ConvergenceError("an error of 1")


@pytest.mark.usefixtures("dense")
def test_a_new_iterative_solver_falls_back_on_the_others(
    make_spec: Callable[..., Path], ntk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dense, "is_iterative", True)
    monkeypatch.setattr(Dense, "factor", fail)
    inference = {"kernel": ["ntkgp", "nngp"], "time": [0.5, math.inf], "ridge": 0.1}
    outcome = ntk("fit", make_spec(inference=inference, compute={"solver": "dense"}))
    assert outcome.returncode == 0
    assert outcome.stderr == (
        "ntk: warning: a dense matrix stops at an error of 1: "
        "taking a Cholesky factorisation and an eigendecomposition instead\n"
    )


@pytest.mark.usefixtures("dense")
def test_solvers_that_fail_one_after_another_end_the_fit_when_none_is_left(
    make_spec: Callable[..., Path], ntk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dense, "is_iterative", True)
    for solver in (Dense, LanczosSolver):
        monkeypatch.setattr(solver, "factor", fail)
    for finite in (EighSolver, ChebyshevSolver):
        monkeypatch.setattr(finite, "groups", lambda *_: [])
    outcome = ntk("fit", make_spec(inference={"time": 0.5, "ridge": 0.1}, compute={"solver": "dense"}))
    assert outcome.returncode == 4
    warning, error = outcome.stderr.splitlines()
    assert warning.endswith("a dense matrix stops at an error of 1: taking Lanczos instead")
    assert error == (
        "ntk: error: the ntk Gram matrix at time 0.5: Lanczos stops at an error of 1 "
        "(compute.tolerance: 1e-10): use a shorter inference.time, a larger inference.ridge, "
        "or a larger compute.tolerance"
    )


def test_without_it_a_spec_that_names_it_is_refused(
    make_spec: Callable[..., Path], ntk: Callable[..., Any]
) -> None:
    outcome = ntk("fit", make_spec(compute={"solver": "dense"}))
    assert outcome.returncode == 2
    assert (
        "should be 'auto', 'chebyshev', 'cholesky', 'eigh', 'lanczos' or 'pcg' (found 'dense')"
        in outcome.stderr
    )


def predictions_of(ntk: Callable[..., Any], spec: Path, folder: Path) -> pd.DataFrame:
    """What a fit of a spec predicts."""
    outcome = ntk("fit", spec, "--overwrite", "-qq")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    return pd.read_csv(folder / "run" / "predictions.csv")
