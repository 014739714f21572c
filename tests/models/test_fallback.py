"""What is done where iterations fail: another solver, if that is soon done; else one line says what helps."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.solvers.cholesky import CholeskySolver
from ntkcli.solvers.cost import Cost
from ntkcli.solvers.eigh import EighSolver
from ntkcli.solvers.pcg import PcgFlow, PcgSolver

Ntk = Callable[..., CompletedProcess[str]]
MakeSpec = Callable[..., Path]

PRODUCTS = {"compute": {"solver": "pcg"}, "inference": {"ridge": 0.1}}
STOPS = "the method of conjugate gradients stops at a residual of 3e-04 after 1000 iterations"
FAILURE = (
    f"the ntk Gram matrix at time inf: {STOPS} (compute.tolerance: 1e-10): use a larger inference.ridge, "
)


def fail(*_: object) -> None:
    raise ConvergenceError("a residual of 3e-04 after 1000 iterations")


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conjugate gradients do not converge."""
    monkeypatch.setattr(PcgFlow, "solve", fail)


@pytest.fixture
def is_cheapest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conjugate gradients look as if they took next to nothing, for any number of rows."""
    monkeypatch.setattr(PcgSolver, "least_rows", 0)
    monkeypatch.setattr(PcgSolver, "cost", lambda *_: Cost())


def at_rate(monkeypatch: pytest.MonkeyPatch, rate: float) -> None:
    """A machine that does so many operations in a second."""
    monkeypatch.setattr("ntkcli.models.fallback.multiply_rate", lambda: rate)


def huge_without_products(stage: Any, *_: object) -> int:
    return 0 if stage.solver.is_by_products else 2**60


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("fails", "is_cheapest")
def test_where_iterations_fail_what_is_soon_done_is_done(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_rate(monkeypatch, 1e12)
    outcome = ntk("fit", make_spec(inference={"ridge": 0.1}))
    assert outcome.returncode == 0
    assert outcome.stderr == f"ntk: warning: {STOPS}: taking a Cholesky factorisation instead\n"
    assert '"solver": "cholesky"' in (tmp_path / "run" / "run.json").read_text()


@pytest.mark.usefixtures("fails")
@pytest.mark.parametrize(("share", "code"), [(0.5, 0), (0.01, 4)])
def test_what_takes_hours_is_done_where_the_plan_was_to_take_nearly_as_long(
    share: float, code: int, make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dear = Cost(factoring=1e9)
    monkeypatch.setattr(CholeskySolver, "cost", lambda *_: dear)
    monkeypatch.setattr(PcgSolver, "cost", lambda *_: replace(dear, factoring=share * 1e9))
    monkeypatch.setattr(PcgSolver, "least_rows", 0)
    at_rate(monkeypatch, 1e5)
    assert ntk("fit", make_spec(inference={"ridge": 0.1})).returncode == code


@pytest.mark.usefixtures("fails", "is_cheapest")
def test_what_takes_hours_is_left_to_the_user_and_nothing_is_half_written(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CholeskySolver, "cost", lambda *_: Cost(factoring=1e9))
    monkeypatch.setattr(EighSolver, "cost", lambda *_: Cost(factoring=1e10))
    at_rate(monkeypatch, 1e5)
    spec = make_spec(inference={"ridge": 0.1}, output={"kernels": ["ntk_train_train"]})
    before = contents(tmp_path)
    outcome = ntk("fit", spec)
    assert (outcome.returncode, outcome.stdout) == (4, "")
    (line,) = outcome.stderr.splitlines()
    assert line == (
        f"ntk: error: {FAILURE}a larger compute.tolerance, or compute.solver: cholesky (about 2.8 h)"
    )
    assert contents(tmp_path) == before
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("fails")
def test_results_that_were_there_stay(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    assert ntk("fit", make_spec()).returncode == 0
    spec = make_spec(**PRODUCTS)
    before = contents(tmp_path)
    assert ntk("fit", spec, "--overwrite").returncode == 4
    assert contents(tmp_path) == before


@pytest.mark.usefixtures("fails")
def test_where_the_spec_names_products_nothing_else_is_taken(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("fit", make_spec(**PRODUCTS))
    assert (outcome.returncode, outcome.stdout) == (4, "")
    assert outcome.stderr == (
        f"ntk: error: {FAILURE}a larger compute.tolerance, or compute.solver: cholesky (about a second)\n"
    )


@pytest.mark.usefixtures("fails")
def test_more_digits_are_named_where_there_are_few(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("fit", make_spec(**PRODUCTS | {"compute": {"solver": "pcg", "dtype": "float32"}}))
    assert outcome.returncode == 4
    assert (
        "(compute.tolerance: 1e-05): use compute.dtype: float64, a larger inference.ridge, " in outcome.stderr
    )


@pytest.mark.usefixtures("fails", "is_cheapest")
def test_no_solver_is_named_that_does_not_fit(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.planning.planner.stage_bytes", huge_without_products)
    outcome = ntk("fit", make_spec(inference={"ridge": 0.1}))
    assert outcome.returncode == 4
    assert outcome.stderr == f"ntk: error: {FAILURE}or a larger compute.tolerance\n"


@pytest.mark.usefixtures("is_cheapest")
def test_the_stage_that_failed_is_named_and_the_others_solvers_stay(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.linalg.lanczos.MAX_STEPS", 3)
    asked = {"inference": {"ridge": 0.1, "time": [0.5, "inf"]}, "compute": {"solver": "lanczos"}}
    outcome = ntk("fit", make_spec(**asked))
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("ntk: warning: Lanczos stops at")
    assert "conjugate gradients" not in line


def test_a_prediction_whose_iterations_fail_says_what_helps(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ntk("fit", make_spec(**PRODUCTS)).returncode == 0
    monkeypatch.setattr(PcgFlow, "solve", fail)
    before = contents(tmp_path)
    outcome = ntk("predict", "run", "test.csv", "--out", "new.csv", "-qq")
    assert (outcome.returncode, outcome.stdout) == (4, "")
    assert outcome.stderr == (
        f"ntk: error: run: {STOPS} (compute.tolerance: 1e-10): use --no-std, or fit again with "
        "a larger compute.tolerance or compute.solver: cholesky (about a second)\n"
    )
    assert contents(tmp_path) == before
    assert ntk("predict", "run", "test.csv", "--no-std", "--out", "new.csv", "-qq").returncode == 0
