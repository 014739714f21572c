"""How many iterations of conjugate gradients are expected, and when it is tried."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.jobs.network import network_of
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.blocks import block_bytes
from ntkcli.linalg.conjugate_gradients import MAX_ITERATIONS
from ntkcli.linalg.pivoted_cholesky import MOST_COLUMNS, ROWS_PER_COLUMN
from ntkcli.planning import convergence
from ntkcli.planning.budget import Budget
from ntkcli.planning.convergence import MOST_GROWTH, Convergence, Growth
from ntkcli.planning.planner import Planner
from ntkcli.planning.remedies import remedies
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.question import Question
from ntkcli.solvers.pcg import PcgSolver
from ntkcli.solvers.solver import Factoring
from ntkcli.spec.file import read_spec
from ntkcli.spec.network import NetworkSpec
from ntkcli.units import seconds_text

ALL_COLUMNS = MOST_COLUMNS * ROWS_PER_COLUMN
Write = Callable[[str, str], Path]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[GramName, int]]:
    """The Gram matrices and rows that are tried, where that takes a number of iterations at once."""
    found: list[tuple[GramName, int]] = []

    def trial(self: Convergence, gram: GramName, task: Factoring, count: int) -> float:
        found.append((gram, count))
        return math.sqrt(count)

    monkeypatch.setattr(Convergence, "_tried", trial)
    monkeypatch.setattr(PcgSolver, "least_rows", 0)
    return found


def convergence_on(n: int) -> Convergence:
    network = network_of(NetworkSpec(), 3)
    return Convergence(Evaluator(network), network.rows(np.random.default_rng(0).normal(size=(n, 3))))


def test_iterations_grow_as_on_the_rows_that_were_tried() -> None:
    growth = Growth(4000, 20.0, 0.5)
    assert growth.at(4000) == 20.0
    assert growth.at(16_000) == pytest.approx(40.0)
    assert growth.at(1000) == pytest.approx(10.0)


def test_a_preconditioner_that_grows_no_more_takes_a_square_root_more() -> None:
    growth = Growth(4000, 20.0)
    assert growth.at(ALL_COLUMNS) == 20.0
    assert growth.at(4 * ALL_COLUMNS) == pytest.approx(40.0)


def test_there_are_never_more_iterations_than_are_tried_in_a_fit() -> None:
    assert Growth(4000, 1000.0, 0.7).at(10**9) == MAX_ITERATIONS


@pytest.mark.parametrize(("n", "rows"), [(30, [30]), (50, [50]), (90, [50]), (1000, [50, 100])])
def test_rows_are_tried_as_far_as_there_are_any(
    n: int, rows: list[int], tried: list[tuple[GramName, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convergence, "TRIED_ROWS", (50, 100))
    expected = convergence_on(n).iterations(Question({"nngp": [math.inf]}), "nngp", n)
    assert tried == [("nngp", count) for count in rows]
    assert expected == pytest.approx(math.sqrt(rows[-1]) * (n / rows[-1]) ** (0.5 * (len(rows) > 1)))


@pytest.mark.parametrize(("found", "power"), [((40.0, 20.0), 0.0), ((10.0, 80.0), MOST_GROWTH)])
def test_no_growth_is_less_than_none_or_more_than_there_is(
    found: tuple[float, float], power: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter(found)
    monkeypatch.setattr(convergence, "TRIED_ROWS", (50, 100))
    monkeypatch.setattr(Convergence, "_tried", lambda *_: next(left))
    expected = convergence_on(200).iterations(Question({"nngp": [math.inf]}), "nngp", 200)
    assert expected == pytest.approx(found[-1] * 2**power)


def test_what_does_not_converge_is_expected_to_take_all_iterations() -> None:
    impossible = Question({"nngp": [math.inf]}, ridge=1e-3, tolerance=1e-18)
    assert convergence_on(40).iterations(impossible, "nngp", 40) == MAX_ITERATIONS


def test_a_trial_is_of_the_iterations_that_a_fit_takes() -> None:
    n, question = 300, Question({"nngp": [math.inf]}, ridge=1e-3, tolerance=1e-6)
    found = convergence_on(n)
    matrix = found.evaluator.rectangle(found.rows, found.rows, ["nngp"])["nngp"] + 1e-3 * np.eye(n)
    assert np.linalg.cond(matrix) > 1e3
    easier = replace(question, ridge=1.0)
    assert 1 <= found.iterations(easier, "nngp", n) <= found.iterations(question, "nngp", n) < 100


def test_the_rows_of_a_remedy_have_the_time_of_so_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer rows take fewer iterations, and not those of the whole table."""
    growth, question = Growth(4000, 30.0, 0.7), Question({"ntk": [math.inf]}, uncertainty="none")
    sizes = Sizes(n=100_000, m=10, d=10, iterations=lambda gram, n: growth.at(n))
    job = Planner(sizes, Budget(2**31, 0, Path("runs")), question, choice="pcg")
    assert growth.at(100_000) > 3 * growth.at(20_000)

    def operations(rows: int, iterations: float | None = None) -> float:
        law = sizes.iterations if iterations is None else lambda gram, n: iterations
        return replace(job, sizes=replace(sizes, n=rows, iterations=law)).best().operations

    monkeypatch.setattr(Planner, "fits", lambda self, plan: self.sizes.n < 100_000)
    rate = operations(30_000) / 3600
    monkeypatch.setattr("ntkcli.planning.remedies.multiply_rate", lambda: rate)
    text = remedies(job)
    rows = int(text.split(" training rows or fewer")[0].split()[-1].replace(",", ""))
    assert 29_000 <= rows <= 30_000
    assert f"training rows or fewer (about {seconds_text(operations(rows) / rate)})" in text
    assert operations(rows, growth.at(100_000)) > 1.5 * operations(rows)


INVERTED: dict[str, Any] = {"kernel": "nngp", "time": "inf", "ridge": 0.1}


def test_a_fit_by_another_solver_tries_nothing(
    make_spec: Callable[..., Path], ntk: Callable[..., Any], tried: list[tuple[GramName, int]]
) -> None:
    sections: dict[str, Any] = {"inference": INVERTED, "compute": {"solver": "cholesky"}}
    assert ntk("fit", make_spec(**sections)).returncode == 0
    assert tried == []


def test_finite_times_try_nothing(
    make_spec: Callable[..., Path], ntk: Callable[..., Any], tried: list[tuple[GramName, int]]
) -> None:
    assert ntk("check", make_spec(inference=INVERTED | {"time": 2.0})).returncode == 0
    assert tried == []


@pytest.mark.parametrize("command", ["fit", "check"])
def test_a_plan_by_products_is_tried_once(
    command: str, make_spec: Callable[..., Path], ntk: Callable[..., Any], tried: list[tuple[GramName, int]]
) -> None:
    assert ntk(command, make_spec(inference=INVERTED)).returncode == 0
    assert [gram for gram, _ in tried] == ["nngp"]


def test_the_check_of_another_solver_tries_once_what_it_offers_instead(
    make_spec: Callable[..., Path], ntk: Callable[..., Any], tried: list[tuple[GramName, int]]
) -> None:
    sections: dict[str, Any] = {"inference": INVERTED, "compute": {"solver": "cholesky"}}
    assert "compute.solver: pcg would take" in ntk("check", make_spec(**sections)).stdout
    assert [gram for gram, _ in tried] == ["nngp"]


def test_the_check_of_a_search_tries_each_gram_matrix_once(
    make_spec: Callable[..., Path], ntk: Callable[..., Any], tried: list[tuple[GramName, int]]
) -> None:
    space: dict[str, Any] = {
        "inference.kernel": ["nngp", "ntk", "ntkgp"],
        "inference.time": [0.5, 5.0, "inf"],
        "inference.ridge": [0.1, 1.0],
    }
    assert ntk("check", make_spec(tune={"space": space})).returncode == 0
    assert sorted(gram for gram, _ in tried) == ["nngp", "ntk"]


def test_the_check_of_a_search_by_another_solver_tries_nothing(
    make_spec: Callable[..., Path], ntk: Callable[..., Any], tried: list[tuple[GramName, int]]
) -> None:
    sections: dict[str, Any] = {
        "tune": {"space": {"inference.ridge": [0.1, 1.0]}},
        "compute": {"solver": "cholesky"},
    }
    assert ntk("check", make_spec(**sections)).returncode == 0
    assert tried == []


@pytest.mark.parametrize(("solver", "counts"), [("pcg", True), ("auto", True), ("cholesky", False)])
def test_the_memory_of_a_trial_counts_where_there_is_one(
    solver: str, counts: bool, make_spec: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Convergence, "bytes", 2**30)
    monkeypatch.setattr(PcgSolver, "least_rows", 0)
    with open_job(read_spec(make_spec(inference=INVERTED, compute={"solver": solver})), Journal()) as job:
        assert (job.planner().best().memory_bytes > 2**30) == counts


def test_without_the_memory_for_a_trial_nothing_is_tried(
    make_spec: Callable[..., Path],
    ntk: Callable[..., Any],
    tried: list[tuple[GramName, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Convergence, "bytes", 2**40)
    sections: dict[str, Any] = {"inference": INVERTED, "compute": {"solver": "pcg"}}
    assert "about 50 iterations" in ntk("check", make_spec(**sections)).stdout
    assert tried == []


def test_a_trial_has_the_memory_of_the_most_rows_that_are_tried() -> None:
    few, many = (convergence_on(n).bytes for n in (100, 4100))
    assert 8 * 100**2 < few < many
    assert block_bytes(4000, 8) < many == convergence_on(9000).bytes
