"""Who carries out the tasks that a computation is cut into: threads here, or anything else of this form."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from threadpoolctl import threadpool_limits

# Results that nobody has read yet, and tasks handed over at once: both for each worker.
AHEAD = 4
# Tasks that a thread takes at once: enough for handing over to cost nothing beside a tile's arithmetic,
# and few enough for every thread to get SHARES of them, so that none waits long for the others at the end.
MOST_AT_ONCE, SHARES = 8, 16

P = TypeVar("P")
T = TypeVar("T")
R = TypeVar("R")


class Executor(Protocol):
    """Carries out one task for many items, wherever its workers are.

    A task is a pure function of its item, and can be pickled together with it: a worker may be another
    process or machine, which returns the values pickled.
    """

    @property
    def workers(self) -> int:
        """The number of items that are worked on at once."""
        ...

    def map(self, task: Callable[[P], T], items: Sequence[P]) -> Iterator[T]:
        """The values of all items in their order, few of them computed ahead of the reader.

        What depends on the order, such as a sum of floating-point numbers, belongs here.
        """
        ...

    def run(self, task: Callable[[P], T], items: Sequence[P], then: Callable[[P, T], R]) -> Iterator[R]:
        """What `then` returns for each item and its values, in any order.

        `then` is called in this process as soon as the values are there, possibly in several threads at
        once. It puts the values where they belong: afterwards the memory that they are in is used again.
        """
        ...


@dataclass(frozen=True)
class Threads:
    """Carries out tasks in threads of this process, each with BLAS on one thread.

    workers: the number of threads.
    """

    workers: int = 1

    def map(self, task: Callable[[P], T], items: Sequence[P]) -> Iterator[T]:
        """The values of all items in their order, few of them computed ahead of the reader."""
        pool = ThreadPoolExecutor(self.workers)
        running: deque[Future[T]] = deque()
        with threadpool_limits(1, user_api="blas"):
            try:
                for item in items:
                    running.append(pool.submit(task, item))
                    if len(running) > AHEAD * self.workers:
                        yield running.popleft().result()
                while running:
                    yield running.popleft().result()
            finally:
                # When a run is interrupted, what has not begun need not be waited for.
                pool.shutdown(cancel_futures=True)

    def run(self, task: Callable[[P], T], items: Sequence[P], then: Callable[[P, T], R]) -> Iterator[R]:
        """What `then` returns for each item in their order; it is called in the thread of the task."""
        length = max(1, min(MOST_AT_ONCE, len(items) // (SHARES * self.workers)))
        batches = [items[start : start + length] for start in range(0, len(items), length)]
        for results in self.map(partial(_run_batch, task, then), batches):
            yield from results


def _run_batch(task: Callable[[P], T], then: Callable[[P, T], R], items: Sequence[P]) -> list[R]:
    return [then(item, task(item)) for item in items]
