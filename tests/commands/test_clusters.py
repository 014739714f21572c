"""On a cluster a command writes the bytes that it writes without one, or tells what it cannot use."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ..cluster.processes import Processes
from .run_files import MakeSpec, Ntk, load_json, results


def test_an_approximation_is_the_same_to_the_byte(spec: Path, ntk: Ntk, processes: Processes) -> None:
    assert ntk("fit", spec, "--out", "here").returncode == 0
    outcome = ntk("fit", spec, "--out", "there", "--scheduler", processes.file)
    assert outcome.returncode == 0, outcome.stderr
    assert results(Path("there")) == results(Path("here"))
    found = load_json(Path("there") / "run.json")["compute"]["cluster"]
    assert found["scheduler"] == str(processes.file)
    # 120 rows of 600 are held out at first.
    assert found["tasks"] == 10 + 5
    assert found["retries"] == 0


def test_a_simulation_is_the_same_to_the_byte(simulated: Path, ntk: Ntk, processes: Processes) -> None:
    assert ntk("simulate", simulated, "--out", "here").returncode == 0
    outcome = ntk("simulate", simulated, "--out", "there", "--scheduler", processes.address)
    assert outcome.returncode == 0, outcome.stderr
    assert results(Path("there")) == results(Path("here"))


def test_the_spec_may_name_the_scheduler(spec: Path, ntk: Ntk, processes: Processes) -> None:
    """Its file is beside the spec."""
    spec.write_text(f"{spec.read_text()}\ncompute: {{scheduler: cluster/scheduler.json}}\n")
    outcome = ntk("fit", spec, "--out", "run")
    assert outcome.returncode == 0, outcome.stderr
    assert load_json(Path("run") / "run.json")["compute"]["cluster"]["workers"] == 2
    assert "scheduler: ../cluster/scheduler.json" in (Path("run") / "spec.yaml").read_text()


@pytest.mark.parametrize(("command", "solver"), [("kernel", "auto"), ("fit", "cholesky"), ("fit", "pcg")])
def test_gram_matrices_and_products_are_the_same_to_the_byte(
    many_tiles: Callable[[str], Path], ntk: Ntk, processes: Processes, command: str, solver: str
) -> None:
    spec = many_tiles(solver)
    assert ntk(command, spec, "--out", "here").returncode == 0
    outcome = ntk(command, spec, "--out", "there", "--scheduler", processes.file)
    assert outcome.returncode == 0, outcome.stderr
    assert results(Path("there")) == results(Path("here"))
    found = load_json(Path("there") / "run.json")["compute"]
    assert found["cluster"]["tasks"] > 8
    assert (found["storage"] == "tiles") == (solver == "pcg")


def test_a_check_tells_what_of_an_exact_fit_runs_there(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("check", make_spec(compute={"scheduler": "local"}))
    assert "local: tiles of Gram matrices; they are factored here" in outcome.stdout


def test_a_check_tells_what_runs_there(spec: Path, ntk: Ntk) -> None:
    spec.write_text(f"{spec.read_text()}\ncompute: {{scheduler: tcp://127.0.0.1:1}}\n")
    outcome = ntk("check", spec)
    assert outcome.returncode == 0, outcome.stderr
    assert "tcp://127.0.0.1:1: sums over the rows, and predictions; centres" in outcome.stdout


def test_workers_with_too_little_memory_are_refused(
    spec: Path, ntk: Ntk, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.cluster.cluster.PROCESS_BYTES", 10**15)
    outcome = ntk("fit", spec, "--out", "run", "--scheduler", processes.file)
    assert outcome.returncode == 5
    assert "allow it more (--memory-limit)" in outcome.stderr
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("scheduler", "code", "message"),
    [
        ("tcp://127.0.0.1", 2, "--scheduler: should be an address such as tcp://host:8786"),
        ("http://127.0.0.1:1", 2, "--scheduler: should be an address such as tcp://host:8786"),
        ("localhost:8786", 2, "--scheduler: should be an address such as tcp://host:8786"),
        ("tcp://localhost:99999", 2, "--scheduler: should be an address such as tcp://host:8786"),
        ("tls://127.0.0.1:1", 5, "cannot use the scheduler tls://127.0.0.1:1: TLS expects"),
        ("", 2, "--scheduler: should be a file path, and is empty"),
        ("nowhere.json", 5, "nowhere.json: cannot read the scheduler's file: No such file or directory"),
        ("train.csv", 5, "train.csv: is not a file that `dask scheduler --scheduler-file` writes"),
        ("tcp://127.0.0.1:1", 5, "no scheduler answers at tcp://127.0.0.1:1 within 1 s"),
    ],
)
def test_what_is_no_scheduler_is_told_in_a_line(
    spec: Path, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, scheduler: str, code: int, message: str
) -> None:
    monkeypatch.setattr("ntkcli.cluster.connection.ANSWER_SECONDS", 1)
    outcome = ntk("fit", spec, "--out", "run", "--scheduler", scheduler)
    assert outcome.returncode == code
    assert message in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
    assert not Path("run").exists()


def test_without_dask_it_is_told_how_to_get_it(spec: Path, ntk: Ntk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.cluster.connection.is_installed", lambda name: False)
    outcome = ntk("fit", spec, "--scheduler", "local")
    assert outcome.returncode == 2
    assert "pip install 'ntkcli[dask]'" in outcome.stderr


def test_without_a_scheduler_dask_is_not_loaded(
    spec: Path, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert ntk("fit", spec, "--out", "run").returncode == 0
