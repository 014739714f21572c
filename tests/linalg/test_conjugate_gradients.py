from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.keeping import NOWHERE, Checkpoint
from ntkcli.linalg import system
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.conjugate_gradients import MAX_ITERATIONS, Solved, solve
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.operator import ReadableOperator
from ntkcli.linalg.pivoted_cholesky import randomly_pivoted_cholesky
from ntkcli.linalg.preconditioner import Preconditioner
from ntkcli.linalg.system import System

from ..checkpoints import InMemory, StoppedError
from .matrices import SPECTRA, every_spectrum, in_blocks, positive_definite, symmetric

BLOCK_ROWS = 50
EPS = float(np.finfo(np.float64).eps)
TOLERANCE = 1e-10
sizes = st.integers(1, 60)
seeds = st.integers(0, 999)


def system_of(
    matrix: FloatArray, ridge: float = 0.0, rank: int = 0, exact: ReadableOperator | None = None
) -> System:
    """With a preconditioner of so many columns."""
    blocks = in_blocks(matrix, BLOCK_ROWS)
    low_rank = randomly_pivoted_cholesky(blocks, rank)
    shift = max(ridge, low_rank.left / len(matrix)) or 1.0
    return System(blocks, ridge, Preconditioner.of(low_rank, shift), exact)


def columns(n: int, count: int = 3, seed: int = 0) -> FloatArray:
    return np.random.default_rng([seed, 1]).normal(size=(n, count))


def solved(
    system: System, b: FloatArray, tolerance: float = TOLERANCE, checkpoint: Checkpoint = NOWHERE
) -> Solved:
    return solve(system, b, np.full(b.shape[1], tolerance), checkpoint=checkpoint)


def residuals(matrix: FloatArray, ridge: float, b: FloatArray, x: FloatArray) -> FloatArray:
    left = b - matrix.astype(np.float64) @ x - ridge * x
    return np.asarray(np.linalg.norm(left, axis=0) / np.linalg.norm(b, axis=0))


@every_spectrum
@settings(max_examples=15)
@given(n=sizes, seed=seeds, ridge=st.sampled_from([1e-6, 1e-3, 1.0]), rank=st.integers(0, 60))
def test_the_solution_has_the_residual_asked_for_and_tells_it(
    spectrum: str, n: int, seed: int, ridge: float, rank: int
) -> None:
    matrix, b = symmetric(SPECTRA[spectrum](n), seed), columns(n, 3, seed)
    # The residual rounds to eps of what cancels in it, |G| |x|.
    tolerance = max(TOLERANCE, 100 * EPS / ridge)
    found = solved(system_of(matrix, ridge, rank), b, tolerance)
    true = residuals(matrix, ridge, b, found.x)
    assert np.all(true <= tolerance)
    np.testing.assert_allclose(found.residuals, true, atol=20 * EPS / ridge)


@pytest.mark.parametrize("exponent", range(0, 13, 2))
@pytest.mark.parametrize("rank", [0, 20, 60])
def test_any_condition_is_solved_as_far_as_rounding_allows_or_refused(exponent: int, rank: int) -> None:
    """Without a ridge, to the tolerance: a solution that cannot be had is never given."""
    matrix = symmetric(np.geomspace(1, 10.0**-exponent, 60))
    b = columns(60)
    try:
        found = solved(system_of(matrix, rank=rank), b)
    except ConvergenceError:
        # |x| / |b| is up to the condition.
        assert 10 * EPS * 10.0**exponent > TOLERANCE
    else:
        assert np.all(residuals(matrix, 0.0, b, found.x) <= TOLERANCE)


@pytest.mark.parametrize("rank", [0, 20, 60])
def test_a_bad_condition_does_not_matter_to_a_smooth_right_hand_side(rank: int) -> None:
    matrix = symmetric(np.geomspace(1, 1e-12, 60))
    b = matrix @ columns(60)
    found = solved(system_of(matrix, rank=rank), b)
    assert np.all(residuals(matrix, 0.0, b, found.x) <= TOLERANCE)


def test_a_better_preconditioner_takes_fewer_iterations() -> None:
    matrix, b = symmetric(np.geomspace(1, 1e-8, 200)), columns(200)
    plain, better, best = (solved(system_of(matrix, 1e-4, rank), b).iterations for rank in (0, 40, 100))
    assert best < better / 2
    assert better < 0.8 * plain


def test_columns_share_a_space_that_grows_with_each() -> None:
    matrix, b = symmetric(np.geomspace(1, 1e-4, 200)), columns(200, 20)
    together = solved(system_of(matrix), b).iterations
    alone = solved(system_of(matrix), b[:, :1]).iterations
    assert together < alone / 2


def test_a_block_as_wide_as_the_matrix_takes_a_step() -> None:
    matrix = positive_definite(20)
    assert solved(system_of(matrix), columns(20, 20), 1e-8).iterations == 1


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("count", [1, 5, 9])
@pytest.mark.parametrize("rank", [0, 1, 5])
def test_there_may_be_more_columns_than_rows(n: int, count: int, rank: int) -> None:
    matrix, b = positive_definite(n), columns(n, count)
    found = solved(system_of(matrix, 0.1, rank), b)
    np.testing.assert_allclose(found.x, np.linalg.solve(matrix + 0.1 * np.eye(n), b), rtol=1e-8, atol=1e-9)


def one_hot(n: int, classes: int = 4) -> FloatArray:
    """Centred: their columns sum to 0."""
    targets: FloatArray = np.eye(classes)[np.random.default_rng(0).integers(0, classes, n)]
    return np.asarray(targets - targets.mean(axis=0))


RANK_DEFICIENT = {
    "centred one-hot": one_hot(80),
    "repeated": np.repeat(columns(80), 2, axis=1),
    "nearly repeated": np.repeat(columns(80), 2, axis=1) + 1e-13 * columns(80, 6, 5),
    "one of them zero": columns(80) * [1, 0, 1],
    "zeros first": np.hstack([np.zeros((80, 3)), columns(80, 1)]),
    "combinations": columns(80, 2) @ np.random.default_rng(0).normal(size=(2, 12)),
    "eigenvectors": np.linalg.eigh(symmetric(np.geomspace(1, 1e-5, 80)))[1][:, ::20],
    "of all scales": columns(80) * [1e-12, 1, 1e12],
    "beyond squares": columns(80) * [1e-200, 1e200, 0],
}


@pytest.mark.parametrize("name", RANK_DEFICIENT)
@pytest.mark.parametrize("rank", [0, 20])
@pytest.mark.parametrize("ridge", [0.0, 1e-4])
def test_columns_that_depend_on_each_other_are_no_trouble(name: str, rank: int, ridge: float) -> None:
    matrix, b = symmetric(np.geomspace(1, 1e-5, 80)), RANK_DEFICIENT[name]
    found = solved(system_of(matrix, ridge, rank), b)
    scale = np.abs(b).max(axis=0)
    scale[scale == 0] = 1.0
    left = b / scale - (matrix + ridge * np.eye(80)) @ (found.x / scale)
    assert np.all(np.linalg.norm(left, axis=0) <= 1.01 * TOLERANCE * np.linalg.norm(b / scale, axis=0))
    assert not found.x[:, ~b.any(axis=0)].any()


def test_a_right_hand_side_of_zeros_takes_nothing() -> None:
    found = solved(system_of(positive_definite(9)), np.zeros((9, 2)))
    assert found.iterations == 0
    assert not found.x.any()
    assert not found.residuals.any()
    assert found.x.shape == (9, 2)


@pytest.mark.parametrize("n", [1, 9])
def test_a_zero_matrix_is_its_ridge(n: int) -> None:
    b = columns(n)
    found = solved(system_of(np.zeros((n, n)), 0.25, n), b)
    np.testing.assert_allclose(found.x, 4 * b, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("scale", [1e-100, 1e-30, 1e30, 1e100])
def test_the_scale_of_the_matrix_does_not_matter(scale: float) -> None:
    matrix, b = symmetric(np.geomspace(1, 1e-5, 40)), columns(40)
    one, scaled = (solved(system_of(c * matrix, c * 1e-3, 10), b) for c in (1.0, scale))
    np.testing.assert_allclose(scale * scaled.x, one.x, rtol=1e-6)


def test_every_column_has_a_tolerance_of_its_own() -> None:
    matrix, b = symmetric(np.geomspace(1, 1e-6, 100)), columns(100, 2)
    system = system_of(matrix, 1e-5)
    tolerances = np.array([1e-9, 0.5])
    found = solve(system, b, tolerances)
    assert np.all(found.residuals <= tolerances)
    assert np.all(residuals(matrix, 1e-5, b, found.x) <= tolerances)
    assert found.iterations <= solved(system, b, 1e-9).iterations


@pytest.mark.parametrize("tolerance", [1e-17, 1e-30])
@pytest.mark.parametrize("rank", [0, 30])
def test_a_tolerance_below_rounding_is_not_reached(tolerance: float, rank: int) -> None:
    matrix = symmetric(np.geomspace(1, 1e-4, 60))
    with pytest.raises(ConvergenceError, match=r"a residual of \S+ after \d+ iterations"):
        solved(system_of(matrix, 1e-3, rank), columns(60), tolerance)


def test_a_ridge_too_small_for_the_iterations_allowed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.linalg.conjugate_gradients.MAX_ITERATIONS", 40)
    matrix, b = symmetric(np.geomspace(1, 1e-9, 200)), columns(200)
    assert solved(system_of(matrix, 1e-1), b).iterations < 40
    with pytest.raises(ConvergenceError, match="after 40 iterations"):
        solved(system_of(matrix, 1e-8), b)


def test_a_residual_that_is_stuck_while_the_transformed_one_shrinks_begins_anew() -> None:
    """P's least eigenvalue is so small that P^(-1/2) has 8 digits: a run comes no farther, another does."""
    blocks, b = in_blocks(np.ones((1, 1)), 1), np.array([[0.3, -0.7, 1.9]])
    preconditioner = Preconditioner.of(randomly_pivoted_cholesky(blocks, 1), EPS)
    found = solved(System(blocks, 0.0, preconditioner), b)
    np.testing.assert_allclose(found.x, b, rtol=TOLERANCE)
    assert found.iterations <= 20


def test_the_error_tells_the_residual_of_the_column_that_failed() -> None:
    """Not that of one that might be as rough as it is."""
    matrix, b = symmetric(np.geomspace(1, 1e-4, 60)), columns(60, 2)
    with pytest.raises(ConvergenceError) as caught:
        solve(system_of(matrix, 1e-3), b, np.array([1e-18, 0.9]))
    assert 1e-18 < float(str(caught.value).split()[3]) < 1e-10


@pytest.mark.parametrize("rank", [0, 5, 40])
def test_a_singular_matrix_without_a_ridge_has_no_answer(rank: int) -> None:
    matrix = symmetric(SPECTRA["singular"](40))
    with pytest.raises(ConvergenceError) as caught:
        solved(system_of(matrix, 0.0, rank), columns(40))
    # And it does not take all that are allowed.
    assert int(str(caught.value).split()[5]) < MAX_ITERATIONS / 2


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_is_not_a_number_has_no_answer(value: float) -> None:
    b = columns(9)
    b[3, 1] = value
    with pytest.raises(ConvergenceError):
        solved(system_of(positive_definite(9)), b)


def test_an_indefinite_matrix_is_solved_truly_or_refused() -> None:
    """As a float32 one may be whose least eigenvalue is less than its rounding."""
    matrix, b = symmetric(np.concatenate([np.geomspace(1, 1e-3, 50), [-1e-5, -1e-4]])), columns(52)
    try:
        found = solved(system_of(matrix, 1e-5, 10), b, 1e-6)
    except ConvergenceError:
        return
    assert np.all(residuals(matrix, 1e-5, b, found.x) <= 1e-6)


@dataclass
class Counting:
    """A matrix in float64 that counts its products."""

    matrix: FloatArray
    products: list[int] = field(default_factory=list)

    def operator(self) -> ReadableOperator:
        """The matrix in blocks."""
        counting = self.products

        class Blocks(SymmetricBlocks):
            """That count."""

            def product(self, b: FloatArray) -> FloatArray:
                """A b."""
                counting.append(b.shape[1])
                return super().product(b)

        blocks = Blocks(len(self.matrix), block_rows=BLOCK_ROWS)
        for i, rows in enumerate(blocks.spans):
            for j, others in enumerate(blocks.spans[: i + 1]):
                blocks[i, j][:] = self.matrix[rows, others]
        return blocks


@pytest.mark.parametrize("rank", [0, 30])
@pytest.mark.parametrize("ridge", [1e-3, 1e-1])
def test_a_float32_matrix_solves_a_float64_one_with_few_products_of_it(rank: int, ridge: float) -> None:
    matrix, b = symmetric(np.geomspace(1, 1e-9, 120)), columns(120)
    exact = Counting(matrix)
    found = solved(system_of(matrix.astype(np.float32), ridge, rank, exact.operator()), b)
    true = residuals(matrix, ridge, b, found.x)
    assert np.all(true <= TOLERANCE)
    np.testing.assert_allclose(found.residuals, true, atol=1e-12)
    # The other matrix's answer is another one.
    assert np.all(residuals(matrix.astype(np.float32), ridge, b, found.x) > 10 * TOLERANCE)
    assert len(exact.products) <= 5
    assert found.iterations > 2 * len(exact.products) or rank


@pytest.mark.parametrize("seed", range(5))
def test_some_rows_of_the_float64_matrix_stand_for_its_second_product(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "SAMPLED_ROWS", 60)
    matrix, b = symmetric(np.geomspace(1, 1e-9, 400), seed), columns(400, 3, seed)
    exact = Counting(matrix)
    found = solved(system_of(matrix.astype(np.float32), 1e-2, 30, exact.operator()), b, 1e-8)
    assert len(exact.products) == 1
    assert np.all(found.residuals <= 1e-8)
    assert np.all(residuals(matrix, 1e-2, b, found.x) <= found.residuals)


def test_rounding_of_the_solution_itself_is_in_what_a_float32_matrix_tells() -> None:
    matrix, b = symmetric(np.geomspace(1, 1e-9, 120)), columns(120)
    ridge, tolerance = 1e-6, 1e-14
    with pytest.raises(ConvergenceError):
        solved(system_of(matrix.astype(np.float32), ridge, 60, in_blocks(matrix, BLOCK_ROWS)), b, tolerance)


def test_a_float32_matrix_alone_does_not_reach_the_tolerance_of_float64() -> None:
    """The products' rounding is in the residual."""
    matrix = symmetric(np.geomspace(1, 1e-9, 120)).astype(np.float32)
    assert np.all(solved(system_of(matrix, 1e-1), columns(120), 1e-4).residuals <= 1e-4)
    with pytest.raises(ConvergenceError):
        solved(system_of(matrix, 1e-1), columns(120), 1e-12)


def test_what_watches_is_told_every_iteration_until_the_tolerance_is_reached() -> None:
    told: list[tuple[int, float]] = []
    matrix, b = symmetric(np.geomspace(1, 1e-4, 80)), columns(80)
    found = solve(
        system_of(matrix, 1e-3), b, np.full(3, TOLERANCE), lambda count, excess: told.append((count, excess))
    )
    assert [count for count, _ in told] == [*range(1, found.iterations + 1)]
    assert told[0][1] > 1e3
    assert told[-1][1] <= 1.0
    assert found.iterations < MAX_ITERATIONS


def test_the_right_hand_sides_are_left_alone_and_bits_are_the_same_again() -> None:
    matrix, b = symmetric(np.geomspace(1, 1e-4, 60)), columns(60)
    copy, system = b.copy(), system_of(matrix, 1e-3, 10)
    one, again = solved(system, b), solved(system, b)
    assert np.array_equal(b, copy)
    assert np.array_equal(one.x, again.x)


@pytest.mark.parametrize("stop", [1, 9, 10, 11, 19])
@pytest.mark.parametrize("order", ["C", "F"])
def test_iterations_that_are_stopped_and_go_on_end_with_the_same_bits(
    stop: int, order: Literal["C", "F"]
) -> None:
    matrix, b = symmetric(np.geomspace(1, 1e-5, 120)), np.array(columns(120, 3), order=order)
    whole = solved(system_of(matrix, 1e-4, 10), b)
    assert whole.iterations > 20
    assert_same(whole, stopped_often(system_of(matrix, 1e-4, 10), b, stop))


@pytest.mark.parametrize("stop", [1, 4, 7])
def test_runs_that_begin_anew_go_on_too(stop: int) -> None:
    """Those of a coarse matrix do; each call is stopped, many times over."""
    matrix, b = symmetric(np.geomspace(1, 1e-5, 120)), columns(120)
    exact = Counting(matrix).operator()
    system = system_of(matrix.astype(np.float32), 1e-3, 10, exact)
    whole = solved(system, b)
    assert_same(whole, stopped_often(system, b, stop))


def test_a_result_that_is_known_is_not_computed_again() -> None:
    matrix, b, known = positive_definite(20), columns(20), InMemory()
    system = system_of(matrix)
    whole = solved(system, b, checkpoint=known)
    assert_same(whole, solved(replace(system, matrix=system_of(2 * matrix).matrix), b, checkpoint=known))


def stopped_often(system: System, b: FloatArray, stop: int) -> Solved:
    """The solution by calls that each end after some iterations."""
    known = InMemory()
    for _ in range(MAX_ITERATIONS):
        known.left = stop
        with suppress(StoppedError):
            return solved(system, b, checkpoint=known)
    raise AssertionError("it does not go on")


def assert_same(found: Solved, other: Solved) -> None:
    assert found.iterations == other.iterations
    assert found.x.tobytes() == other.x.tobytes()
    assert found.residuals.tobytes() == other.residuals.tobytes()
