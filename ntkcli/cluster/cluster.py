"""A Dask cluster as an executor: long tasks, carried out by worker processes that may be lost."""

import pickle
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ntkcli.cluster.task import carried_out, given, versions
from ntkcli.errors import ResourceError
from ntkcli.kernels.executor import in_step
from ntkcli.units import bytes_text, counted

if TYPE_CHECKING:
    from distributed import Client, Future

# Tasks for each worker that are begun or waiting, or done with values that are not read yet.
AHEAD = 2
# Bytes of a worker without any task.
PROCESS_BYTES = 200 * 2**20
# Seconds after which it is looked whether there still are workers, or at last are some.
LOOK, PAUSE = 1.0, 0.1

P = TypeVar("P")
T = TypeVar("T")
R = TypeVar("R")


@dataclass
class Cluster:
    """Carries out tasks on the workers of a Dask scheduler, each with BLAS on one thread.

    The scheduler has every task with its item until its value was read. It hands what a lost worker had, or
    was working on, to others, and gives tasks to workers that come late; values come in the items' order all
    the same.

    client: is connected to the scheduler.
    address: of the scheduler, in the user's words.
    patience: seconds for which there may be no worker.
    tasks: the number of those carried out.
    moved: bytes of items, values, and what tasks share, for every worker.
    """

    client: "Client"
    address: str
    patience: float
    tasks: int = 0
    moved: int = 0
    _name: str = field(default_factory=lambda: f"ntk-{uuid.uuid4().hex}")
    _lonely_since: float | None = None

    @property
    def workers(self) -> int:
        """The number of tasks that are carried out at once."""
        return max(1, sum(int(worker["nthreads"]) for worker in self._known().values()))

    def wait_for_worker(self) -> None:
        """Wait until there is a worker.

        Raises:
            ResourceError: there is none for too long.
        """
        while not self._known():
            self._look_for_workers()
            time.sleep(PAUSE)

    def check_memory(self, shared: int, each: int) -> None:
        """Check that the workers have the memory that tasks take.

        Args:
            shared: bytes that the tasks of a worker have in common.
            each: bytes of one task.

        Raises:
            ResourceError: one has not; the message says what it would take.
        """
        for worker in self._known().values():
            threads, limit = int(worker["nthreads"]), worker["memory_limit"]
            needed = PROCESS_BYTES + shared + threads * each
            if limit and needed > limit:
                raise ResourceError(
                    f"the worker {worker['name']} of {self.address} is allowed {bytes_text(limit)}, and "
                    f"{counted(threads, 'task')} at once would take about {bytes_text(needed)}: start it "
                    "with a higher --memory-limit or a lower --nthreads, or use fewer centres"
                )

    def map(self, task: Callable[[P], T], items: Iterable[P]) -> Iterator[T]:
        """The values of all items in the items' order, few of them computed ahead of the reader.

        Raises:
            ResourceError: there is no worker or no scheduler any more, or a worker's versions are others.
        """
        shared = self._submit(given, task)
        self.moved += size(task) * len(self._known())
        running: deque[Future[T]] = deque()
        for item in items:
            running.append(self._submit(carried_out, shared, item, versions()))
            self.moved += size(item)
            if len(running) >= AHEAD * self.workers:
                yield self._value(running.popleft())
        while running:
            yield self._value(running.popleft())

    def run(self, task: Callable[[P], T], items: Iterable[P], then: Callable[[P, T], R]) -> Iterator[R]:
        """What `then` returns for each item, in the items' order; called in this process."""
        return (then(item, values) for item, values in in_step(self, task, items))

    @property
    def record(self) -> dict[str, Any]:
        """What run.json has of it."""
        return {
            "scheduler": self.address,
            "workers": len(self._known()),
            "tasks": self.tasks,
            "retries": self._retries(),
            "bytes_moved": self.moved,
        }

    def _submit(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        key = f"{self._name}-{uuid.uuid4().hex}"
        return self._asked(lambda: self.client.submit(function, *arguments, key=key, pure=False))

    def _value(self, future: "Future[T]") -> T:
        while (found := self._awaited(future)) is None:
            self._look_for_workers()
        (value,) = found
        self.tasks += 1
        self.moved += size(value)
        self._lonely_since = None
        return value

    def _awaited(self, future: "Future[T]") -> tuple[T] | None:
        """The value of a task, if it is there soon."""
        from distributed import KilledWorker

        try:
            return (future.result(timeout=LOOK),)
        except TimeoutError:
            return None
        except CancelledError as error:
            raise self._gone() from error
        except KilledWorker as error:
            raise ResourceError(
                f"{counted(error.allowed_failures + 1, 'worker')} of {self.address} died over the same task: "
                "give them more memory, and look into their logs"
            ) from error

    def _look_for_workers(self) -> None:
        now = time.monotonic()
        if self._known():
            self._lonely_since = None
        elif self._lonely_since is None:
            self._lonely_since = now
        elif now - self._lonely_since >= self.patience:
            raise ResourceError(
                f"{self.address} has had no worker for {self.patience:g} s: start some with `dask worker`, "
                "and run this again"
            )

    def _known(self) -> dict[str, Any]:
        """The workers that there are, by address."""
        workers: dict[str, Any] = self._asked(lambda: self.client.scheduler_info(n_workers=-1)["workers"])
        return workers

    def _retries(self) -> int:
        """How many tasks were given to a worker once more, as the first was lost."""
        count = 0
        for _, event in self._asked(lambda: self.client.get_events("all")):
            if event.get("action") == "remove-worker":
                keys = {*event["processing-tasks"], *event["lost-computed-tasks"]}
                count += sum(str(key).startswith(self._name) for key in keys)
        return count

    def _asked(self, question: Callable[[], T]) -> T:
        """The answer of the scheduler."""
        from distributed.client import ClosedClientError

        try:
            return question()
        except (OSError, ClosedClientError, CancelledError) as error:
            raise self._gone() from error

    def _gone(self) -> ResourceError:
        return ResourceError(f"the scheduler {self.address} is gone: start it again, and run this again")


def size(value: object) -> int:
    """Bytes of a value on its way."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return len(head) + sum(buffer.raw().nbytes for buffer in buffers)
