"""`auto` finds the ridge and the time that have the least leave-one-out error."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.errors import ResourceError
from ntkcli.jobs.automatic import automatic
from ntkcli.jobs.job import open_job
from ntkcli.jobs.ranges import automatic_times, spaced
from ntkcli.journal import Journal
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.spec.file import read_spec
from ntkcli.spec.inference import InferenceSpec
from ntkcli.tuning.candidates import Candidate

from ..lines import Lines
from ..tuning.brute_force import Dense, MakeSpec

Find = Callable[..., tuple[InferenceSpec, list[str], Dense]]


@pytest.fixture
def find(make_spec: MakeSpec) -> Find:
    def found(**inference: Any) -> tuple[InferenceSpec, list[str], Dense]:
        source, display = read_spec(make_spec(inference=inference)), Lines()
        with open_job(source, Journal(display)) as job:
            return automatic(job), display.lines, Dense.of(source, {})

    return found


def loo_rmse(dense: Dense, asked: InferenceSpec, ridge: float, time: float) -> float:
    candidate = Candidate(asked.kernel[0], asked.ridge_scale, ridge, time)
    return dense.rmse(dense.leave_one_out(candidate, np.arange(len(dense.y)))[0])


@pytest.mark.parametrize("kernel", ["nngp", "ntk", "ntkgp"])
@pytest.mark.parametrize("scale", ["absolute", "trace"])
def test_no_ridge_is_better_than_the_automatic_one(find: Find, kernel: KernelName, scale: str) -> None:
    asked, _, dense = find(kernel=kernel, ridge="auto", ridge_scale=scale)
    best = loo_rmse(dense, asked, asked.ridge_value, math.inf)
    unit = 1.0 if scale == "trace" else dense.matrices[KERNELS[kernel].gram].diagonal().mean()
    others = [loo_rmse(dense, asked, ridge * unit, math.inf) for ridge in np.geomspace(1e-8, 10, 400)]
    assert best <= min(others) * (1 + 1e-3)
    assert (asked.kernel, asked.ridge_scale, asked.times) == ([kernel], scale, [math.inf])


@pytest.mark.parametrize("setting", [{}, {"loss": "mean", "learning_rate": 3.0}], ids=str)
def test_no_time_is_better_than_the_automatic_one(find: Find, setting: dict[str, Any]) -> None:
    asked, _, dense = find(kernel="ntk", time="auto", ridge=1e-3, **setting)
    (time,) = asked.times
    best = loo_rmse(dense, asked, 1e-3, time)
    others = [loo_rmse(dense, asked, 1e-3, t) for t in [*np.geomspace(1e-3, 1e7, 200), math.inf]]
    assert best <= min(others) * (1 + 1e-3)


def test_both_together_are_no_worse_than_each_alone(find: Find) -> None:
    both, _, dense = find(kernel="ntk", time="auto", ridge="auto")
    ridge, _, _ = find(kernel="ntk", ridge="auto")
    time, _, _ = find(kernel="ntk", time="auto", ridge=1e-6)
    scores = [loo_rmse(dense, one, one.ridge_value, one.times[0]) for one in (both, ridge, time)]
    assert scores[0] <= min(scores) * (1 + 1e-3)


def test_the_numbers_are_reported_to_the_journal(find: Find) -> None:
    asked, lines, dense = find(kernel="nngp", ridge="auto")
    score = loo_rmse(dense, asked, asked.ridge_value, math.inf)
    assert lines == [f"inference.ridge: auto is {asked.ridge:.6g} (leave-one-out rmse {score:.4g})"]


def test_numbers_stay_as_they_are(find: Find) -> None:
    asked, lines, _ = find(kernel=["nngp", "ntk"], ridge=0.25, time=[1, 2])
    assert (asked.kernel, asked.ridge, asked.time, lines) == (["nngp", "ntk"], 0.25, [1.0, 2.0], [])


def test_a_ridge_of_several_times_is_that_of_the_best_of_them(find: Find) -> None:
    asked, _, _ = find(kernel="ntk", ridge="auto", time=[0.01, math.inf])
    alone, _, _ = find(kernel="ntk", ridge="auto", time=[math.inf])
    assert asked.times == [0.01, math.inf]
    assert asked.ridge == alone.ridge


def test_too_little_memory_is_reported_before_any_is_taken(make_spec: MakeSpec, tmp_path: Path) -> None:
    path = make_spec(inference={"ridge": "auto"}, compute={"memory": 1000})
    with (
        open_job(read_spec(path), Journal()) as job,
        pytest.raises(ResourceError, match=r"inference.ridge: auto needs about \d+ MiB for 14 training rows"),
    ):
        automatic(job)


def test_too_many_rows_are_reported(make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.planning.eigendecomposition.MOST_ROWS", 13)
    with (
        open_job(read_spec(make_spec(inference={"time": "auto"})), Journal()) as job,
        pytest.raises(ResourceError, match="of 13 training rows at most, and there are 14"),
    ):
        automatic(job)


def test_automatic_times_reach_from_nothing_learned_to_all() -> None:
    *times, last = automatic_times(np.array([0.5, 1.0, 40.0]), rate=0.1)
    assert last == math.inf
    assert [times[0], times[-1]] == pytest.approx([0.025, 200.0])
    assert automatic_times(np.zeros(3), 1.0) == [math.inf]


@pytest.mark.parametrize("log", [False, True])
def test_spaced_numbers_have_both_ends(log: bool) -> None:
    points = spaced(1 / 3, 7.0, 5, log=log)
    assert (points[0], points[-1], len(points)) == (1 / 3, 7.0, 5)
    steps = np.diff(np.log(points) if log else points)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)
