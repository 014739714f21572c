"""Threads carry out every task once, few ahead of the reader, and stop when they are told to."""

import pickle
import threading
import time
from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_info

from ntkcli.kernels.executor import AHEAD, MOST_AT_ONCE, Executor, Here, Threads, in_step, stop_if_asked

every_number = pytest.mark.parametrize("workers", [1, 2, 3])


def square(i: int) -> int:
    return i * i


def pair(i: int, value: int | None) -> tuple[int, int | None]:
    return i, value


@every_number
@pytest.mark.parametrize("count", [0, 1, 5, 200])
def test_results_come_in_the_order_of_the_items(workers: int, count: int) -> None:
    threads, items = Threads(workers), range(count)
    assert list(threads.map(square, items)) == [i * i for i in items]
    assert list(threads.run(square, items, pair)) == [(i, i * i) for i in items]


def test_here_each_task_waits_until_its_value_is_read() -> None:
    done: list[int] = []
    values = Here().map(done.append, iter(range(100)))
    next(values)
    assert done == [0]
    assert list(Here().run(square, range(3), pair)) == [(0, 0), (1, 1), (2, 4)]


@pytest.mark.parametrize("executor", [Here(), Threads(1), Threads(3)], ids=repr)
def test_items_come_in_step_with_their_values_and_few_are_read_ahead(executor: Executor) -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            asked.append(item)
            yield item

    found = in_step(executor, square, items())
    assert next(found) == (0, 0)
    assert len(asked) <= AHEAD * executor.workers + 1
    assert list(found) == [(i, i * i) for i in range(1, 100)]


@pytest.mark.parametrize("executor", [Here(), Threads(1), Threads(3)], ids=repr)
def test_the_values_of_each_group_are_added_in_their_order(executor: Executor) -> None:
    groups = [["a", "b", "c"], ["d"], ["e", "f"]]
    assert list(executor.sums(str.upper, groups, str.__add__)) == ["ABC", "D", "EF"]
    assert list(executor.sums(str.upper, [], str.__add__)) == []


def test_values_are_put_away_in_the_thread_that_computed_them_before_its_next_task() -> None:
    seen: dict[int, list[tuple[str, int]]] = {}

    def task(i: int) -> int:
        seen.setdefault(threading.get_ident(), []).append(("computed", i))
        return i

    def then(i: int, value: int) -> None:
        seen[threading.get_ident()].append(("put away", value))

    assert list(Threads(2).run(task, range(100), then)) == [None] * 100
    for events in seen.values():
        computed, put_away = events[::2], events[1::2]
        assert put_away == [("put away", i) for _, i in computed]


@every_number
def test_few_items_are_computed_ahead_of_the_reader(workers: int) -> None:
    done: list[int] = []
    one_by_one = Threads(workers).map(done.append, range(100))
    next(one_by_one)
    time.sleep(0.05)
    assert len(done) <= AHEAD * workers + 1


@every_number
def test_few_batches_are_computed_ahead_of_the_reader(workers: int) -> None:
    done: list[int] = []
    in_batches = Threads(workers).run(done.append, range(1000), pair)
    next(in_batches)
    time.sleep(0.05)
    assert len(done) <= (AHEAD * workers + 1) * MOST_AT_ONCE


def test_few_items_are_shared_among_all_threads() -> None:
    """Each waits for the other, so that one thread alone would never end."""
    barrier = threading.Barrier(2, timeout=10)
    assert list(Threads(2).run(lambda i: barrier.wait() >= 0, range(4), lambda i, value: value)) == [True] * 4


def test_blas_has_one_thread_in_every_task() -> None:
    def blas_threads(i: int) -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    assert all(found == {1} for found in Threads(2).map(blas_threads, range(4)))


@every_number
def test_a_reader_who_stops_stops_the_threads(workers: int) -> None:
    before = threading.active_count()
    done: list[int] = []
    for _ in Threads(workers).map(done.append, range(100)):
        break
    assert len(done) < 100
    assert threading.active_count() == before


def test_an_error_in_a_task_reaches_the_reader() -> None:
    with pytest.raises(ZeroDivisionError):
        list(Threads(2).run(lambda i: 1 // (3 - i), range(9), pair))


def test_threads_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Threads(3))) == Threads(3)


@every_number
def test_a_long_task_ends_when_the_reader_stops(workers: int) -> None:
    """Its thread is waited for: without that, this would never end."""
    before = threading.active_count()

    def task(i: int) -> int:
        while i > 0:
            stop_if_asked()
            time.sleep(0.001)
        return i

    for value in Threads(workers).map(task, range(100)):
        assert value == 0
        break
    assert threading.active_count() == before


def test_a_task_that_somebody_waits_for_is_not_stopped() -> None:
    def task(i: int) -> int:
        stop_if_asked()
        return i

    # Nor are those of a pool by the end of the one before.
    for _ in range(2):
        assert list(Threads(2).map(task, range(20))) == list(range(20))
    stop_if_asked()
