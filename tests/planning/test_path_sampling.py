import math
from dataclasses import replace
from typing import Any

import pytest

from ntkcli.planning.footprint import stage_bytes
from ntkcli.planning.path_sampling import DEARER, USUAL_SAMPLES, planned_work, with_sampling
from ntkcli.planning.sizes import Sizes
from ntkcli.planning.work import stage_work
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Pair, Question
from ntkcli.regression.sampled import PILOT_ROWS
from ntkcli.regression.stages import PathSampling, Stage
from ntkcli.solvers.catalogue import SOLVERS

SIZES = Sizes(n=60_000, m=10_000, d=784)
TIMES = {"pcg": math.inf, "chebyshev": 1.0, "cholesky": math.inf, "eigh": 1.0}

by_products = pytest.mark.parametrize("solver", ["pcg", "chebyshev"])


def stage(solver: str, kernel: KernelName = "nngp") -> Stage:
    return Stage(KERNELS[kernel].gram, SOLVERS[solver], (Pair(kernel, TIMES[solver]),))


def question(solver: str, samples: Any = "auto", kernel: KernelName = "nngp", **changes: Any) -> Question:
    return Question({kernel: [TIMES[solver]]}, rate=1.0, variance_samples=samples, **changes)


def chosen(solver: str, samples: Any = "auto", sizes: Sizes = SIZES, **changes: Any) -> PathSampling | None:
    return with_sampling(stage(solver), sizes, question(solver, samples, **changes), "tiles").sampling


@by_products
def test_many_test_rows_have_samples_and_few_are_solved_for(solver: str) -> None:
    many = chosen(solver)
    assert many
    assert many.count == USUAL_SAMPLES
    assert 100 < many.least_rows <= SIZES.m
    assert chosen(solver, sizes=replace(SIZES, m=100)) is None


@by_products
def test_from_the_least_rows_on_solves_are_far_dearer(solver: str) -> None:
    sampling = chosen(solver)
    assert sampling
    plain, asked = stage(solver), question(solver)
    for rows, is_dearer in ((sampling.least_rows, True), (sampling.least_rows // 2, False)):
        sizes = replace(SIZES, m=rows)
        solved = stage_work(plain, sizes, asked, "tiles").operations(sizes)
        sampled = planned_work(replace(plain, sampling=PathSampling(USUAL_SAMPLES)), sizes, asked, "tiles")
        assert (solved > DEARER * sampled.operations(sizes)) == is_dearer


@by_products
def test_none_is_a_solve_for_every_row_and_a_number_is_samples_always(solver: str) -> None:
    assert chosen(solver, "none") is None
    assert chosen(solver, 20, replace(SIZES, m=1)) == PathSampling(20, PILOT_ROWS + 1)


@by_products
def test_a_stage_that_has_samples_keeps_them(solver: str) -> None:
    fitted = replace(stage(solver), sampling=PathSampling(7, 9))
    assert with_sampling(fitted, SIZES, question(solver, 20), "tiles") == fitted


@pytest.mark.parametrize("samples", ["auto", 20])
@pytest.mark.parametrize("uncertainty", ["none", "covariance"])
def test_only_variances_have_samples(samples: Any, uncertainty: Any) -> None:
    assert chosen("pcg", samples, uncertainty=uncertainty) is None


@pytest.mark.parametrize("samples", ["auto", 20])
@pytest.mark.parametrize("solver", ["cholesky", "eigh"])
def test_solvers_that_factor_have_none(solver: str, samples: Any) -> None:
    assert chosen(solver, samples) is None


@by_products
@pytest.mark.parametrize("kernel", ["nngp", "ntk"])
def test_more_samples_and_more_rows_are_more_work(solver: str, kernel: KernelName) -> None:
    asked = question(solver, kernel=kernel)

    def work(count: int, sizes: Sizes) -> float:
        sampled = replace(stage(solver, kernel), sampling=PathSampling(count))
        return planned_work(sampled, sizes, asked, "tiles").operations(sizes)

    assert work(64, SIZES) < work(128, SIZES) < work(512, SIZES)
    assert work(64, SIZES) < work(64, replace(SIZES, m=20_000)) < work(64, replace(SIZES, m=200_000))


@by_products
def test_memory_grows_with_the_samples_and_not_with_the_square_of_the_rows(solver: str) -> None:
    asked = question(solver)

    def memory(count: int, n: int) -> int:
        sampled = replace(stage(solver), sampling=PathSampling(count))
        return stage_bytes(sampled, replace(SIZES, n=n, d=1), asked, "tiles")

    assert memory(128, 10**6) < memory(1000, 10**6)
    assert memory(128, 2 * 10**6) < 2.1 * memory(128, 10**6)


@pytest.mark.parametrize(
    ("count", "text"), [(128, "about 6.2 %"), (2, "about 50 %"), (20_000, "about 0.5 %")]
)
def test_what_is_said_has_the_standard_error(count: int, text: str) -> None:
    assert text in PathSampling(count).text
    assert f"{count:,} samples" in PathSampling(count).text
