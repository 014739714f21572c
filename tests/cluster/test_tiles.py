"""Tiles that workers compute have the bits of those computed here, and go there many at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from operator import add

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.cluster.cluster import Cluster
from ntkcli.cluster.connection import connected
from ntkcli.cluster.sent import KEPT, aligned
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Executor, Threads
from ntkcli.kernels.tiled_operator import TiledOperator
from ntkcli.kernels.tiling import TILES_AT_ONCE

from ..kernels.inputs import make_network, normal_rows, ready
from ..kernels.matrices import rectangle, symmetric
from .processes import Processes
from .tasks import square

# So many rows that there are more tiles than a worker gets at once.
N, TILE = 50, 4


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    processes = Processes(tmp_path_factory.mktemp("cluster"))
    processes.worker()
    with connected(processes.file, 1, 30, Journal()) as found:
        yield found
    processes.stop()


def evaluator(executor: Executor) -> Evaluator:
    return Evaluator(ready(make_network("elu"), normal_rows(N)), TILE, executor)


def test_matrices_are_the_same_bits(cluster: Cluster) -> None:
    here, there, x = evaluator(Threads(2)), evaluator(cluster), normal_rows(N)
    for kernel, matrix in symmetric(here, x).items():
        assert np.array_equal(symmetric(there, x)[kernel], matrix)
    for kernel, matrix in rectangle(here, x, x[:30]).items():
        assert np.array_equal(rectangle(there, x, x[:30])[kernel], matrix)


def test_products_are_the_same_bits(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.kernels.tiling.GROUP_ENTRIES", 100)
    here, there = evaluator(Threads(2)), evaluator(cluster)
    rows, b = here.network.rows(normal_rows(N)), normal_rows(N, 3, seed=1)
    one, other = TiledOperator(here, rows, "ntk"), TiledOperator(there, rows, "ntk")
    before = cluster.tasks
    assert np.array_equal(one.product(b), other.product(b))
    assert 2 < cluster.tasks - before < N / TILE
    assert np.array_equal(one.half_product(b), other.half_product(b))
    assert np.array_equal(one.columns(np.array([3, 17])), other.columns(np.array([3, 17])))


def test_a_worker_gets_many_items_at_once(cluster: Cluster) -> None:
    before = cluster.tasks
    found = [*cluster.run(square, range(2 * TILES_AT_ONCE + 1), lambda item, value: (item, value))]
    assert found == [(item, item**2) for item in range(2 * TILES_AT_ONCE + 1)]
    assert cluster.tasks - before == 3


def test_values_are_added_where_they_are(cluster: Cluster) -> None:
    before = cluster.tasks
    assert [*cluster.sums(square, [[1, 2, 3], [4], [5, 6]], add)] == [14, 16, 61]
    assert cluster.tasks - before == 3


def scaled(values: FloatArray, factor: int) -> float:
    return float(values.sum() * factor)


def test_what_tasks_share_is_sent_once_as_long_as_it_is_used(cluster: Cluster) -> None:
    values = [np.full(1000, float(number)) for number in range(KEPT + 2)]
    moved = []
    for value in [values[0], values[0], *values, values[0]]:
        start = cluster.moved
        assert [*cluster.map(partial(scaled, value), range(2))] == [0.0, value.sum()]
        moved.append(cluster.moved - start > value.nbytes)
    assert moved == [True, False, False, *[True] * (KEPT + 1), True]


def test_a_tile_on_the_diagonal_is_a_product_with_its_own_transpose_there_too(cluster: Cluster) -> None:
    """Which NumPy computes in another way than other products."""
    x = normal_rows(44)
    for shift in range(4):
        # What is sent before it in one message moves it.
        before = b"x" * (3000 + shift)
        (found,) = cluster.map(partial(with_own_transpose, before, x), [0])
        assert np.array_equal(found, x @ x.T)
        # The same of what a method belongs to.
        (found,) = cluster.map(Held(before, x).with_own_transpose, [0])
        assert np.array_equal(found, x @ x.T)


@dataclass(frozen=True)
class Held:
    before: bytes
    x: FloatArray

    def with_own_transpose(self, item: int) -> FloatArray:
        return with_own_transpose(self.before, self.x, item)


def with_own_transpose(before: bytes, x: FloatArray, item: int) -> FloatArray:
    return np.asarray(x @ x.T)


@pytest.mark.parametrize("shift", [0, 1, 8])
def test_an_array_that_comes_at_an_odd_address_is_moved(shift: int) -> None:
    buffer = np.zeros(96 + 32, np.uint8)
    start = -buffer.ctypes.data % 16 + shift
    odd = np.frombuffer(buffer.data[start : start + 96]).reshape(3, 4)
    moved = aligned({"x": odd.T})["x"]
    assert moved.ctypes.data % 16 == 0
    assert np.shares_memory(moved, odd) == (shift == 0)
    assert moved.flags.f_contiguous
    assert np.array_equal(moved, odd.T)
