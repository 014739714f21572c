"""On a cluster a search finds, to the byte, what it finds without one, whatever becomes of the workers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.tuning.study import Study

from ..cluster.processes import Processes
from .run_files import MakeSpec, Ntk, contents

# So many that numbers depend on the threads of BLAS where these are not limited.
ROWS = 300
# Files of the fit that tell where and when it was.
TELLING = {"fit/run.json", "fit/spec.yaml"}
SPACE: dict[str, Any] = {
    "network.activation": ["relu", "sigmoid", "exp"],
    # The kernel of exp leaves its range in the second.
    "network.depth": [2, 6],
    "inference.kernel": ["nngp", "ntk"],
    "inference.ridge": {"low": 1e-3, "high": 1.0, "log": True, "steps": 3},
}
FEW: dict[str, Any] = {"network.activation": ["relu", "erf"], "inference.ridge": [0.1, 1.0]}
GRID: dict[str, Any] = {"validation": {"folds": 3}, "space": SPACE}
DRAWN: dict[str, Any] = {
    "search": "random",
    "trials": 6,
    "objective": "loo_rmse",
    "space": {
        "data.log": [[], ["a"]],
        "network.depth": {"low": 1, "high": 4},
        "inference.ridge": [0.1, 1.0],
    },
}
nowhere = {"scheduler": "tcp://127.0.0.1:1"}


@pytest.fixture
def spec(make_spec: MakeSpec, tmp_path: Path) -> Callable[..., Path]:
    """Write a spec with these sections for more rows than the small data has."""

    def make(**sections: dict[str, Any]) -> Path:
        path = make_spec(data={"test": None}, **sections)
        x = np.random.default_rng(0).uniform(size=(ROWS, 3))
        table = pd.DataFrame(1 + x, columns=["a", "b", "c"]).assign(y=np.sin(4 * x.sum(axis=1)))
        table.to_csv(tmp_path / "train.csv", index=False)
        return path

    return make


def found(place: str) -> dict[str, Any]:
    """What a search wrote, but for the seconds that it took."""
    files: dict[str, Any] = {
        name: content
        for name, content in contents(Path(place)).items()
        if name not in TELLING and not name.startswith("study.db")
    }
    lines = files["trials.csv"].decode().splitlines()
    return files | {"trials.csv": [line.rsplit(",", 1)[0] for line in lines]}


def failures(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if " failed: " in line]


@pytest.mark.parametrize("killed_at", [None, 2], ids=["no loss", "loss"])
def test_a_grid_is_the_same_to_the_byte(
    spec: Callable[..., Path],
    ntk: Ntk,
    processes: Processes,
    lossy: Callable[[int], None],
    killed_at: int | None,
) -> None:
    if killed_at:
        lossy(killed_at)
    path = spec(tune=GRID, inference={"time": "auto"})
    here = ntk("tune", path, "--out", "here")
    there = ntk("tune", path, "--out", "there", "--scheduler", processes.file)
    assert (here.returncode, there.returncode) == (0, 0), there.stderr
    assert found("there") == found("here")
    assert failures(there.stderr) == failures(here.stderr) != []


def test_folds_of_many_rows_are_the_same_to_the_byte(
    spec: Callable[..., Path], ntk: Ntk, processes: Processes
) -> None:
    """Here two threads compute, but for the folds, which are worked on at once."""
    path = spec(tune=GRID | {"space": FEW}, inference={"time": "auto"}, compute={"threads": 2})
    assert ntk("tune", path, "--out", "here").returncode == 0
    assert ntk("tune", path, "--out", "there", "--scheduler", processes.file).returncode == 0
    assert found("there") == found("here")


@pytest.mark.parametrize("tune", [GRID | {"space": FEW}, DRAWN], ids=["grid", "drawn"])
def test_the_scores_of_few_rows_do_not_depend_on_the_threads(
    spec: Callable[..., Path], ntk: Ntk, tune: dict[str, Any]
) -> None:
    for threads in (1, 2):
        path = spec(tune=tune, inference={"time": "auto"}, compute={"threads": threads})
        assert ntk("tune", path, "--out", f"on-{threads}").returncode == 0
    assert found("on-2")["trials.csv"] == found("on-1")["trials.csv"]


def test_a_search_that_draws_is_the_same_and_goes_on(
    spec: Callable[..., Path],
    ntk: Ntk,
    processes: Processes,
    lossy: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = spec(tune=DRAWN)
    assert ntk("tune", path, "--out", "here").returncode == 0
    tell, left = Study.tell, iter(range(2))

    def interrupted(study: Study, *args: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        tell(study, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Study, "tell", interrupted)
        assert ntk("tune", path, "--out", "there", "--scheduler", processes.file).returncode != 0
    lossy(2)
    outcome = ntk("tune", path, "--out", "there", "--scheduler", processes.file)
    assert outcome.returncode == 0, outcome.stderr
    assert "resuming after 2 trials" in outcome.stderr
    assert found("there") == found("here")


def test_workers_with_too_little_memory_are_refused(
    spec: Callable[..., Path], ntk: Ntk, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a network takes there, and not what a worker takes anyway."""
    monkeypatch.setattr("ntkcli.tuning.search_plan.BESIDE_BYTES", 10**15)
    outcome = ntk("tune", spec(tune=GRID), "--scheduler", processes.file)
    assert outcome.returncode == 5
    assert "allow it more (--memory-limit)" in outcome.stderr
    assert not Path("run-tune").exists()


def test_a_tpe_search_has_nothing_to_do_there_and_says_so(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The fit of the best looks for the cluster.
    monkeypatch.setattr("ntkcli.cluster.connection.ANSWER_SECONDS", 1)
    path = make_spec(tune=DRAWN | {"search": "tpe", "trials": 2}, compute=nowhere)
    outcome = ntk("tune", path)
    assert "warning: compute.scheduler: nothing of a tpe search runs on a cluster" in outcome.stderr
    assert Path("run-tune/best.yaml").exists()
    assert "nothing of a tpe search runs on a cluster" in ntk("check", path).stdout


def test_a_check_tells_what_runs_there(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("check", make_spec(tune=GRID, compute=nowhere))
    assert outcome.returncode == 0, outcome.stderr
    assert "tcp://127.0.0.1:1: the networks of the search, one a task" in outcome.stdout
    assert "fit of the best: " in outcome.stdout


def test_no_cluster_is_told_before_anything_is_written(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.cluster.connection.ANSWER_SECONDS", 1)
    outcome = ntk("tune", make_spec(tune=DRAWN, compute=nowhere))
    assert outcome.returncode == 5
    assert "no scheduler answers at tcp://127.0.0.1:1" in outcome.stderr
    assert not Path("run-tune").exists()
