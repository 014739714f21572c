from typing import Any, Literal

import numpy as np
import pytest

from ntkcli.arrays import FloatArray, in_memory
from ntkcli.jobs.network import network_of
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.question import Question
from ntkcli.regression.stages import ways
from ntkcli.regression.support import Support
from ntkcli.spec.network import NetworkSpec

from .cases import Regression

INF = float("inf")
N = 6
NETWORK = network_of(NetworkSpec(), 4)


class CountingEvaluator(Evaluator):
    """Notes the kernels that matrices of the training rows are asked for, call by call."""

    calls: list[list[str]]

    def symmetric(
        self, rows: Any, grams: Any, *args: Any, **settings: Any
    ) -> dict[GramName, SymmetricBlocks]:
        if len(rows) == N:
            self.calls.append(sorted(grams))
        return super().symmetric(rows, grams, *args, **settings)


@pytest.fixture
def evaluator() -> CountingEvaluator:
    counting = CountingEvaluator(NETWORK)
    counting.calls = []
    return counting


@pytest.fixture
def support(evaluator: CountingEvaluator) -> Support:
    return Support(evaluator, NETWORK.rows(np.random.default_rng(0).normal(size=(N, 3))))


def predict(support: Support, times: dict[KernelName, list[float]], solver: str, uncertainty: Any) -> None:
    question = Question(times, ridge=0.1, uncertainty=uncertainty)
    stages = next(ways(question, solver))
    y = np.random.default_rng(1).normal(size=(N, 1))
    test = NETWORK.rows(np.random.default_rng(2).normal(size=(2, 3)))
    answers = list(Regression(support, y, question, stages).answers(test))
    assert len(answers) == len(question.pairs)


def test_matrices_that_are_missing_are_computed_in_one_pass(
    evaluator: CountingEvaluator, support: Support
) -> None:
    support.need(["nngp", "ntk"], Journal())
    assert evaluator.calls == [["nngp", "ntk"]]
    assert set(support.matrices) == {"nngp", "ntk"}


def test_a_matrix_at_hand_is_not_computed_again(evaluator: CountingEvaluator, support: Support) -> None:
    support.need(["nngp"], Journal())
    kept = support.matrices["nngp"]
    support.need(["nngp", "ntk"], Journal())
    support.need(["ntk"], Journal())
    support.need([], Journal())
    assert evaluator.calls == [["nngp"], ["ntk"]]
    assert support.matrices["nngp"] is kept


def test_a_matrix_given_away_is_computed_again(evaluator: CountingEvaluator, support: Support) -> None:
    support.need(["ntk"], Journal())
    given = support.matrices.pop("ntk").to_array()
    support.need(["ntk"], Journal())
    assert evaluator.calls == [["ntk"], ["ntk"]]
    assert np.array_equal(support.matrices["ntk"].to_array(), given)


def test_blocks_live_where_the_store_says(evaluator: CountingEvaluator, support: Support) -> None:
    sizes = []

    def allocate(size: int, dtype: np.dtype[Any]) -> FloatArray:
        sizes.append((size, dtype))
        return in_memory(size, dtype)

    Support(evaluator, support.rows, allocate=allocate).need(["nngp", "ntk"], Journal())
    assert sizes == [(N * N, np.dtype(np.float64))] * 2


def test_computing_is_timed(support: Support) -> None:
    journal = Journal()
    support.need([], journal)
    assert journal.timings == {}
    support.need(["ntk"], journal)
    assert set(journal.timings) == {"gram"}


@pytest.mark.parametrize(
    ("times", "solver", "uncertainty", "calls"),
    [
        ({"ntk": [INF]}, "cholesky", "none", [["ntk"]]),
        ({"ntk": [INF]}, "cholesky", "variance", [["nngp", "ntk"]]),
        ({"ntk": [1.0, INF]}, "eigh", "covariance", [["nngp", "ntk"]]),
        ({"ntkgp": [INF]}, "cholesky", "variance", [["ntk"]]),
        ({"ntk": [0.0]}, "lanczos", "variance", []),
        ({"ntk": [0.0, INF]}, "lanczos", "none", [["ntk"]]),
    ],
)
def test_both_kernels_are_computed_only_for_the_spread_of_ntk(
    evaluator: CountingEvaluator,
    support: Support,
    times: dict[KernelName, list[float]],
    solver: str,
    uncertainty: str,
    calls: list[list[str]],
) -> None:
    predict(support, times, solver, uncertainty)
    assert evaluator.calls == calls


@pytest.mark.parametrize("uncertainty", ["none", "variance"])
def test_a_matrix_used_up_by_a_stage_is_computed_for_the_next(
    evaluator: CountingEvaluator, support: Support, uncertainty: Literal["none", "variance"]
) -> None:
    """K is kept for the later stages of ntk: it is computed once."""
    predict(support, {"ntk": [0.01, 1.0, INF]}, "lanczos", uncertainty)
    first = ["ntk"] if uncertainty == "none" else ["nngp", "ntk"]
    assert evaluator.calls == [first, ["ntk"], ["ntk"]]
    assert set(support.matrices) == set(first) - {"ntk"}


@pytest.mark.parametrize("solver", ["eigh", "lanczos"])
def test_k_is_kept_for_nngp_and_then_used_up(
    evaluator: CountingEvaluator, support: Support, solver: str
) -> None:
    predict(support, {"nngp": [1.0], "ntk": [1.0]}, solver, "variance")
    assert evaluator.calls == [["nngp", "ntk"]]
    assert support.matrices == {}
