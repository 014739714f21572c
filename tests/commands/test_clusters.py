"""On a cluster a command writes the bytes that it writes without one, whatever becomes of the workers."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.cluster.cluster import Cluster
from ntkcli.planning.plan import Plan
from ntkcli.planning.planner import Planner
from ntkcli.solvers.storage import Storage

from ..cluster.processes import Processes
from .run_files import MakeSpec, Ntk, load_json, results

ROWS = 600
APPROXIMATION = {
    "kernel": ["nngp", "ntk"],
    "ridge": "auto",
    "approximation": {"method": "nystrom", "centres": 40},
}
SIMULATE = {"widths": [16, 32], "largest_trained": 32, "seeds": 3, "rows": 10}


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """A scheduler with two workers."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Processes(folder)
    for _ in range(2):
        found.worker()
    yield found
    found.stop()


@pytest.fixture
def spec(make_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An approximation whose rows come in many groups."""
    monkeypatch.setattr("ntkcli.jobs.summation.GROUP_ROWS", 50)
    monkeypatch.setattr("ntkcli.models.approximate_fitting.PART_ROWS", 20)
    x = np.random.default_rng(0).normal(size=(ROWS + 100, 3))
    table = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=np.sin(x.sum(axis=1)))
    path = make_spec(data={"test": "test.csv"}, inference=APPROXIMATION)
    table[:ROWS].to_csv(tmp_path / "train.csv", index=False)
    table[ROWS:].to_csv(tmp_path / "test.csv", index=False)
    return path


@pytest.fixture
def lossy(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Kill a busy worker when so many values were read."""

    def kill_at(count: int) -> None:
        value = Cluster._value
        killed: list[int] = []

        def read(cluster: Cluster, future: Any) -> Any:
            found = value(cluster, future)
            if cluster.tasks == count and not killed:
                busy = cluster.scheduler.client.processing()
                victim = max(busy, key=lambda address: len(busy[address]))
                number = cluster.scheduler.client.run(os.getpid)[victim]
                killed.append(number)
                os.kill(number, signal.SIGKILL)
            return found

        monkeypatch.setattr(Cluster, "_value", read)

    return kill_at


@pytest.mark.parametrize("killed_at", [None, 3, 12], ids=["no loss", "loss in sums", "loss in predictions"])
def test_an_approximation_is_the_same_to_the_byte(
    spec: Path, ntk: Ntk, processes: Processes, lossy: Callable[[int], None], killed_at: int | None
) -> None:
    if killed_at:
        lossy(killed_at)
    assert ntk("fit", spec, "--out", "here").returncode == 0
    outcome = ntk("fit", spec, "--out", "there", "--scheduler", processes.file)
    assert outcome.returncode == 0, outcome.stderr
    assert results(Path("there")) == results(Path("here"))
    found = load_json(Path("there") / "run.json")["compute"]["cluster"]
    assert found["scheduler"] == str(processes.file)
    # 120 rows of 600 are held out at first.
    assert found["tasks"] == 10 + 5
    assert killed_at or found["retries"] == 0


@pytest.mark.parametrize("killed_at", [None, 2], ids=["no loss", "loss"])
def test_a_simulation_is_the_same_to_the_byte(
    make_spec: MakeSpec, ntk: Ntk, processes: Processes, lossy: Callable[[int], None], killed_at: int | None
) -> None:
    if killed_at:
        lossy(killed_at)
    path = make_spec(simulate=SIMULATE, inference={"kernel": "ntk", "time": [0.01, 0.1]})
    assert ntk("simulate", path, "--out", "here").returncode == 0
    outcome = ntk("simulate", path, "--out", "there", "--scheduler", processes.address)
    assert outcome.returncode == 0, outcome.stderr
    assert results(Path("there")) == results(Path("here"))


def test_the_spec_may_name_the_scheduler(spec: Path, ntk: Ntk, processes: Processes) -> None:
    """Its file is beside the spec."""
    spec.write_text(f"{spec.read_text()}\ncompute: {{scheduler: cluster/scheduler.json}}\n")
    outcome = ntk("fit", spec, "--out", "run")
    assert outcome.returncode == 0, outcome.stderr
    assert load_json(Path("run") / "run.json")["compute"]["cluster"]["workers"] == 2
    assert "scheduler: ../cluster/scheduler.json" in (Path("run") / "spec.yaml").read_text()


@pytest.fixture
def many_tiles(make_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Exact fits whose Gram matrices, and products with them, are many tasks."""
    monkeypatch.setattr("ntkcli.kernels.tiling.GROUP_ENTRIES", 2000)
    monkeypatch.setattr("ntkcli.cluster.cluster.TILES_AT_ONCE", 8)
    checked = Planner.checked

    def planned(planner: Planner) -> Plan:
        plan = checked(planner)
        is_by_products = any(stage.solver.is_by_products for stage in plan.stages)
        return replace(plan, storage=Storage("tiles")) if is_by_products else plan

    monkeypatch.setattr(Planner, "checked", planned)

    def with_solver(solver: str) -> Path:
        matrices = [] if solver == "pcg" else ["nngp_train_train", "ntk_test_train"]
        path = make_spec(
            data={"test": "test.csv"},
            inference={"kernel": "ntk", "ridge": 0.1},
            compute={"tile": 8, "solver": solver},
            output={"std": False, "kernels": matrices},
        )
        table = pd.DataFrame(np.random.default_rng(0).normal(size=(150, 3)), columns=["a", "b", "c"])
        table = table.assign(y=np.sin(table.sum(axis=1)))
        table[:120].to_csv(tmp_path / "train.csv", index=False)
        table[120:].to_csv(tmp_path / "test.csv", index=False)
        return path

    return with_solver


@pytest.mark.parametrize("killed_at", [None, 4], ids=["no loss", "loss"])
@pytest.mark.parametrize(
    ("command", "solver"), [("kernel", "auto"), ("fit", "cholesky"), ("fit", "pcg")], ids=str
)
def test_gram_matrices_and_products_are_the_same_to_the_byte(
    many_tiles: Callable[[str], Path],
    ntk: Ntk,
    processes: Processes,
    lossy: Callable[[int], None],
    command: str,
    solver: str,
    killed_at: int | None,
) -> None:
    spec = many_tiles(solver)
    assert ntk(command, spec, "--out", "here").returncode == 0
    if killed_at:
        lossy(killed_at)
    outcome = ntk(command, spec, "--out", "there", "--scheduler", processes.file)
    assert outcome.returncode == 0, outcome.stderr
    assert results("there") == results("here")
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
