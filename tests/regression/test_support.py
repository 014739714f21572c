from typing import Any, Literal

import numpy as np
import pytest
from ntkcli.regression.gram_store import GramStore

from ntkcli.arrays import FloatArray, in_memory
from ntkcli.jobs.network import network_of
from ntkcli.kernels.gram import Gram
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.regression.fitted_model import Regression
from ntkcli.regression.question import Question
from ntkcli.regression.stages import SolverChoice, ladders
from ntkcli.spec.network import NetworkSpec

INF = float("inf")
N = 6
NETWORK = network_of(NetworkSpec(), 4)


class CountingGram(Gram):
    """Notes the kernels that matrices of the training rows are asked for, call by call."""

    calls: list[list[str]]

    def symmetric(self, rows: Any, kernels: Any, *args: Any, **settings: Any) -> dict[str, SymmetricBlocks]:
        if len(rows) == N:
            self.calls.append(sorted(kernels))
        return super().symmetric(rows, kernels, *args, **settings)


@pytest.fixture
def gram() -> CountingGram:
    counting = CountingGram(NETWORK)
    counting.calls = []
    return counting


@pytest.fixture
def store(gram: CountingGram) -> GramStore:
    return GramStore(gram, NETWORK.rows(np.random.default_rng(0).normal(size=(N, 3))))


def predict(store: GramStore, times: dict[str, list[float]], solver: SolverChoice, spread: Any) -> None:
    question = Question(times, ridge=0.1, spread=spread)
    (stages,) = ladders(question, solver)
    y = np.random.default_rng(1).normal(size=(N, 1))
    test = NETWORK.rows(np.random.default_rng(2).normal(size=(2, 3)))
    answers = list(Regression(store, y, question, stages).answers(test))
    assert len(answers) == len(question.pairs)


def test_matrices_that_are_missing_are_computed_in_one_pass(gram: CountingGram, store: GramStore) -> None:
    store.need(["nngp", "ntk"])
    assert gram.calls == [["nngp", "ntk"]]
    assert set(store.matrices) == {"nngp", "ntk"}


def test_a_matrix_at_hand_is_not_computed_again(gram: CountingGram, store: GramStore) -> None:
    store.need(["nngp"])
    kept = store.matrices["nngp"]
    store.need(["nngp", "ntk"])
    store.need(["ntk"])
    store.need([])
    assert gram.calls == [["nngp"], ["ntk"]]
    assert store.matrices["nngp"] is kept


def test_a_matrix_given_away_is_computed_again(gram: CountingGram, store: GramStore) -> None:
    store.need(["ntk"])
    given = store.matrices.pop("ntk").to_array()
    store.need(["ntk"])
    assert gram.calls == [["ntk"], ["ntk"]]
    assert np.array_equal(store.matrices["ntk"].to_array(), given)


def test_blocks_live_where_the_store_says(gram: CountingGram, store: GramStore) -> None:
    sizes = []

    def allocate(size: int, dtype: np.dtype[Any]) -> FloatArray:
        sizes.append((size, dtype))
        return in_memory(size, dtype)

    GramStore(gram, store.rows, allocate=allocate).need(["nngp", "ntk"])
    assert sizes == [(N * N, np.dtype(np.float64))] * 2


def test_computing_is_timed(store: GramStore) -> None:
    store.need([])
    assert store.journal.timings == {}
    store.need(["ntk"])
    assert set(store.journal.timings) == {"gram"}


@pytest.mark.parametrize(
    ("times", "solver", "spread", "calls"),
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
    gram: CountingGram,
    store: GramStore,
    times: dict[str, list[float]],
    solver: SolverChoice,
    spread: str,
    calls: list[list[str]],
) -> None:
    predict(store, times, solver, spread)
    assert gram.calls == calls


@pytest.mark.parametrize("spread", ["none", "variance"])
def test_a_matrix_used_up_by_a_stage_is_computed_for_the_next(
    gram: CountingGram, store: GramStore, spread: Literal["none", "variance"]
) -> None:
    """K is kept for the later stages of ntk: it is computed once."""
    predict(store, {"ntk": [0.01, 1.0, INF]}, "lanczos", spread)
    first = ["ntk"] if spread == "none" else ["nngp", "ntk"]
    assert gram.calls == [first, ["ntk"], ["ntk"]]
    assert set(store.matrices) == set(first) - {"ntk"}


@pytest.mark.parametrize("solver", ["eigh", "lanczos"])
def test_k_is_kept_for_nngp_and_then_used_up(
    gram: CountingGram, store: GramStore, solver: SolverChoice
) -> None:
    predict(store, {"nngp": [1.0], "ntk": [1.0]}, solver, "variance")
    assert gram.calls == [["nngp", "ntk"]]
    assert store.matrices == {}
