"""However fast workers are, and whenever they come, values are the same and come in order."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.context import ForkServerProcess
from threading import Event, Thread

from ntkcli.cluster.connection import connected
from ntkcli.journal import Journal

from .processes import Processes, number, send, wait_until
from .tasks import where, where_with_one_slow

Start = Callable[..., Processes]


@contextmanager
def faltering(process: ForkServerProcess) -> Iterator[None]:
    """Have a process stop for a while again and again."""
    is_over = Event()

    def falter() -> None:
        while not is_over.wait(0.05):
            send(process, signal.SIGSTOP)
            is_over.wait(0.3)
            send(process, signal.SIGCONT)

    thread = Thread(target=falter)
    thread.start()
    yield
    is_over.set()
    thread.join()


def test_a_worker_that_falters_changes_nothing(start: Start) -> None:
    processes = start()
    slow = processes.worker()
    processes.worker()
    with connected(processes.file, 1, 30, Journal()) as cluster:
        wait_until(lambda: cluster.workers == 2)
        with faltering(slow):
            found = [*cluster.map(where, range(16))]
    assert [value for value, _ in found] == [*range(16)]


def test_values_of_four_workers_come_in_order_when_one_is_slow(start: Start) -> None:
    processes = start()
    slow, *_ = [processes.worker() for _ in range(4)]
    with connected(processes.file, 1, 30, Journal()) as cluster:
        wait_until(lambda: cluster.workers == 4)
        found = [*cluster.map(partial(where_with_one_slow, number(slow)), range(12))]
    assert [value for value, _ in found] == [*range(12)]
    assert len({worker for _, worker in found}) > 1


def test_a_worker_that_comes_in_the_middle_gets_tasks(start: Start) -> None:
    processes = start()
    first = number(processes.worker())
    with connected(processes.file, 1, 30, Journal()) as cluster:
        found: list[tuple[int, int]] = []
        for value in cluster.map(where, range(200)):
            found.append(value)
            if len(found) == 3:
                late = number(processes.worker())
            if value[1] != first:
                break
    assert [value for value, _ in found] == [*range(len(found))]
    assert found[-1][1] == late
