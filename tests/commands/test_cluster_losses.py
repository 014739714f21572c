"""Whatever is killed in the middle of a command, it writes the same bytes, or tells it in a line."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ..cluster.processes import Processes, send
from .conftest import Accident, kill_the_busiest
from .run_files import Ntk, results

# What a worker loads first, to take more memory for any task than it is allowed.
GREEDY = """
import time
import numpy as np
from ntkcli.cluster import task


def greedy(*arguments):
    held = np.ones(10**8)
    time.sleep(60)


task.carried_out = greedy
"""


@pytest.fixture(
    params=[
        ("fit", "spec", 3),
        ("fit", "spec", 12),
        ("simulate", "simulated", 2),
        ("kernel", "matrices", 4),
        ("fit", "products", 4),
    ],
    ids=["sums", "predictions", "simulation", "matrices", "products"],
)
def middle(request: pytest.FixtureRequest) -> tuple[str, Path, int]:
    """A command, its spec, and the number of values after which it is in the middle of something."""
    command, spec, count = request.param
    return command, request.getfixturevalue(spec), count


@pytest.mark.parametrize(
    ("nanny", "which"), [(False, os.getpid), (True, os.getppid)], ids=["worker", "nanny"]
)
def test_a_worker_killed_in_the_middle_changes_no_byte(
    ntk: Ntk, scheduler: Processes, accident: Accident, middle: tuple[str, Path, int],
    nanny: bool, which: Callable[[], int],
) -> None:  # fmt: skip
    """The busiest, or what looks after it."""
    for _ in range(2):
        scheduler.worker(nanny=nanny)
    scheduler.wait_for_workers(2)
    killed: list[int] = []
    command, path, count = middle
    accident(count, lambda cluster: killed.append(kill_the_busiest(cluster, which)))
    outcome = ntk(command, path, "--out", "there", "--scheduler", scheduler.file)
    assert (outcome.returncode, len(killed)) == (0, 1), outcome.stderr
    assert ntk(command, path, "--out", "here").returncode == 0
    assert results(Path("there")) == results(Path("here"))


def test_a_scheduler_killed_in_the_middle_ends_it_with_nothing_by_halves(
    ntk: Ntk, scheduler: Processes, accident: Accident, middle: tuple[str, Path, int]
) -> None:
    """But networks that were done, from which it goes on."""
    scheduler.worker()
    command, path, count = middle
    accident(count, lambda cluster: send(scheduler.scheduler, signal.SIGKILL))
    outcome = ntk(command, path, "--out", "there", "--scheduler", scheduler.file)
    assert outcome.returncode == 5
    last = outcome.stderr.splitlines()[-1]
    assert last == (
        f"ntk: error: the scheduler {scheduler.file} was lost: see that it is there, and run this again"
    )
    left = {path.name for path in Path().glob("there/*")}
    assert left <= {"networks"}
    assert ntk(command, path, "--out", "here").returncode == 0
    assert ntk(command, path, "--out", "there").returncode == 0
    assert results(Path("there")) == results(Path("here"))


def test_a_worker_that_takes_more_memory_than_it_may_ends_it_in_a_line(
    spec: Path, ntk: Ntk, tmp_path: Path
) -> None:
    (tmp_path / "greedy.py").write_text(GREEDY)
    strict = {"SCHEDULER__ALLOWED_FAILURES": "0", "WORKER__MEMORY__TERMINATE": "0.8"}
    processes = Processes(tmp_path, strict)
    try:
        processes.worker("--memory-limit", "400MB", "--preload", str(tmp_path / "greedy.py"), nanny=True)
        outcome = ntk("fit", spec, "--out", "run", "--scheduler", processes.file)
    finally:
        processes.stop()
    assert outcome.returncode == 5
    assert outcome.stderr.splitlines()[-1] == (
        f"ntk: error: 1 worker of {processes.file} died of the same task: look into their logs, and give "
        "them more memory if that is what they lack"
    )
    assert not Path("run").exists()
