"""How many centres there are, what they take, and what is said when that is too much."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.errors import ResourceError, SpecError
from ntkcli.planning.budget import Budget
from ntkcli.planning.nystrom_planner import MOST_OPERATIONS, STEPS, NystromPlanner
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.question import Question

GIB = 2**30


def planner(centres: int | str = 1000, *, memory: int = 64 * GIB, **keys: Any) -> NystromPlanner:
    """Of a million rows, of which 100,000 are at hand."""
    question = Question({keys.pop("kernel", "nngp"): [math.inf]}, ridge=0.1, uncertainty="variance")
    values: dict[str, Any] = {
        "sample": "auto",
        "seed": 0,
        "sizes": Sizes(n=1_000_000, m=1000, d=20),
        "budget": Budget(memory, 2**45, Path("runs")),
        "question": question,
        "held_out": 4000,
        "at_hand": 100_000,
    }
    return NystromPlanner(centres, **(values | keys))


def test_memory_does_not_depend_on_the_rows_of_the_file() -> None:
    small = planner()
    large = replace(small, sizes=replace(small.sizes, n=10_000_000))
    assert large.plan(1000).memory_bytes == small.plan(1000).memory_bytes
    ratio = large.plan(1000).operations / small.plan(1000).operations
    assert 8 < ratio < 10


@given(st.integers(2, 50_000), st.integers(2, 50_000))
def test_more_centres_take_more(one: int, other: int) -> None:
    less, more = (planner().plan(count) for count in sorted((one, other)))
    assert less.memory_bytes <= more.memory_bytes
    assert less.operations <= more.operations
    assert less.model_bytes <= more.model_bytes


@pytest.mark.parametrize("memory", [GIB, 4 * GIB, 1000 * GIB])
def test_auto_is_the_most_that_memory_and_patience_allow(memory: int) -> None:
    found = planner("auto", memory=memory)
    best = found.checked()
    assert best.centres in STEPS
    assert best.memory_bytes <= memory
    assert best.operations <= MOST_OPERATIONS
    following = found.plan(STEPS[STEPS.index(best.centres) + 1])
    assert following.memory_bytes > memory or following.operations > MOST_OPERATIONS


def test_auto_takes_every_row_of_a_small_table() -> None:
    few = planner("auto", sizes=Sizes(n=772, m=10, d=8), at_hand=772, held_out=154)
    assert few.checked().centres == 772


def test_auto_takes_no_more_centres_than_there_is_sample() -> None:
    assert planner("auto", sample=700).checked().centres == 700


@pytest.mark.parametrize("kernel", ["nngp", "ntk", "ntkgp"])
@pytest.mark.parametrize("gib", [0.5, 1, 4])
def test_the_centres_that_a_refusal_names_fit(kernel: str, gib: float) -> None:
    memory = int(gib * GIB)
    with pytest.raises(ResourceError, match=r"50,000 centres need about .* are there: use ") as refusal:
        planner(50_000, memory=memory, kernel=kernel).checked()
    (named,) = re.findall(r"use ([\d,]+) centres or fewer, or more memory", str(refusal.value))
    assert planner(int(named.replace(",", "")), memory=memory, kernel=kernel).checked()


def test_a_memory_that_no_centres_fit_is_too_little() -> None:
    with pytest.raises(ResourceError, match="give it more memory"):
        planner(1000, memory=2**20).checked()


def test_a_disk_that_the_model_does_not_fit_is_told() -> None:
    with pytest.raises(ResourceError, match="not enough disk: the model takes"):
        planner(5000, budget=Budget(64 * GIB, 2**20, Path("runs"))).checked()


@pytest.mark.parametrize(
    ("rows", "what"), [(100_000, "training rows:"), (10**6, "training rows that centres are chosen from:")]
)
def test_more_centres_than_rows_are_refused(rows: int, what: str) -> None:
    many = planner(100_001, sizes=Sizes(n=rows, m=10, d=3))
    with pytest.raises(
        SpecError, match=rf"100,001 are more than the 100,000 {what} .* up to 100000, or auto"
    ):
        many.checked()


def test_an_ensemble_sums_both_matrices_and_between_them() -> None:
    nngp, ntk = (planner(kernel=kernel).plan(1000) for kernel in ("nngp", "ntk"))
    assert (nngp.grams, nngp.has_cross) == (["nngp"], False)
    assert ({*ntk.grams}, ntk.has_cross) == ({"nngp", "ntk"}, True)
    assert ntk.memory_bytes > nngp.memory_bytes


def test_a_worker_of_a_cluster_has_the_centres_once_and_sums_for_each_task() -> None:
    """A factor and sums of m^2 numbers for each Gram matrix, and the products between the two."""
    m, features = 5000, 4096
    posterior, ensemble = planner(kernel="nngp").plan(m), planner(kernel="ntk").plan(m)
    assert posterior.shared_bytes == pytest.approx(8 * m**2, rel=0.01)
    assert ensemble.shared_bytes == pytest.approx(2 * 8 * m**2, rel=0.01)
    assert posterior.task_bytes == pytest.approx(8 * (m**2 + features * m), rel=0.03)
    assert ensemble.task_bytes == pytest.approx(8 * (3 * m**2 + 2 * features * m), rel=0.03)
    assert posterior.memory_bytes > posterior.shared_bytes + posterior.task_bytes
