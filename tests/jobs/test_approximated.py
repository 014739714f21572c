"""The trial of an approximation: as many centres as are quickly chosen, and what they leave out."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.jobs.approximated import approximated
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.planning.budget import Budget
from ntkcli.planning.nystrom_planner import NystromPlanner
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.question import Question
from ntkcli.spec.network import NetworkSpec

ROWS = 300
PLENTY = Budget(2**40, 2**50, Path("run"))
X = np.random.default_rng(1).normal(size=(ROWS, 6))
EVALUATOR = Evaluator(network_of(NetworkSpec(depth=2), 6))


def planner(**changes: Any) -> NystromPlanner:
    sizes, question = Sizes(n=ROWS, m=10, d=6, depth=2), Question({"ntk": [math.inf]}, uncertainty="none")
    return replace(NystromPlanner("auto", "auto", 0, sizes, PLENTY, question, 0, ROWS), **changes)


def left_out(evaluator: Evaluator, rows: np.ndarray, others: np.ndarray) -> float:
    """The share of the trace over other rows that some centres leave out, by its definition."""
    network = evaluator.network
    centres, rest = network.rows(X[rows]), network.rows(X[others])
    between = evaluator.rectangle(rest, centres, ["ntk"])["ntk"]
    own = evaluator.rectangle(centres, centres, ["ntk"])["ntk"]
    known = np.einsum("ij,ji->", between, np.linalg.solve(own, between.T))
    return 1 - float(known) / float(rest.diagonal("ntk").sum())


def test_all_rows_as_centres_leave_nothing_out() -> None:
    found = approximated(planner(), EVALUATOR, X)
    assert found is not None
    assert (found.plan.centres, found.tried, found.left_out) == (ROWS, ROWS, 0.0)


def test_fewer_centres_are_tried_where_choosing_them_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.jobs.approximated.MOST_OPERATIONS", 3e7)
    found = approximated(planner(), EVALUATOR, X)
    assert found is not None
    assert found.plan.centres == ROWS
    assert 20 <= found.tried < ROWS
    some = np.random.default_rng(3).permutation(ROWS)
    uniform = left_out(EVALUATOR, some[: found.tried], some[found.tried :])
    assert found.left_out == pytest.approx(uniform, rel=0.3)


def test_what_no_memory_allows_is_not_tried() -> None:
    assert approximated(planner(budget=replace(PLENTY, memory=2**20)), EVALUATOR, X) is None
