"""What is in memory while a regression goes on, and for how long."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray, in_memory
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.tiling import CHUNK_ROWS
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.predict import strip_rows
from ntkcli.regression.question import Question
from ntkcli.regression.stages import ways
from ntkcli.runs.block_files import in_file
from ntkcli.solvers.catalogue import SOLVERS

from .cases import INF, Data, assert_close, assert_same, covariance, every_way, some_data, variance


def take_strips(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """So many test rows at once."""
    monkeypatch.setattr("ntkcli.regression.predict.CHUNK_ROWS", rows)
    for solver in SOLVERS.values():
        monkeypatch.setattr(type(solver), "rows_at_once", lambda *_: rows)


@every_way
@pytest.mark.parametrize("rows", [1, 4, 7, 100])
def test_chunks_of_test_rows_make_the_whole(
    kernel: KernelName, time: float, solver: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = some_data(m=7)
    whole = data.predict(kernel, time, solver, uncertainty="covariance")
    take_strips(monkeypatch, rows)
    streamed = data.predict(kernel, time, solver)
    # Lanczos stops when the worst of a chunk's columns allows it.
    tolerance = 1e-9 if solver == "lanczos" else 1e-11
    assert_same(streamed, whole, tolerance)
    assert_close(variance(streamed), covariance(whole).diagonal(), tolerance)


def test_rectangles_are_no_longer_than_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    take_strips(monkeypatch, 3)
    lengths, rectangle = [], Evaluator.rectangle

    def spy(evaluator: Evaluator, a: Rows, b: Rows, kernels: Any) -> dict[GramName, FloatArray]:
        lengths.append((len(a), len(b)))
        return rectangle(evaluator, a, b, kernels)

    monkeypatch.setattr(Evaluator, "rectangle", spy)
    some_data(n=8, m=7).predict("ntk", 1.0, "lanczos")
    assert lengths == [(3, 8), (3, 8), (1, 8)]


@pytest.mark.parametrize("solver", ["cholesky", "lanczos", "eigh"])
def test_strips_with_variances_are_short_beside_the_gram_matrix_whatever_is_tested(solver: str) -> None:
    """A strip holds five arrays of n numbers for each of its rows; half a Gram matrix is n / 2 of them."""
    question = Question({"ntk": [INF if solver == "cholesky" else 1.0]}, uncertainty="variance")
    (stage,) = next(ways(question, solver))
    for n in (100, 5000, 10_000, 100_000):
        lengths = {strip_rows(question, stage, n, m) for m in (1, 1000, 10**6)}
        assert len(lengths) == 1
        assert 5 * max(lengths) <= max(n / 2 / 3, 5 * CHUNK_ROWS)


@pytest.mark.parametrize("solver", ["cholesky", "eigh"])
def test_strips_grow_with_the_support_but_not_where_rows_are_iterated_on(solver: str) -> None:
    question = Question({"ntk": [INF]}, uncertainty="variance")
    (stage,) = next(ways(question, solver))
    assert strip_rows(question, stage, 1000, 1) < strip_rows(question, stage, 10_000, 1)
    finite = Question({"ntk": [1.0]}, uncertainty="variance")
    (iterated,) = next(ways(finite, "lanczos"))
    assert strip_rows(finite, iterated, 10**6, 1) == CHUNK_ROWS


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is gone is gone at once, and not when the collector of cycles comes by."""
    gc.disable()
    yield
    gc.enable()


class Watch:
    """Gram matrices of training rows that were computed, and which of them are still in memory.

    before: at every computation, the kernels asked for and those already in memory.
    """

    def __init__(self, data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
        self._matrices: list[tuple[str, weakref.ref[SymmetricBlocks]]] = []
        self.before: list[tuple[list[str], list[str]]] = []
        symmetric = Evaluator.symmetric

        def spy(evaluator: Evaluator, rows: Rows, kernels: Any, *args: Any, **settings: Any) -> Any:
            if len(rows) != len(data.x):
                return symmetric(evaluator, rows, kernels, *args, **settings)
            self.before.append((list(kernels), self.alive))
            matrices = symmetric(evaluator, rows, kernels, *args, **settings)
            self._matrices += [(name, weakref.ref(matrix)) for name, matrix in matrices.items()]
            return matrices

        monkeypatch.setattr(Evaluator, "symmetric", spy)

    @property
    def alive(self) -> list[str]:
        return [name for name, matrix in self._matrices if matrix() is not None]


@pytest.mark.usefixtures("no_collector")
def test_a_stage_gives_its_matrices_up_before_the_next_computes_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """K alone is kept, for the uncertainty of the next stage of ntk, and then factored for nngp."""
    data = some_data()
    watch = Watch(data, monkeypatch)
    regression = data.regression({"ntk": [0.01, 1.0, INF], "nngp": [1.0, INF]}, "lanczos")
    answers = regression.answers(data.network.rows(data.x_test))
    assert len(list(answers)) == 5
    assert watch.before == [
        (["nngp", "ntk"], []),
        (["ntk"], ["nngp"]),
        (["ntk"], ["nngp"]),
        (["nngp"], []),
    ]
    assert watch.alive == []


@pytest.mark.usefixtures("no_collector")
def test_a_strip_is_gone_before_the_next_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    take_strips(monkeypatch, 3)
    computed: list[weakref.ref[FloatArray]] = []
    rectangle = Evaluator.rectangle

    def spy(evaluator: Evaluator, a: Rows, b: Rows, grams: Any) -> dict[GramName, FloatArray]:
        assert [strip for strip in computed if strip() is not None] == []
        found = rectangle(evaluator, a, b, grams)
        computed.extend(weakref.ref(matrix) for matrix in found.values())
        return found

    monkeypatch.setattr(Evaluator, "rectangle", spy)
    for uncertainty in ("none", "variance"):
        some_data(n=8, m=7).answers({"ntk": [1.0], "nngp": [INF]}, "eigh", uncertainty=uncertainty)
    assert len(computed) > 6


@pytest.mark.usefixtures("no_collector")
def test_the_blocks_are_gone_while_eigenvalues_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = some_data()
    watch, decompose, seen = Watch(data, monkeypatch), Spectrum.of, []

    def spy(matrix: FloatArray) -> Spectrum:
        seen.append(watch.alive)
        return decompose(matrix)

    monkeypatch.setattr(Spectrum, "of", spy)
    data.answers({"ntkgp": [INF], "nngp": [1.0]}, "eigh")
    assert seen == [[], []]


@pytest.mark.usefixtures("no_collector")
def test_an_eigendecomposition_replaces_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    data = some_data()
    watch = Watch(data, monkeypatch)
    regression = data.regression({"ntkgp": [INF], "nngp": [1.0, INF]}, "eigh")
    answers = regression.answers(data.network.rows(data.x_test))
    alive = [(answer.pair.kernel, watch.alive) for answer in answers]
    assert alive == [("ntkgp", []), ("nngp", []), ("nngp", [])]


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("uncertainty", ["none", "variance"])
def test_the_matrix_of_a_spread_is_in_memory_only_if_one_is_asked_for(
    uncertainty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = some_data()
    watch = Watch(data, monkeypatch)
    regression = data.regression({"ntk": [INF]}, "cholesky", uncertainty=uncertainty)
    answers = regression.answers(data.network.rows(data.x_test))
    next(answers)
    assert sorted(watch.alive) == (["ntk"] if uncertainty == "none" else ["nngp", "ntk"])


def test_the_prior_needs_no_matrix_of_the_training_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    data = some_data()
    watch = Watch(data, monkeypatch)
    question = Question({"ntk": [0.0], "nngp": [0.0]})
    for stages in ways(question, "auto"):
        regression = data.staged(question, stages)
        assert len(data.answers_of(regression)) == 2
        assert regression.records == []
    assert watch.before == []


def test_the_phases_of_all_stages_are_timed() -> None:
    data = some_data()
    regression = data.regression({"nngp": [0.0, 1.0, INF]}, "lanczos")
    data.answers_of(regression)
    timings = regression.journal.timings
    assert set(timings) == {"gram", "factor", "solve", "predict"}
    assert all(seconds > 0 for seconds in timings.values())


@every_way
def test_blocks_in_a_file_answer_as_blocks_in_memory(
    kernel: KernelName, time: float, solver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bit, and the file has no name."""
    monkeypatch.setattr("ntkcli.kernels.evaluator.SymmetricBlocks", partial(SymmetricBlocks, block_rows=3))
    data = some_data(n=11)
    found, expected = (
        replace(data, allocate=allocate).predict(kernel, time, solver, ridge=0.1, uncertainty="covariance")
        for allocate in (in_file(tmp_path), in_memory)
    )
    assert np.array_equal(found.mean, expected.mean)
    assert np.array_equal(covariance(found), covariance(expected))
    assert list(tmp_path.iterdir()) == []
