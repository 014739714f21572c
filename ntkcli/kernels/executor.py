"""What carries out the tasks that a computation is cut into: threads, or anything with the same methods."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial, reduce
from itertools import chain, islice
from threading import Event, local
from typing import Protocol, TypeVar

from ntkcli.linalg.threads import one_blas_thread

# Tasks for each worker that are begun, waiting, or done with results that are not read yet.
AHEAD = 4
# Tasks that a thread takes at once: enough for handing over to cost nothing beside a tile's arithmetic,
# and few enough for every thread to get SHARES of them, so that none waits long for the others at the end.
MOST_AT_ONCE, SHARES = 8, 16

P = TypeVar("P")
T = TypeVar("T")
R = TypeVar("R")


class Executor(Protocol):
    """Carries out one task for many items, wherever its workers are.

    A task is a pure function of its item that returns values. It carries what all of the items share, such
    as a network and its rows, so that an executor need not send these with every item. Tasks, items and
    values can be pickled: a worker may be another process or another machine.
    """

    @property
    def workers(self) -> int:
        """The number of items that are worked on at once."""
        ...

    def map(self, task: Callable[[P], T], items: Iterable[P]) -> Iterator[T]:
        """The values of all items in the items' order, few of them computed ahead of the reader.

        This is for results that depend on the order, such as sums of floating-point numbers. The task must
        return values in memory of their own.
        """
        ...

    def run(self, task: Callable[[P], T], items: Sequence[P], then: Callable[[P, T], R]) -> Iterator[R]:
        """What `then` returns for each item and its values, in any order.

        `then` is called in this process as soon as the values are there, possibly in several threads at
        once. It copies the values to where they belong, and must not keep them: a worker's next values may
        overwrite them.
        """
        ...

    def sums(
        self, task: Callable[[P], T], groups: Sequence[Sequence[P]], add: Callable[[T, T], T]
    ) -> Iterator[T]:
        """The sum of the values of each group of items, in the groups' order.

        Values are added in the items' order, so that sums do not depend on the workers, and where these are
        far away, only a group's sum is on its way.

        Args:
            task: as for `map`.
            groups: of items.
            add: adds a value to a sum, which it may overwrite.
        """
        ...


def in_step(executor: Executor, task: Callable[[P], T], items: Iterable[P]) -> Iterator[tuple[P, T]]:
    """Yield each item with its values, in the items' order; few items are read ahead."""
    waiting: deque[P] = deque()
    for values in executor.map(task, _remembered(items, waiting)):
        yield waiting.popleft(), values


def _remembered(items: Iterable[P], waiting: deque[P]) -> Iterator[P]:
    for item in items:
        waiting.append(item)
        yield item


@dataclass(frozen=True)
class Here:
    """Carries out one task after the other, in the thread that asks for them, and leaves BLAS as it is."""

    workers: int = 1

    def map(self, task: Callable[[P], T], items: Iterable[P]) -> Iterator[T]:
        """The values of all items in the items' order, each computed when it is read."""
        return map(task, items)

    def run(self, task: Callable[[P], T], items: Iterable[P], then: Callable[[P, T], R]) -> Iterator[R]:
        """What `then` returns for each item, in the items' order."""
        return (then(item, task(item)) for item in items)

    def sums(
        self, task: Callable[[P], T], groups: Sequence[Sequence[P]], add: Callable[[T, T], T]
    ) -> Iterator[T]:
        """The sum of each group's values, in the groups' order."""
        return map(partial(total, add, task), groups)


def total(add: Callable[[T, T], T], task: Callable[[P], T], items: Iterable[P]) -> T:
    """The sum of a task's values for some items, in their order."""
    return reduce(add, map(task, items))


@dataclass(frozen=True)
class Threads:
    """Carries out tasks in threads of this process, each with BLAS on one thread.

    workers: the number of threads.
    """

    workers: int = 1

    def map(self, task: Callable[[P], T], items: Iterable[P]) -> Iterator[T]:
        """The values of all items in the items' order, few of them computed ahead of the reader."""
        stop = Event()
        pool = ThreadPoolExecutor(self.workers, initializer=_listen, initargs=(stop,))
        running: deque[Future[T]] = deque()
        with one_blas_thread():
            try:
                for item in items:
                    running.append(pool.submit(task, item))
                    if len(running) > AHEAD * self.workers:
                        yield running.popleft().result()
                while running:
                    yield running.popleft().result()
            finally:
                # When a run is interrupted, what has not begun need not be waited for, nor what can stop.
                stop.set()
                pool.shutdown(cancel_futures=True)

    def run(self, task: Callable[[P], T], items: Sequence[P], then: Callable[[P, T], R]) -> Iterator[R]:
        """What `then` returns for each item, in the items' order; called in the thread that ran the task."""
        length = max(1, min(MOST_AT_ONCE, len(items) // (SHARES * self.workers)))
        batches = [items[start : start + length] for start in range(0, len(items), length)]
        for results in self.map(partial(_run_batch, task, then), batches):
            yield from results

    def sums(
        self, task: Callable[[P], T], groups: Sequence[Sequence[P]], add: Callable[[T, T], T]
    ) -> Iterator[T]:
        """The sum of each group's values, in the groups' order; added in the thread that reads them."""
        values = self.map(task, chain.from_iterable(groups))
        return (reduce(add, islice(values, len(group))) for group in groups)


# What tells the tasks of a thread that nobody waits for their values any more.
_ears = local()


def _listen(stop: Event) -> None:
    _ears.stop = stop


class StoppedError(Exception):
    """A task was begun whose values nobody waits for any more."""


def stop_if_asked() -> None:
    """End a long task whose values nobody waits for any more: called in it every second or oftener.

    Raises:
        StoppedError: so it is.
    """
    stop: Event | None = getattr(_ears, "stop", None)
    if stop is not None and stop.is_set():
        raise StoppedError


def _run_batch(task: Callable[[P], T], then: Callable[[P, T], R], items: Sequence[P]) -> list[R]:
    return [then(item, task(item)) for item in items]
