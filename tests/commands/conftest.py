"""A cluster, and commands that it is for; what is counted of commands, and where they have their blocks."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.cluster.cluster import Cluster
from ntkcli.kernels import evaluator
from ntkcli.planning.plan import Plan
from ntkcli.planning.planner import Planner
from ntkcli.solvers.storage import Storage

from ..cluster.processes import Processes
from .run_files import MakeSpec

Accident = Callable[[int, Callable[[Cluster], Any]], None]

ROWS = 600
APPROXIMATION = {
    "kernel": ["nngp", "ntk"],
    "ridge": "auto",
    "approximation": {"method": "nystrom", "centres": 40},
}
SIMULATE = {"widths": [16, 32], "largest_trained": 32, "seeds": 3, "rows": 10}


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Processes]:
    """A scheduler without workers."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Processes(folder)
    yield found
    found.stop()


@pytest.fixture
def processes(scheduler: Processes) -> Processes:
    """A scheduler with two workers."""
    for _ in range(2):
        scheduler.worker()
    return scheduler


def kill_the_busiest(cluster: Cluster, which: Callable[[], int] = os.getpid) -> int:
    """Kill the busiest worker, or what a function says there; returns the number of the process."""
    client = cluster.scheduler.client
    busy = client.processing()
    number: int = client.run(which)[max(busy, key=lambda address: len(busy[address]))]
    os.kill(number, signal.SIGKILL)
    return number


@pytest.fixture
def accident(monkeypatch: pytest.MonkeyPatch) -> Accident:
    """Have something happen when so many values were read."""

    def happen_at(count: int, what: Callable[[Cluster], None]) -> None:
        value = Cluster._value

        def read(cluster: Cluster, future: Any) -> Any:
            found = value(cluster, future)
            if cluster.tasks == count:
                what(cluster)
            return found

        monkeypatch.setattr(Cluster, "_value", read)

    return happen_at


@pytest.fixture
def lossy(accident: Accident) -> Callable[[int], None]:
    """Kill the busiest worker when so many values were read."""
    return lambda count: accident(count, kill_the_busiest)


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
def simulated(make_spec: MakeSpec) -> Path:
    """A simulation of six networks."""
    return make_spec(simulate=SIMULATE, inference={"kernel": "ntk", "time": [0.01, 0.1]})


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


@pytest.fixture
def matrices(many_tiles: Callable[[str], Path]) -> Path:
    """Gram matrices of many tiles."""
    return many_tiles("cholesky")


@pytest.fixture
def products(many_tiles: Callable[[str], Path]) -> Path:
    """Products with a Gram matrix whose tiles are computed anew for each."""
    return many_tiles("pcg")


@pytest.fixture
def in_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans have their blocks in a file, however much memory there is."""
    checked = Planner.checked

    def planned(planner: Planner) -> Plan:
        plan = checked(planner)
        return replace(plan, storage=replace(plan.storage, place="file"))

    monkeypatch.setattr(Planner, "checked", planned)


@pytest.fixture
def tiles(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The tiles of symmetric Gram matrices that this process computes."""
    counted: list[object] = []
    original = evaluator.symmetric_tile

    def counting(network: Any, rows: Any, grams: Any, tile: Any) -> Any:
        counted.append(tile)
        return original(network, rows, grams, tile)

    monkeypatch.setattr(evaluator, "symmetric_tile", counting)
    return counted
