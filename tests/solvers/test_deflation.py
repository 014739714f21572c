"""The work that is expected of polynomials, beside the work that they take."""

from dataclasses import replace

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.linalg.chebyshev import chebyshev_degree
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.solvers.cost import Extent
from ntkcli.solvers.deflation import (
    MOST_VECTORS,
    SEARCH_COLUMNS,
    SEARCH_OPERATIONS,
    SHARE,
    deflated,
    search_work,
    typical_work,
)
from ntkcli.solvers.solver import Factoring
from ntkcli.spec.network import NetworkSpec

N, TOLERANCE = 1400, 1e-10


class InItsEigenvectors:
    """A matrix by its eigenvalues: what is sought at random takes as many products as in any other basis."""

    def __init__(self, values: FloatArray) -> None:
        self.values, self.n, self.dtype, self.products = values, len(values), np.dtype(np.float64), 0
        self.diagonal = values

    def product(self, b: FloatArray) -> FloatArray:
        self.products += 1
        return self.values[:, None] * b

    def half_product(self, b: FloatArray) -> FloatArray:
        return self.product(b) / 2


def spectrum(activation: str, depth: int, features: int) -> FloatArray:
    """The NTK's of rows at random."""
    x = np.random.default_rng(0).normal(size=(N, features))
    network = network_of(NetworkSpec(activation=activation, depth=depth), features)
    matrix = Evaluator(network).symmetric(network.rows(x), ["ntk"])["ntk"].to_array()
    return np.asarray(np.maximum(np.linalg.eigvalsh(matrix), 0.0))


def extent(values: FloatArray, time: float, columns: int) -> Extent:
    return Extent(len(values), 8, 0, 10.0, columns, time, float(values.mean()), "memory", lambda n: 1.0)


def work(values: FloatArray, time: float, columns: int) -> float:
    """Operations of the search and of polynomials for all columns."""
    matrix, n = InItsEigenvectors(values), len(values)
    found = deflated(matrix, Factoring([time], 0.0, TOLERANCE, float(values.max()), columns), TOLERANCE)
    degree = chebyshev_degree(time, found.bound, SHARE * TOLERANCE)
    narrow = 1.0 if columns > SEARCH_COLUMNS else 0.3
    each = 2.0 * n**2 / narrow + 8.0 * n * len(found.values)
    return search_work(n, matrix.products * SEARCH_COLUMNS) + columns * degree * each


@pytest.mark.parametrize(
    ("activation", "depth", "features"), [("relu", 2, 5), ("relu", 5, 20), ("erf", 3, 20), ("relu", 3, 100)]
)
def test_work_is_foreseen_to_a_factor_whatever_the_spectrum(
    activation: str, depth: int, features: int
) -> None:
    values = spectrum(activation, depth, features)
    for time in (1.0, 10.0):
        for columns in (9, 1000):
            expected = typical_work(extent(values, time, columns))
            foreseen = expected.search - 1.5 * SEARCH_OPERATIONS + columns * expected.column
            assert 0.5 < foreseen / work(values, time, columns) < 2.5, (time, columns)


def test_times_that_are_far_too_long_are_foreseen_to_be_refused() -> None:
    values = spectrum("relu", 3, 20)
    for time, is_refused in ((1.0, False), (1e4, True)):
        assert typical_work(extent(values, time, 1000)).is_refused == is_refused
    with pytest.raises(ConvergenceError):
        work(values, 1e4, 1000)


def test_of_few_rows_all_eigenpairs_are_foreseen_where_that_is_less() -> None:
    values = np.linspace(1, 10, 500)
    expected = typical_work(extent(values, 1e4, 1000))
    assert (expected.degree, expected.search_passes * SEARCH_COLUMNS) == (0.0, 500)
    assert not expected.is_refused


def test_no_more_vectors_are_foreseen_than_there_may_be() -> None:
    one = extent(np.ones(5000), 1e4, 1000)
    for time in 10.0 ** np.arange(-3, 7):
        assert typical_work(replace(one, longest=time)).search_passes * SEARCH_COLUMNS <= MOST_VECTORS


def test_a_larger_diagonal_is_as_a_longer_time() -> None:
    one = extent(np.ones(5000), 1.0, 1000)
    found = typical_work(replace(one, diagonal=10.0))
    assert found.degree == pytest.approx(typical_work(replace(one, longest=10.0)).degree)
    assert found.column > typical_work(one).column
