"""Polynomials answer at finite times as eigenvectors do, wherever the Gram matrix is."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.regression.kernel import KernelName
from ntkcli.runs.block_files import in_file
from ntkcli.solvers import deflation
from ntkcli.solvers.chebyshev import ChebyshevHealth
from ntkcli.solvers.storage import Place

from .cases import Answers, Data, assert_close, assert_same, some_data

N = 60
TIMES = [0.003, 0.03, 0.2]
ALL: dict[KernelName, list[float]] = {"ntk": TIMES, "nngp": TIMES}

every_place = pytest.mark.parametrize("place", ["memory", "file", "tiles"])


@pytest.fixture(autouse=True)
def several_blocks_and_few_eigenpairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the Gram matrix, and of a search that leaves something to the polynomial."""
    monkeypatch.setattr("ntkcli.kernels.evaluator.SymmetricBlocks", partial(SymmetricBlocks, block_rows=15))
    monkeypatch.setattr(deflation, "SEARCH_COLUMNS", 4)
    monkeypatch.setattr(deflation, "MOST_VECTORS", 20)


def data_in(place: Place, folder: Path, dtype: npt.DTypeLike = np.float64) -> Data:
    # Tiles are computed anew for each of hundreds of products.
    data = replace(some_data(N), place=place, dtype=dtype, tile_rows=25)
    return replace(data, allocate=in_file(folder)) if place == "file" else data


def answered(data: Data, solver: str, **settings: Any) -> Answers:
    """Answers, those of polynomials from polynomials indeed."""
    regression = data.regression(ALL, solver, ridge=0.05, leave_one_out=(3, 0, N - 1), **settings)
    found = data.answers_of(regression)
    for record in regression.records if solver == "chebyshev" else []:
        assert isinstance(record.health, ChebyshevHealth)
        assert record.health.eigenvalues < N
        assert record.health.degree > 3
    return found


def assert_answers_agree(found: Answers, expected: Answers, tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for pair, answer in found.items():
        other = expected[pair]
        assert_same(answer.prediction, other.prediction, tolerance)
        assert answer.leave_one_out
        assert other.leave_one_out
        assert_close(answer.leave_one_out.residual, other.leave_one_out.residual, tolerance)
        assert_close(answer.leave_one_out.variance, other.leave_one_out.variance, tolerance)


@every_place
def test_means_variances_and_rows_left_out_are_those_of_eigenvectors(place: Place, tmp_path: Path) -> None:
    found = answered(data_in(place, tmp_path), "chebyshev", uncertainty="covariance")
    expected = answered(some_data(N), "eigh", uncertainty="covariance")
    assert_answers_agree(found, expected, 1e-7)


@every_place
def test_a_gram_matrix_in_float32_answers_to_its_digits(place: Place, tmp_path: Path) -> None:
    """Tiles that are computed anew are float64 whatever the others are."""
    found = answered(data_in(place, tmp_path, np.float32), "chebyshev", tolerance=1e-5)
    assert_answers_agree(found, answered(some_data(N), "eigh"), 2e-3)


@every_place
def test_means_alone_are_those_of_eigenvectors(place: Place, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"uncertainty": "none", "ridge": 0.05}
    found = data_in(place, tmp_path).answers(ALL, "chebyshev", **settings)
    for pair, answer in some_data(N).answers(ALL, "eigh", **settings).items():
        assert_close(found[pair].prediction.mean, answer.prediction.mean, 1e-8)
