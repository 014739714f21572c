"""Conjugate gradients answer as a factorisation does, wherever the Gram matrix is."""

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import IntArray
from ntkcli.journal import Journal
from ntkcli.linalg import pivoted_cholesky
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.solve import fit_stage
from ntkcli.runs.block_files import in_file
from ntkcli.solvers.storage import Place

from .cases import INF, Answers, Data, assert_close, assert_same, every_kernel, some_data

N, RANK = 40, 10
ALL: dict[KernelName, list[float]] = {"ntk": [INF], "nngp": [INF], "ntkgp": [INF]}

every_place = pytest.mark.parametrize("place", ["memory", "file", "tiles"])


@pytest.fixture(autouse=True)
def several_blocks_and_few_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the Gram matrix, and of a preconditioner that is not the whole of it."""
    monkeypatch.setattr("ntkcli.kernels.evaluator.SymmetricBlocks", partial(SymmetricBlocks, block_rows=15))
    monkeypatch.setattr(pivoted_cholesky, "FEWEST_COLUMNS", RANK)


def data_in(place: Place, folder: Path) -> Data:
    data = replace(some_data(N), place=place, tile_rows=15)
    return replace(data, allocate=in_file(folder)) if place == "file" else data


def answers(data: Data, solver: str, rows: IntArray, **settings: Any) -> Answers:
    return data.answers(ALL, solver, uncertainty="covariance", leave_one_out=tuple(rows.tolist()), **settings)


def assert_answers_agree(found: Answers, expected: Answers, tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for pair, answer in found.items():
        other = expected[pair]
        assert_same(answer.prediction, other.prediction, tolerance)
        assert answer.noise == other.noise
        assert answer.leave_one_out
        assert other.leave_one_out
        assert_close(answer.leave_one_out.residual, other.leave_one_out.residual, tolerance)
        assert_close(answer.leave_one_out.variance, other.leave_one_out.variance, tolerance)


@every_place
@pytest.mark.parametrize("ridge", [1e-3, 0.1])
def test_means_variances_and_rows_left_out_are_those_of_cholesky(
    place: Place, ridge: float, tmp_path: Path
) -> None:
    rows = np.array([3, 0, N - 1])
    found = answers(data_in(place, tmp_path), "pcg", rows, ridge=ridge)
    assert_answers_agree(found, answers(some_data(N), "cholesky", rows, ridge=ridge), 1e-7)


@every_place
def test_float32_beside_the_exact_matrix_answers_as_float64(place: Place, tmp_path: Path) -> None:
    """Variances too, though a factorisation's are as float32 left them."""
    rows, data = np.array([3, 0, N - 1]), data_in(place, tmp_path)
    data = replace(data, dtype=np.float32) if place != "tiles" else data
    posteriors: dict[KernelName, list[float]] = {"nngp": [INF], "ntkgp": [INF]}
    settings: dict[str, Any] = {"ridge": 0.1, "refine": True, "leave_one_out": tuple(rows.tolist())}
    found = data.answers(posteriors, "pcg", **settings)
    expected = some_data(N).answers(posteriors, "cholesky", **settings)
    assert_answers_agree(found, expected, 1e-7)


def test_the_mean_of_an_ensemble_from_float32_is_that_from_float64() -> None:
    data = some_data(N)
    found = replace(data, dtype=np.float32).predict("ntk", INF, "pcg", ridge=0.1, refine=True)
    assert_close(found.mean, data.predict("ntk", INF, "cholesky", ridge=0.1).mean, 1e-7)


def test_a_looser_tolerance_takes_fewer_iterations_and_is_kept() -> None:
    data, iterations = some_data(200), []
    for tolerance in (1e-10, 1e-3):
        regression = data.regression({"nngp": [INF]}, "pcg", ridge=1e-3, tolerance=tolerance)
        data.answers_of(regression)
        health = asdict(regression.records[0].health)
        assert 0 < health["largest_residual"] <= tolerance
        iterations.append(health["iterations"])
    assert iterations[1] < iterations[0]


@every_kernel
def test_the_residual_that_is_told_is_the_true_one(kernel: KernelName) -> None:
    """The largest of the targets' and the probes', which are solved together."""
    data = some_data(100)
    regression = data.regression({kernel: [INF]}, "pcg", ridge=1e-3, tolerance=1e-4)
    (stage,) = regression.stages
    solved = fit_stage(stage, regression.support, data.y, regression.question, Journal())
    x = solved.coefficients[INF]
    missing = data.y - data.kernels(data.x, data.x)[KERNELS[kernel].gram] @ x - 1e-3 * x
    residuals = np.linalg.norm(missing, axis=0) / np.linalg.norm(data.y, axis=0)
    assert 1e-12 < residuals.max() <= 1.001 * solved.health[INF].residual <= 1.002e-4


@every_kernel
@pytest.mark.parametrize("same_targets", [True, False])
def test_repeated_rows_without_a_ridge_have_no_answer(kernel: KernelName, same_targets: bool) -> None:
    """Not even where their targets agree, so that the equations have a solution."""
    data = some_data(N)
    copied = np.arange(N)
    copied[[20, 35, 39]] = [3, 7, 3]
    y = data.y[copied] if same_targets else data.y
    with pytest.raises((SingularMatrixError, ConvergenceError)):
        replace(data, x=data.x[copied], y=y).predict(kernel, INF, "pcg")


@every_kernel
def test_a_tolerance_below_rounding_is_refused(kernel: KernelName) -> None:
    with pytest.raises(ConvergenceError, match="a residual of"):
        some_data(N).predict(kernel, INF, "pcg", ridge=1e-3, tolerance=1e-18)


@every_kernel
@pytest.mark.parametrize("n", [1, 2, 33])
def test_few_rows_are_answered_too(kernel: KernelName, n: int) -> None:
    found, expected = (some_data(n).predict(kernel, INF, solver, ridge=0.1) for solver in ("pcg", "cholesky"))
    assert_same(found, expected, 1e-8)
