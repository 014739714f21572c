"""Whatever becomes of workers, values are the same and come in order; or one line says what is missing."""

import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.cluster import cluster as module
from ntkcli.cluster.cluster import Cluster
from ntkcli.cluster.connection import connected
from ntkcli.cluster.sent import size
from ntkcli.cluster.task import versions
from ntkcli.errors import NumericalError, ResourceError
from ntkcli.journal import Journal
from ntkcli.kernels.executor import Threads

from ..lines import Lines
from .processes import Processes, send, wait_until
from .tasks import failing, greedy, mark, product, slow_square, square, square_behind_a_gate

COUNT = 16
SQUARES = [value * value for value in range(COUNT)]
Start = Callable[..., Processes]
# What a worker loads first, to answer that it has no ntkcli.
WITHOUT = """
from distributed import versions

if not hasattr(versions, "found"):
    versions.found = versions._version_cached
    versions._version_cached = lambda name: None if name == "ntkcli" else versions.found(name)
"""


def with_workers(cluster: Cluster, count: int) -> None:
    """Wait for workers with one thread each."""
    wait_until(lambda: cluster.workers == count)


def squares(cluster: Cluster, task: Callable[[int], int], accident: Callable[[], None]) -> list[int]:
    """What a task makes of all items, with an accident after the third value."""
    found = []
    for number, value in enumerate(cluster.map(task, range(COUNT))):
        found.append(value)
        if number == 2:
            accident()
    return found


def test_values_come_in_the_order_of_the_items(start: Start) -> None:
    processes = start()
    processes.worker()
    processes.worker()
    with connected(processes.file, 1, 30, Journal()) as cluster:
        with_workers(cluster, 2)
        assert cluster.workers == 2
        assert [*cluster.map(square, range(COUNT))] == SQUARES
        assert [*cluster.run(square, range(3), lambda item, value: (item, value))] == [(0, 0), (1, 1), (2, 4)]
        assert cluster.tasks == COUNT + 1
        record = cluster.record
    assert record["scheduler"] == str(processes.file)
    assert (record["workers"], record["retries"]) == (2, 0)
    assert record["bytes_moved"] > 0


def test_a_task_has_the_bytes_that_a_thread_here_has(start: Start) -> None:
    """With BLAS on one thread, on a worker with several as well."""
    processes = start()
    processes.worker("--nthreads", "3")
    with connected(processes.address, 1, 30, Journal()) as cluster:
        found = [*cluster.map(product, range(3))]
    here = [*Threads(2).map(product, range(3))]
    assert [value.tobytes() for value in found] == [value.tobytes() for value in here]


def test_an_error_of_a_task_is_that_error(start: Start) -> None:
    processes = start()
    processes.worker()
    with (
        connected(processes.file, 1, 30, Journal()) as cluster,
        pytest.raises(NumericalError, match="no answer for 0"),
    ):
        next(cluster.map(failing, range(3)))


def test_who_stops_reading_leaves_nothing_running(start: Start, tmp_path: Path) -> None:
    processes = start()
    processes.worker()
    with connected(processes.file, 1, 30, Journal()) as cluster:
        values = cluster.map(partial(mark, tmp_path), range(100))
        assert next(values) == 0
        del values
        before = len([*tmp_path.glob("begun-*")])
        assert [*cluster.map(square, range(3))] == [0, 1, 4]
        assert before <= len([*tmp_path.glob("begun-*")]) <= before + 2


def test_a_worker_killed_in_the_middle_changes_nothing(start: Start, tmp_path: Path) -> None:
    """While it has a task that cannot end before: this process may be slow to kill."""
    processes = start()
    for _ in range(3):
        processes.worker()
    with connected(processes.file, 1, 30, Journal()) as cluster:
        with_workers(cluster, 3)
        numbers = cluster.scheduler.client.run(os.getpid)

        def kill_the_busiest() -> None:
            busy = cluster.scheduler.client.processing()
            os.kill(numbers[max(busy, key=lambda address: len(busy[address]))], signal.SIGKILL)
            (tmp_path / "gate").touch()

        assert squares(cluster, partial(square_behind_a_gate, tmp_path), kill_the_busiest) == SQUARES
        assert cluster.record["retries"] > 0


def test_a_nanny_killed_in_the_middle_changes_nothing(start: Start) -> None:
    processes = start()
    victim = processes.worker(nanny=True)
    processes.worker()
    with connected(processes.file, 1, 30, Journal()) as cluster:
        with_workers(cluster, 2)
        assert squares(cluster, slow_square, lambda: victim.kill()) == SQUARES


def test_a_worker_that_hangs_is_given_up(start: Start) -> None:
    processes = start(SCHEDULER__WORKER_TTL="3s")
    victim = processes.worker()
    processes.worker()
    with connected(processes.file, 1, 60, Journal()) as cluster:
        with_workers(cluster, 2)
        assert squares(cluster, slow_square, lambda: send(victim, signal.SIGSTOP)) == SQUARES


def test_a_worker_that_comes_late_is_waited_for(start: Start) -> None:
    processes = start()
    timer = threading.Timer(1.0, processes.worker)
    timer.start()
    with connected(processes.file, 1, 60, Journal()) as cluster:
        assert [*cluster.map(square, range(COUNT))] == SQUARES
    timer.join()


def test_without_workers_it_is_told_after_a_while(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    # Or a value that was on its way would be waited for.
    monkeypatch.setattr(module, "GATHER", 1.0)
    processes = start()
    victim = processes.worker()
    with connected(processes.file, 1, 30, Journal()) as cluster:
        cluster.scheduler.patience = 1.5
        values = cluster.map(slow_square, range(COUNT))
        assert next(values) == 0
        victim.kill()
        with pytest.raises(ResourceError, match=r"has had no worker for 1\.5 s: start some"):
            list(values)


def test_without_any_worker_nothing_is_begun(start: Start) -> None:
    processes = start()
    with (
        pytest.raises(ResourceError, match=r"has had no worker for 0\.5 s: start some"),
        connected(processes.file, 1, 0.5, Journal()),
    ):
        pytest.fail("there is a worker")


def test_a_scheduler_that_dies_is_told(start: Start) -> None:
    processes = start()
    processes.worker()
    with connected(processes.file, 1, 60, Journal()) as cluster:
        values = cluster.map(slow_square, range(COUNT))
        assert next(values) == 0
        processes.scheduler.kill()
        with pytest.raises(ResourceError, match=r"the scheduler .*scheduler\.json was lost"):
            list(values)


def test_a_task_that_kills_its_workers_is_told(start: Start) -> None:
    processes = start(SCHEDULER__ALLOWED_FAILURES="0", WORKER__MEMORY__TERMINATE="0.8")
    processes.worker("--memory-limit", "300MB", nanny=True)
    with (
        connected(processes.file, 1, 60, Journal()) as cluster,
        pytest.raises(ResourceError, match=r"1 worker of .* died of the same task: look into their logs"),
    ):
        next(cluster.map(greedy, [10**8]))


def test_a_worker_of_other_versions_is_refused(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    processes = start()
    processes.worker()
    monkeypatch.setattr(module, "versions", lambda: versions() | {"numpy": "1.0"})
    with (
        connected(processes.file, 1, 60, Journal()) as cluster,
        pytest.raises(
            ResourceError, match=rf"numpy {np.__version__} instead of 1\.0, and results could differ"
        ),
    ):
        next(cluster.map(square, [1]))


def test_a_worker_without_ntkcli_is_refused_before_it_gets_anything(start: Start, tmp_path: Path) -> None:
    processes = start()
    (tmp_path / "without.py").write_text(WITHOUT)
    worker = processes.worker("--preload", str(tmp_path / "without.py"))
    with (
        pytest.raises(ResourceError, match=r"the worker tcp.* has .*ntkcli none instead of"),
        connected(processes.file, 1, 60, Journal()),
    ):
        pytest.fail("a worker without ntkcli is none")
    assert worker.is_alive()


def test_a_value_that_takes_long_to_arrive_is_waited_for(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK", 0.01)
    monkeypatch.setattr(module, "GATHER", 0.01)
    processes = start()
    processes.worker()
    with connected(processes.file, 1, 60, Journal()) as cluster:
        (found,) = cluster.map(np.ones, [30_000_000])
    assert found.sum() == 30_000_000


def test_a_scheduler_that_hangs_is_told(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.cluster.scheduler.ANSWER_SECONDS", 2)
    monkeypatch.setattr("ntkcli.cluster.connection.ANSWER_SECONDS", 2)
    processes = start()
    processes.worker()
    with connected(processes.file, 1, 60, Journal()) as cluster:
        values = cluster.map(slow_square, range(COUNT))
        assert next(values) == 0
        send(processes.scheduler, signal.SIGSTOP)
        with pytest.raises(ResourceError, match="was lost"):
            list(values)
        send(processes.scheduler, signal.SIGCONT)


def test_a_worker_that_is_waited_for_is_told_once(start: Start) -> None:
    processes, told = start(), Lines()
    timer = threading.Timer(2.0, processes.worker)
    timer.start()
    with connected(processes.file, 1, 60, Journal(told)) as cluster:
        assert [*cluster.map(square, [3])] == [9]
    timer.join()
    assert [line for line in told.lines if "worker" in line] == [
        f"{processes.file} has no worker: waiting for one"
    ]


@pytest.mark.parametrize(
    ("value", "least"), [(np.zeros(1000), 8000), ({"a": np.zeros((3, 100))}, 2400), (b"x" * 500, 500)]
)
def test_the_size_of_a_value_is_that_of_its_bytes(value: Any, least: int) -> None:
    assert least <= size(value) <= least + 300


def test_clusters_of_this_machine_leave_its_environment_and_each_other_alone() -> None:
    before = {name: value for name, value in os.environ.items() if name.endswith("THREADS")}
    with connected("local", 1, 30, Journal()), connected("local", 2, 30, Journal()) as cluster:
        assert cluster.workers == 2
        assert [*cluster.map(square, range(3))] == [0, 1, 4]
    assert {name: value for name, value in os.environ.items() if name.endswith("THREADS")} == before
