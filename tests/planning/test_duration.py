import numpy as np
import pytest

from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.planning.duration import STARTUP_SECONDS, Speed
from ntkcli.planning.plan import Plan
from ntkcli.planning.work import FILE_SLOWDOWN, Work
from ntkcli.solvers.storage import Storage
from ntkcli.spec.network import NetworkSpec

SPEED = Speed(operations=1e9, entries=1e6)
NOTHING = Work()
KERNELS = Work(entries=3e6)
ALGEBRA = Work(algebra=14e9)


def plan(work: Work, *, in_file: bool = False) -> Plan:
    return Plan(
        [],
        Storage("file" if in_file else "memory"),
        memory_bytes=0,
        disk_bytes=0,
        work=work,
        operations=0.0,
    )


def test_what_is_nothing_to_do_takes_the_start() -> None:
    assert SPEED.seconds(plan(NOTHING), 8) == STARTUP_SECONDS


def test_kernel_entries_take_their_time_whatever_they_are_stored_as() -> None:
    assert SPEED.seconds(plan(KERNELS), 8) == SPEED.seconds(plan(KERNELS), 4) == STARTUP_SECONDS + 3


def test_linear_algebra_takes_as_long_as_the_products_it_is_counted_in() -> None:
    assert SPEED.seconds(plan(ALGEBRA), 8) == pytest.approx(STARTUP_SECONDS + 14)


def test_linear_algebra_in_float32_takes_half_the_time() -> None:
    long, short = (SPEED.seconds(plan(ALGEBRA), itemsize) - STARTUP_SECONDS for itemsize in (8, 4))
    assert short == pytest.approx(long / 2)


def test_blocks_in_a_file_take_longer() -> None:
    work = KERNELS + ALGEBRA
    in_file, in_memory = (
        SPEED.seconds(plan(work, in_file=place), 8) - STARTUP_SECONDS for place in (True, False)
    )
    assert in_file == pytest.approx(FILE_SLOWDOWN * in_memory)
    assert FILE_SLOWDOWN > 1


def test_the_speed_of_this_machine_is_plausible() -> None:
    network = network_of(NetworkSpec(activation="relu"), 4)
    speed = Speed.measured(
        Evaluator(network, tile_rows=64), network.rows(np.random.default_rng(0).normal(size=(300, 4)))
    )
    assert 1e8 < speed.operations < 1e15
    assert 1e4 < speed.entries < 1e11


def test_two_rows_are_enough_to_measure_the_speed() -> None:
    network = network_of(NetworkSpec(activation="erf"), 2)
    assert Speed.measured(Evaluator(network), network.rows(np.eye(2))).entries > 0
