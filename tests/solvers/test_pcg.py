import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.keeping import NOWHERE, Checkpoint, digest
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.stored_operator import StoredOperator
from ntkcli.linalg import pivoted_cholesky
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.solvers.pcg import PcgFlow, PcgHealth, PcgSolver
from ntkcli.solvers.solver import Factoring

from ..inference.spectra import SPECTRA, columns, in_blocks, size, symmetric

INF = math.inf
# More rows than columns of the preconditioner.
N, RANK = 120, 40
TOLERANCE = 1e-10
# What has an inverse that can be known to the tolerance from products in float64.
REGULAR = ["identity", "condition 1e4"]


@pytest.fixture(autouse=True)
def few_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the preconditioner, so that it is not the whole matrix."""
    monkeypatch.setattr(pivoted_cholesky, "FEWEST_COLUMNS", RANK)


def flow_of(
    matrix: FloatArray,
    ridge: float = 0.0,
    tolerance: float = TOLERANCE,
    dtype: npt.DTypeLike = np.float64,
    exact: FloatArray | None = None,
) -> PcgFlow:
    operator = StoredOperator(in_blocks(np.asarray(matrix, dtype), 50), Threads())
    in_full = None if exact is None else StoredOperator(in_blocks(exact, 50), Threads())
    return PcgSolver().factor(operator, Factoring([INF], ridge, tolerance, exact=in_full))


def with_copies(n: int = N, distinct: int = 100) -> tuple[FloatArray, FloatArray]:
    """A matrix that is singular as some rows stand twice, and columns that agree on these."""
    copied = np.minimum(np.arange(n), distinct - 1)
    matrix = symmetric(SPECTRA["condition 1e4"](distinct))
    return matrix[np.ix_(copied, copied)], columns(distinct, 3)[copied]


@pytest.mark.parametrize("spectrum", SPECTRA)
@pytest.mark.parametrize("ridge", [1e-5, 1e-2, 10.0])
def test_with_a_ridge_coefficients_are_those_of_cholesky(spectrum: str, ridge: float) -> None:
    matrix, b = symmetric(SPECTRA[spectrum](N)), columns(N, 3)
    found = flow_of(matrix, ridge).on(b).product(INF)
    expected = np.linalg.solve(matrix + ridge * np.eye(N), b)
    # Residuals are small, and errors by the condition at most.
    assert np.all(size(found - expected) <= 2 * TOLERANCE * size(b) / ridge)


@pytest.mark.parametrize("spectrum", REGULAR)
def test_without_a_ridge_a_regular_matrix_has_its_inverse(spectrum: str) -> None:
    matrix, b = symmetric(SPECTRA[spectrum](N)), columns(N, 3)
    action = flow_of(matrix).on(b)
    assert np.all(size(b - matrix @ action.product(INF)) <= TOLERANCE * size(b))
    assert not action.decay(INF).any()


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_without_a_ridge_there_is_the_answer_or_an_error(spectrum: str) -> None:
    matrix, b = symmetric(SPECTRA[spectrum](N)), columns(N, 3)
    try:
        found = flow_of(matrix).on(b).product(INF)
    except (SingularMatrixError, ConvergenceError):
        assert spectrum not in REGULAR
    else:
        assert spectrum != "singular"
        # The residual has the rounding of what cancels in it, here and where the solver told it.
        rounding = float(np.finfo(np.float64).eps) * size(np.abs(matrix) @ np.abs(found))
        assert np.all(size(b - matrix @ found) <= TOLERANCE * size(b) + rounding)


@pytest.mark.parametrize("n", [1, 2, 7, 31, 33])
@pytest.mark.parametrize("count", [1, 3, 40])
def test_any_number_of_rows_and_columns_is_solved(n: int, count: int) -> None:
    """Fewer rows than a block has columns too."""
    matrix, b = symmetric(SPECTRA["condition 1e4"](n)), columns(n, count)
    for ridge in (0.0, 0.1):
        found = flow_of(matrix, ridge).on(b).product(INF)
        assert found.shape == b.shape
        assert np.all(size(b - matrix @ found - ridge * found) <= 1.01 * TOLERANCE * size(b))


def test_no_columns_are_no_trouble() -> None:
    flow = flow_of(symmetric(SPECTRA["condition 1e4"](N)), 0.1)
    assert flow.on(np.empty((N, 0))).product(INF).shape == (N, 0)
    assert flow.health.largest_residual == 0


def test_zeros_have_coefficients_of_zero() -> None:
    flow = flow_of(symmetric(SPECTRA["condition 1e4"](N)), 0.1)
    assert not flow.on(np.zeros((N, 2))).product(INF).any()


def test_a_zero_matrix_with_a_ridge_is_the_ridge() -> None:
    flow, b = flow_of(np.zeros((N, N)), 0.5), columns(N, 2)
    np.testing.assert_allclose(flow.on(b).product(INF), 2 * b, rtol=1e-9, atol=1e-12)
    assert (flow.health.rank, flow.health.trace_left) == (0, 0.0)


def test_a_zero_matrix_without_a_ridge_is_singular() -> None:
    with pytest.raises(SingularMatrixError):
        flow_of(np.zeros((N, N)))


@pytest.mark.parametrize("distinct", [1, 10, RANK - 1])
def test_the_row_that_is_named_depends_on_others(distinct: int) -> None:
    """The last ones are copies of another, and that one may be named as well."""
    matrix, _ = with_copies(distinct=distinct)
    with pytest.raises(SingularMatrixError) as caught:
        flow_of(matrix)
    assert caught.value.row >= distinct - 1


@pytest.mark.parametrize("distinct", [RANK, 100, N - 1])
def test_a_singular_matrix_has_no_answer_even_where_right_hand_sides_have_one(distinct: int) -> None:
    """Targets that agree on equal rows: what could be solved for them has no meaning for other rows."""
    matrix, b = with_copies(distinct=distinct)
    with pytest.raises((SingularMatrixError, ConvergenceError)):
        flow_of(matrix).on(b).product(INF)


@pytest.mark.parametrize("count", [1, 31, 32, 100])
def test_however_many_columns_there_are_a_singular_matrix_shows(count: int) -> None:
    matrix, _ = with_copies()
    b = matrix @ columns(N, count)
    with pytest.raises(ConvergenceError):
        flow_of(matrix).on(b).product(INF)


def test_copies_with_a_ridge_are_as_good_as_any() -> None:
    matrix, b = with_copies()
    found = flow_of(matrix, 1e-3).on(b).product(INF)
    np.testing.assert_allclose(matrix @ found + 1e-3 * found, b, atol=1e-8)


def test_a_tolerance_below_rounding_is_refused() -> None:
    with pytest.raises(ConvergenceError, match="a residual of"):
        flow_of(symmetric(SPECTRA["condition 1e4"](N)), 1e-3, 1e-20).on(columns(N, 2)).product(INF)


def test_a_ridge_too_small_for_the_iterations_allowed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.linalg.conjugate_gradients.MAX_ITERATIONS", 10)
    matrix, b = symmetric(np.geomspace(1, 1e-6, 400)), columns(400, 1)
    flow_of(matrix, 0.1).on(b).product(INF)
    with pytest.raises(ConvergenceError, match="after 10 iterations"):
        flow_of(matrix, 1e-8).on(b).product(INF)


@pytest.mark.parametrize("ridge", [1e-3, 0.1])
def test_a_float32_matrix_beside_the_exact_one_gives_the_exact_answer(ridge: float) -> None:
    exact, b = symmetric(SPECTRA["condition 1e8"](N)), columns(N, 3)
    flow = flow_of(exact, ridge, dtype=np.float32, exact=exact)
    found = flow.on(b).product(INF)
    left = size(b - exact @ found - ridge * found) / size(b)
    assert left.max() <= TOLERANCE
    assert flow.health.true_residual == pytest.approx(left.max(), rel=0.1)


def test_quadratic_forms_are_symmetric_and_those_of_the_inverse() -> None:
    matrix, b = symmetric(SPECTRA["condition 1e4"](N)), columns(N, 5)
    action = flow_of(matrix, 0.1).on(b)
    full, diagonal = action.quadratic(INF, full=True), action.quadratic(INF, full=False)
    expected = b.T @ np.linalg.solve(matrix + 0.1 * np.eye(N), b)
    assert np.array_equal(full, full.T)
    np.testing.assert_allclose(full, expected, atol=1e-7)
    np.testing.assert_allclose(diagonal, expected.diagonal(), rtol=1e-9)


def test_rows_left_out_have_the_weights_of_the_inverse() -> None:
    matrix, rows = symmetric(SPECTRA["condition 1e4"](N)), np.array([7, 0, N - 1])
    deletion = flow_of(matrix, 0.1).deletion(rows, INF, with_quadratic=True)
    inverse = np.linalg.inv(matrix + 0.1 * np.eye(N))
    np.testing.assert_allclose(deletion.weights, inverse[:, rows] / inverse[rows, rows], atol=1e-8)
    assert deletion.quadratic is not None
    np.testing.assert_allclose(deletion.quadratic, 1 / inverse[rows, rows], rtol=1e-8)


def test_there_is_no_answer_at_a_finite_time() -> None:
    flow = flow_of(symmetric(SPECTRA["condition 1e4"](N)), 0.1)
    with pytest.raises(TypeError, match=r"not for 2\.0"):
        flow.on(columns(N, 1)).product(2.0)
    assert PcgSolver().groups([0.5, 2.0]) == []
    assert PcgSolver().groups([0.5, INF]) == [[INF]]


def test_columns_are_solved_once_and_when_they_are_asked_for() -> None:
    flow = flow_of(symmetric(SPECTRA["condition 1e4"](N)), 0.1)
    action = flow.on(columns(N, 1))
    assert flow.health.iterations == 0
    assert action.product(INF) is action.product(INF)


def test_health_tells_the_preconditioner_and_the_worst_of_the_iterations() -> None:
    matrix, b = symmetric(SPECTRA["power law"](N)), columns(N, 2)
    flow = flow_of(matrix, 1e-3)
    health = flow.health
    assert (health.rank, health.tolerance) == (RANK, TOLERANCE)
    assert (health.iterations, health.largest_residual) == (0, 0.0)
    assert 0 < health.trace_left < 1e-3
    found = flow.on(b).product(INF)
    after = flow.health
    assert after.iterations > 0
    left = size(b - matrix @ found - 1e-3 * found) / size(b)
    assert after.largest_residual == pytest.approx(left.max(), rel=1e-2)
    flow.on(np.zeros((N, 1))).product(INF)
    assert isinstance(after, PcgHealth)
    assert flow.health.largest_residual == after.largest_residual
    assert flow.health.iterations >= after.iterations


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bits(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.kernels.stored_operator.PIECE_ROWS", 16)
    matrix, b = symmetric(SPECTRA["condition 1e4"](N)), columns(N, 3)
    one, other = (
        PcgSolver()
        .factor(StoredOperator(in_blocks(matrix, 50), Threads(count)), Factoring([INF], 0.1))
        .on(b)
        .product(INF)
        for count in (1, threads)
    )
    assert np.array_equal(one, other)


class Named:
    """Checkpoints that keep nothing but what they are told of computations."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def of(self, name: str, unit: str, *arrays: FloatArray | IntArray) -> Checkpoint:
        self.found.append(digest(*arrays))
        return NOWHERE


def test_solutions_that_differ_in_anything_have_checkpoints_of_their_own() -> None:
    matrix, b = symmetric(SPECTRA["condition 1e4"](N)), columns(N, 3)
    named = Named()

    def solve(matrix: FloatArray, b: FloatArray, ridge: float = 0.1, **others: Any) -> None:
        replace(flow_of(matrix, ridge, **others), checkpoints=named).solve(b)

    solve(matrix, b)
    solve(matrix, b)
    solve(matrix, np.nextafter(b, 1))
    solve(matrix, b, np.nextafter(0.1, 1))
    solve(matrix, b, tolerance=1e-9)
    solve(matrix, b, tolerance=1e-4, dtype=np.float32)
    solve(matrix, b, tolerance=1e-4, dtype=np.float32, exact=matrix)
    solve(2 * matrix, b)
    solve(matrix[::-1, ::-1], b)
    first, second, *others = named.found
    assert first == second
    assert len({first, *others}) == 1 + len(others)
