"""Threads: tiles in a pool, and BLAS at one thread in each and around them."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from ntkcli.inference.solution import solve
from ntkcli.kernels.network import Network
from ntkcli.solvers.cholesky import CholeskySolver
from ntkcli.solvers.eigh import EighSolver
from ntkcli.solvers.lanczos import LanczosSolver

from .run_files import ALL_KERNELS, MakeSpec, Ntk, load_json


def blas_threads() -> set[int]:
    """Of every BLAS library there is."""
    found = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    assert found, "threadpoolctl knows of no BLAS: these tests can show nothing"
    return found


class Watch:
    """What was seen of threads while a command ran.

    tiles, factors, solves: numbers of BLAS threads.
    expected: tiles at the same time.
    most: tiles at the same time, as it was.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tiles: set[int] = set()
        self.factors: set[int] = set()
        self.solves: set[int] = set()
        self.expected = 1
        self.most = 0
        self._now = 0
        self._change = threading.Condition()
        monkeypatch.setattr(Network, "tile", self._around_tile(Network.tile))
        for solver in (CholeskySolver, LanczosSolver, EighSolver):
            monkeypatch.setattr(solver, "factor", self._around(solver.factor, self.factors))
        monkeypatch.setattr("ntkcli.regression.solve.solve", self._around(solve, self.solves))

    def _around_tile(self, tile: Callable[..., Any]) -> Callable[..., Any]:
        def spy(*args: Any, **settings: Any) -> Any:
            with self._change:
                self._now += 1
                self.most = max(self.most, self._now)
                self.tiles |= blas_threads()
                self._change.notify_all()
                # Every thread that there should be gets the time to join in, and one more.
                self._change.wait_for(lambda: self.most >= self.expected, timeout=60)
            time.sleep(0.001)
            found = tile(*args, **settings)
            with self._change:
                self._now -= 1
            return found

        return spy

    def _around(self, whole: Callable[..., Any], seen: set[int]) -> Callable[..., Any]:
        def spy(*args: Any, **settings: Any) -> Any:
            seen.update(blas_threads())
            return whole(*args, **settings)

        return spy


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


@pytest.mark.parametrize("solver", ["eigh", "lanczos"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_tiles_have_a_thread_each_and_blas_has_one_throughout(
    make_spec: MakeSpec, ntk: Ntk, watch: Watch, threads: int, solver: str
) -> None:
    watch.expected = threads
    compute = {"threads": threads, "tile": 4, "solver": solver}
    outcome = ntk("fit", make_spec(inference=ALL_KERNELS, compute=compute))
    assert outcome.returncode == 0
    assert watch.tiles == {1}
    assert watch.most == threads
    assert watch.factors == watch.solves == {1}


def test_a_covariance_is_computed_with_a_thread_each_too(make_spec: MakeSpec, ntk: Ntk, watch: Watch) -> None:
    watch.expected = 2
    compute = {"threads": 2, "tile": 2}
    assert ntk("fit", make_spec(output={"covariance": True}, compute=compute)).returncode == 0
    assert (watch.tiles, watch.most) == ({1}, 2)


@pytest.mark.parametrize("threads", [1, 3])
def test_matrices_alone_have_a_thread_each_too(
    make_spec: MakeSpec, ntk: Ntk, watch: Watch, threads: int
) -> None:
    watch.expected = threads
    assert ntk("kernel", make_spec(compute={"threads": threads, "tile": 2})).returncode == 0
    assert (watch.tiles, watch.most) == ({1}, threads)
    assert watch.factors == set()


def test_refinement_has_a_thread_for_each_tile(make_spec: MakeSpec, ntk: Ntk, watch: Watch) -> None:
    watch.expected = 2
    compute = {"threads": 2, "tile": 4, "dtype": "mixed"}
    assert ntk("fit", make_spec(inference={"ridge": 0.1}, compute=compute)).returncode == 0
    assert (watch.tiles, watch.most) == ({1}, 2)


@pytest.mark.parametrize(("value", "threads"), [("3", 3), ("1", 1), ("3,2", 3), (" 3 ", 3)])
def test_omp_num_threads_is_the_number_of_threads(
    make_spec: MakeSpec,
    ntk: Ntk,
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    value: str,
    threads: int,
) -> None:
    watch.expected = threads
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert ntk("fit", make_spec(compute={"tile": 2})).returncode == 0
    assert (watch.tiles, watch.most, watch.factors) == ({1}, threads, {1})
    assert load_json(tmp_path / "run" / "run.json")["compute"]["threads"] == threads


@pytest.mark.parametrize("value", ["", "0", "many", "-2", "²"])
def test_an_omp_num_threads_that_is_no_number_is_passed_over(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    spec = make_spec()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert ntk("fit", spec).returncode == 0
    expected = load_json(tmp_path / "run" / "run.json")["compute"]["threads"]
    # As bytes of UTF-8, in whatever locale.
    monkeypatch.setenv("OMP_NUM_THREADS", os.fsdecode(value.encode()))
    assert ntk("fit", spec, "--overwrite").returncode == 0
    assert load_json(tmp_path / "run" / "run.json")["compute"]["threads"] == expected


def test_the_spec_goes_before_omp_num_threads(
    make_spec: MakeSpec, ntk: Ntk, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.expected = 2
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert ntk("fit", make_spec(compute={"threads": 2, "tile": 2})).returncode == 0
    assert (watch.most, watch.factors) == (2, {1})


def test_a_command_leaves_blas_as_it_was(make_spec: MakeSpec, ntk: Ntk) -> None:
    with threadpool_limits(2, user_api="blas"):
        assert ntk("fit", make_spec(compute={"threads": 3})).returncode == 0
        assert blas_threads() == {2}
