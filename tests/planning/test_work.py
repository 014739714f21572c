"""Arithmetic of a stage, by reason."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.planning.sizes import Sizes
from ntkcli.planning.work import Work, stage_work
from ntkcli.solvers.cost import SOLVE_EFFICIENCY

from .stages import NAMES, SIZES, question, stage


def operations(solver: str, sizes: Sizes = SIZES, uncertainty: str = "variance") -> float:
    return stage_work(stage(solver), sizes, question(solver, uncertainty=uncertainty)).operations(sizes)


@pytest.mark.parametrize("uncertainty", ["none", "variance"])
@pytest.mark.parametrize("solver", NAMES)
@given(n=st.integers(2, 10**5), m=st.integers(1, 10**5), more=st.integers(1, 10**4))
def test_more_rows_are_more_work(solver: str, uncertainty: str, n: int, m: int, more: int) -> None:
    here, larger, longer = (
        operations(solver, Sizes(n, m, d=10), uncertainty) for n, m in ((n, m), (n + more, m), (n, m + more))
    )
    assert larger > here
    assert longer > here


@pytest.mark.parametrize(
    ("solver", "factor"), [("cholesky", 1 / 3 / 0.85), ("lanczos", 1 / 3 / 0.85), ("eigh", 9 / 0.9)]
)
def test_with_many_training_rows_the_factorisation_is_all_the_work(solver: str, factor: float) -> None:
    """In operations of a matrix product that would take as long."""
    work = stage_work(stage(solver), Sizes(10**7, 1, 1), question(solver))
    assert work.algebra == pytest.approx(factor * 10.0**21, rel=0.01)


@pytest.mark.parametrize(("solver", "least"), [("cholesky", 2.0), ("lanczos", 20.0), ("eigh", 2.0)])
def test_standard_deviations_cost_solves_for_every_test_row(solver: str, least: float) -> None:
    n, m = 1000, 10**6
    with_std, without = (
        stage_work(stage(solver), Sizes(n, m, 1), question(solver, uncertainty=uncertainty))
        for uncertainty in ("variance", "none")
    )
    assert with_std.entries == without.entries
    assert with_std.algebra - without.algebra >= least * m * n**2 / SOLVE_EFFICIENCY


def test_the_prior_is_no_work() -> None:
    assert stage_work(stage("none"), SIZES, question("none", uncertainty="variance")) == Work()


def test_work_adds_up() -> None:
    one, other = Work(1, 2), Work(10, 20)
    assert one + other == Work(11, 22)
    assert (one + other).operations(SIZES) == pytest.approx(one.operations(SIZES) + other.operations(SIZES))


def test_deeper_networks_and_more_features_make_an_entry_dearer() -> None:
    entries = Work(entries=1e6)
    plain = entries.operations(SIZES)
    assert entries.operations(replace(SIZES, depth=5)) > plain
    assert entries.operations(replace(SIZES, d=1000)) > plain
    assert Work(algebra=1e6).operations(SIZES) == Work(algebra=1e6).operations(replace(SIZES, depth=5))
