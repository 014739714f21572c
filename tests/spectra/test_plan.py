from pathlib import Path

import pytest

from ntkcli.errors import ResourceError
from ntkcli.planning.budget import Budget
from ntkcli.planning.duration import Speed
from ntkcli.planning.sizes import Sizes
from ntkcli.spectra.plan import SpectrumPlan


def plan_of(rows: int, memory: int = 2**34) -> SpectrumPlan:
    sizes, budget = Sizes(n=rows, m=500, d=10), Budget(memory, 2**40, Path("run"))
    return SpectrumPlan(sizes, 1, True, 500, budget, lambda: Speed(5e10, 2e7))


def test_what_fits_is_told_with_its_cost() -> None:
    megabytes = (plan_of(1000).sizes.base >> 20) + 154
    assert plan_of(1000).text() == f"about 1.1 s and {megabytes} MiB"
    plan_of(1000).check()


@pytest.mark.parametrize(("memory", "rows"), [(2**34, 5000), (2**30, 5000), (2**29, 3000)])
def test_the_rows_that_are_suggested_fit(memory: int, rows: int) -> None:
    plan = plan_of(40_000, memory)
    assert plan.fits(rows)
    with pytest.raises(
        ResourceError, match=rf"at most, and there are 40,000: use --rows {rows}, which takes"
    ):
        plan.check()


def test_memory_and_time_grow_with_the_rows() -> None:
    plan = plan_of(10_000)
    assert plan.memory_bytes(10_000) > 3 * 8 * 10_000**2
    assert plan.seconds(10_000) > 9 * 10_000**3 / 5e10 > plan.seconds(5000)


def test_a_speed_that_nobody_asks_for_is_not_measured() -> None:
    def measure() -> Speed:
        raise AssertionError

    plan = plan_of(1000)
    SpectrumPlan(plan.sizes, 1, True, 500, plan.budget, measure).check()


def test_more_rows_than_can_be_decomposed_have_an_approximation() -> None:
    plan = plan_of(40_000)
    with pytest.raises(ResourceError, match=r", or inference\.approximation$"):
        plan.check()
    assert plan.text().endswith(", or inference.approximation")
