"""A Dask cluster as an executor: long tasks, carried out by worker processes that may be lost."""

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ntkcli.cluster.scheduler import Scheduler
from ntkcli.cluster.sent import LastSent, size
from ntkcli.cluster.task import carried_out, for_each, for_one, given, versions
from ntkcli.errors import ResourceError
from ntkcli.kernels.executor import total
from ntkcli.kernels.tiling import TILES_AT_ONCE
from ntkcli.units import bytes_text, counted

if TYPE_CHECKING:
    from distributed import Future

# Tasks for each worker that are begun or waiting, or done with values that are not read yet: more than twice
# as many as there are threads is what Dask takes for many.
AHEAD = 3
# Seconds after which it is looked whether there still are workers; at first, and while a value is on its way.
LOOK, GATHER = 1.0, 5.0
# Bytes of what may go with every item.
SMALL = 2000
# Bytes of a worker without any task.
PROCESS_BYTES = 200 * 2**20

P = TypeVar("P")
Q = TypeVar("Q")
T = TypeVar("T")
R = TypeVar("R")


@dataclass
class Cluster:
    """Carries out tasks on the workers of a Dask scheduler, each with BLAS on one thread.

    The scheduler has every task with its item until its value was read. It hands what a lost worker had, or
    was working on, to others, and gives tasks to workers that come late; values come in the items' order all
    the same.

    scheduler: has the workers.
    tasks: the number of those carried out.
    moved: bytes of items, values, and what tasks share, for every worker.
    """

    scheduler: Scheduler
    tasks: int = 0
    moved: int = 0
    _last: LastSent = field(default_factory=LastSent)
    _name: str = field(default_factory=lambda: f"ntk-{uuid.uuid4().hex}")

    @property
    def workers(self) -> int:
        """The number of tasks that are carried out at once."""
        return max(1, sum(int(worker["nthreads"]) for worker in self.scheduler.workers.values()))

    def check_memory(self, shared: int, each: int) -> None:
        """Check that the workers have the memory that tasks take.

        Args:
            shared: bytes that the tasks of a worker have in common.
            each: bytes of one task.

        Raises:
            ResourceError: one has not; the message says what it would take.
        """
        for worker in self.scheduler.workers.values():
            threads, limit = int(worker["nthreads"]), worker["memory_limit"]
            # A task may have to copy what is shared.
            needed = PROCESS_BYTES + shared + threads * (shared + each)
            if limit and needed > limit:
                raise ResourceError(
                    f"the worker {worker['name']} of {self.scheduler.name} is allowed {bytes_text(limit)}, "
                    f"and {counted(threads, 'task')} at once would take about {bytes_text(needed)}: "
                    "allow it more (--memory-limit), or fewer threads (--nthreads)"
                )

    def map(self, task: Callable[[P], T], items: Iterable[P]) -> Iterator[T]:
        """The values of all items in the items' order, few of them computed ahead of the reader.

        Raises:
            ResourceError: there is no worker or no scheduler any more, or a worker's versions are others.
        """
        return self._carry_out(for_one, task, items)

    def run(self, task: Callable[[P], T], items: Sequence[P], then: Callable[[P, T], R]) -> Iterator[R]:
        """What `then` returns for each item, in the items' order; called in this process.

        Items are short, such as tiles of a matrix: a worker gets many at once.

        Raises:
            ResourceError: as for `map`.
        """
        batches = [items[start : start + TILES_AT_ONCE] for start in range(0, len(items), TILES_AT_ONCE)]
        found = self._carry_out(for_each, task, batches)
        return (
            result
            for batch, values in zip(batches, found, strict=True)
            for result in map(then, batch, values)
        )

    def sums(
        self, task: Callable[[P], T], groups: Sequence[Sequence[P]], add: Callable[[T, T], T]
    ) -> Iterator[T]:
        """The sum of the values of each group of items, in the groups' order; added where they are.

        Raises:
            ResourceError: as for `map`.
        """
        return self._carry_out(partial(total, add), task, groups)

    def _carry_out(
        self, how: Callable[[Callable[[P], T], Q], R], task: Callable[[P], T], items: Iterable[Q]
    ) -> Iterator[R]:
        function, carried = self._sent(task)
        expected = versions()
        running: deque[Future[R]] = deque()
        for number, item in enumerate(items):
            where = self._suggested(number)
            running.append(self._submit(carried_out, how, function, carried, item, expected, where=where))
            self.moved += size(item)
            if len(running) >= AHEAD * self.workers:
                yield self._value(running.popleft())
        while running:
            yield self._value(running.popleft())

    def _suggested(self, number: int) -> str | None:
        """The worker that a task should go to; None for Dask's choice, which is that which has least to do.

        Until there are many tasks of a name, Dask's choice would be the worker that has what they share.
        """
        addresses = [*self.scheduler.workers]
        return addresses[number % len(addresses)] if addresses and number <= 2 * self.workers else None

    def _sent(self, task: Callable[..., Any]) -> tuple[Any, list[Any]]:
        """A task's function, and the arguments that it carries, sent to the scheduler."""
        if isinstance(task, partial) and not task.keywords:
            return self._kept(task.func), [self._kept(argument) for argument in task.args]
        return self._kept(task), []

    def _kept(self, value: Any) -> Any:
        """A value, or what stands for it where it is large: it is sent once as long as it is used."""
        return value if size(value) < SMALL else self._last.of(value, self._send)

    def _send(self, value: T) -> "Future[T]":
        self.moved += size(value) * len(self.scheduler.workers)
        return self._submit(given, value)

    @property
    def record(self) -> dict[str, Any]:
        """What run.json has of it."""
        retries = self.scheduler.retries(self._name)
        return {
            "scheduler": self.scheduler.name,
            "workers": self.scheduler.most_workers,
            "tasks": self.tasks,
            "retries": retries,
            "bytes_moved": self.moved,
        }

    def _submit(self, function: Callable[..., T], *arguments: Any, where: str | None = None) -> "Future[T]":
        from distributed.client import ClosedClientError

        # Tasks of one name are alike.
        key = f"{self._name}-{function.__name__}", uuid.uuid4().hex
        submit = partial(self.scheduler.client.submit, key=key, pure=False)
        try:
            return submit(function, *arguments, workers=where, allow_other_workers=where is not None)
        except (OSError, ClosedClientError) as error:
            raise self.scheduler.lost() from error

    def _value(self, future: "Future[T]") -> T:
        seconds = GATHER
        while not self._is_done(future) or (found := self._gathered(future, seconds)) is None:
            self.scheduler.look_for_workers()
            seconds *= 2 if future.done() else 1
        (value,) = found
        self.tasks += 1
        self.moved += size(value)
        return value

    def _is_done(self, future: "Future[T]") -> bool:
        """Whether a task is done soon.

        Raises:
            ResourceError: it cannot be.
            NtkError: what the task raised.
        """
        from distributed import wait

        try:
            wait([future], timeout=LOOK)
        except TimeoutError:
            return False
        except (OSError, CancelledError) as error:
            raise self.scheduler.lost() from error
        if future.status == "error":
            raise self._failure(future)
        return True

    def _failure(self, future: "Future[T]") -> Exception:
        from distributed import KilledWorker

        error = future.exception()
        if isinstance(error, KilledWorker):
            return ResourceError(
                f"{counted(error.allowed_failures + 1, 'worker')} of {self.scheduler.name} died of the same "
                "task: look into their logs, and give them more memory if that is what they lack"
            )
        if isinstance(error, OSError | MemoryError | ImportError):
            return ResourceError(f"a worker of {self.scheduler.name} failed: {type(error).__name__}: {error}")
        return error if isinstance(error, Exception) else RuntimeError(str(error))

    def _gathered(self, future: "Future[T]", seconds: float) -> tuple[T] | None:
        """The value of a task that is done; None if it does not come so soon, or was lost with its worker."""
        from distributed.client import ClosedClientError

        try:
            return (future.result(timeout=seconds),)
        except TimeoutError:
            return None
        except (OSError, CancelledError, ClosedClientError) as error:
            raise self.scheduler.lost() from error
