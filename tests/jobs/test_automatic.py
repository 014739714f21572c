"""`auto` finds the ridge and the time that have the least leave-one-out error."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.errors import ResourceError
from ntkcli.jobs.automatic import _search, automatic
from ntkcli.jobs.automatic_rows import automatic_rows
from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job
from ntkcli.jobs.ranges import automatic_times, spaced
from ntkcli.jobs.sample import sampled
from ntkcli.journal import Journal
from ntkcli.kernels.rows import GramName
from ntkcli.planning.budget import Budget
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Ridge
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


def loo_rmse(dense: Dense, asked: InferenceSpec, ridge: Ridge, time: float) -> float:
    assert isinstance(ridge, float)
    candidate = Candidate(asked.kernel[0], asked.ridge_scale, ridge, time)
    return dense.rmse(dense.leave_one_out(candidate, np.arange(len(dense.y)))[0])


@pytest.mark.parametrize("kernel", ["nngp", "ntk", "ntkgp"])
@pytest.mark.parametrize("scale", ["absolute", "trace"])
def test_no_ridge_is_better_than_the_automatic_one(find: Find, kernel: KernelName, scale: str) -> None:
    asked, _, dense = find(kernel=kernel, ridge="auto", ridge_scale=scale)
    best = loo_rmse(dense, asked, asked.given_ridge, math.inf)
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
    scores = [loo_rmse(dense, one, one.given_ridge, one.times[0]) for one in (both, ridge, time)]
    assert scores[0] <= min(scores) * (1 + 1e-3)


def test_the_numbers_are_reported_to_the_journal(find: Find) -> None:
    asked, lines, dense = find(kernel="nngp", ridge="auto")
    score = loo_rmse(dense, asked, asked.given_ridge, math.inf)
    (line,) = lines
    given = f"inference.ridge: auto is {asked.ridge:.6g} (leave-one-out rmse {score:.4g} +- "
    assert line.startswith(given)
    assert 0 < float(line.removeprefix(given).removesuffix(")")) < score


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


def test_of_many_rows_a_sample_is_enough(
    find: Find, make_spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.jobs.automatic_rows.ROWS", 10)
    sampled_rows: list[int] = []
    monkeypatch.setattr("ntkcli.jobs.automatic.sampled", spied(sampled_rows))
    asked, lines, _ = find(kernel="nngp", ridge="auto")
    assert sampled_rows == [10]
    assert asked.given_ridge != find_all(make_spec).given_ridge
    assert lines[0].endswith(", of 10 rows)")


def spied(rows: list[int]) -> Callable[[Job, int], Job]:
    def note(job: Job, wanted: int) -> Job:
        rows.append(wanted)
        return sampled(job, wanted)

    return note


def find_all(make_spec: MakeSpec) -> InferenceSpec:
    """What all rows say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ntkcli.jobs.automatic_rows.ROWS", 2000)
        with open_job(read_spec(make_spec(inference={"kernel": "nngp", "ridge": "auto"})), Journal()) as job:
            return automatic(job)


def test_a_time_found_by_few_rows_learns_as_much_of_all(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten copies of the rows have ten times the eigenvalues, and take a tenth of the time."""
    asked, _, _ = find(kernel="nngp", time="auto", ridge=1e-3)
    monkeypatch.setattr("ntkcli.jobs.automatic.sampled", lambda job, rows: job)
    monkeypatch.setattr("ntkcli.jobs.automatic.automatic_rows", lambda sizes, budget: 13)
    monkeypatch.setattr("ntkcli.jobs.automatic._search", with_rows(140))
    tenth, _, _ = find(kernel="nngp", time="auto", ridge=1e-3)
    assert tenth.times == pytest.approx([asked.times[0] / 10], rel=1e-4)


def with_rows(rows: int) -> Callable[[Job, GramName, int], Any]:
    return lambda job, gram, _: _search(job, gram, rows)


def test_several_kernels_have_a_ridge_for_each_gram_matrix(find: Find) -> None:
    both, lines, _ = find(kernel=["ntk", "nngp", "ntkgp"], ridge="auto")
    alone = {kernel: find(kernel=kernel, ridge="auto")[0].given_ridge for kernel in ("ntk", "nngp")}
    assert both.given_ridge == alone
    assert [line.split(" (")[0] for line in lines] == [
        f"inference.ridge: auto is {alone[gram]:.6g} for {gram}" for gram in ("nngp", "ntk")
    ]


def test_in_float32_a_ridge_is_above_the_rounding(make_spec: MakeSpec) -> None:
    inference = {"kernel": "nngp", "ridge": "auto", "ridge_scale": "absolute"}
    found = {}
    for dtype in ("float64", "float32"):
        source = read_spec(make_spec(inference=inference, compute={"dtype": dtype}, data={"target": "a"}))
        with open_job(source, Journal()) as job:
            found[dtype] = automatic(job).given_ridge
            gram = job.evaluator.symmetric(job.train, ["nngp"])["nngp"].to_array().astype(np.float64)
    assert isinstance(found["float32"], float)
    assert found["float32"] >= 90 * np.finfo(np.float32).eps * np.linalg.eigvalsh(gram)[-1]


def test_where_memory_is_scarce_fewer_rows_choose() -> None:
    def rows(n: int, memory: int) -> int:
        return automatic_rows(Sizes(n, m=10, d=5), Budget(memory, 2**40, Path()))

    assert rows(14, 2**35) == 14
    assert rows(100_000, 2**35) == 2000
    assert 250 <= rows(100_000, 340 * 2**20) < 2000
    assert rows(100_000, 1000) == 250


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
