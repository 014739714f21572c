import math
import tracemalloc
import weakref
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.solvers.lanczos import LanczosFlow
from ntkcli.solvers.shift_invert import pole
from ntkcli.solvers.solver import Factoring

from ..inference.gaussian import Problem, dense_flow
from ..inference.spectra import SPECTRA, Solver, columns, flow_of, in_blocks, symmetric

INF = math.inf
GRAM = Problem().ntk.train
Y = Problem().y
N = len(GRAM)
SINGULAR = symmetric(SPECTRA["singular"](N))

WAYS: list[tuple[Solver, float]] = [
    ("cholesky", INF),
    ("eigh", INF),
    ("eigh", 1.0),
    ("lanczos", 1.0),
    ("lanczos", 1e3),
]
every_way = pytest.mark.parametrize(("solver", "time"), WAYS)
in_place = pytest.mark.parametrize(("solver", "time"), [("cholesky", INF), ("lanczos", 2.0)])
every_ridge = pytest.mark.parametrize("ridge", [0.0, 0.3, 1e4])


class Memory:
    """Where blocks are told to live."""

    def __init__(self) -> None:
        self.array: FloatArray = np.empty(0)

    def allocate(self, count: int, dtype: np.dtype[Any]) -> FloatArray:
        """The array."""
        self.array = np.zeros(count, dtype)
        return self.array

    def blocks(self, matrix: FloatArray, block_rows: int) -> SymmetricBlocks:
        """A symmetric matrix in blocks that live here."""
        made = in_blocks(matrix, block_rows)
        blocks = SymmetricBlocks(
            len(matrix), dtype=matrix.dtype, block_rows=block_rows, allocate=self.allocate
        )
        for i in range(len(blocks.spans)):
            for j in range(i + 1):
                blocks[i, j][:] = made[i, j]
        return blocks


def lower_triangle(blocks: SymmetricBlocks) -> FloatArray:
    return np.asarray(np.tril(blocks.to_array()))


@every_way
@every_ridge
def test_every_factorisation_has_the_ridge(solver: Solver, time: float, ridge: float) -> None:
    action = flow_of(GRAM, solver, [time], ridge=ridge).on(Y)
    expected = dense_flow(GRAM + ridge * np.eye(N), time) @ Y
    np.testing.assert_allclose(action.product(time), expected, rtol=1e-8)


@every_way
def test_a_singular_matrix_with_a_ridge_is_regular(solver: Solver, time: float) -> None:
    action = flow_of(SINGULAR, solver, [time], ridge=0.1).on(Y)
    expected = dense_flow(SINGULAR + 0.1 * np.eye(N), time) @ Y
    np.testing.assert_allclose(action.product(time), expected, rtol=1e-8)


@pytest.mark.parametrize(("solver", "times"), [("cholesky", [INF]), ("eigh", [INF]), ("eigh", [1.0, INF])])
def test_a_singular_matrix_has_no_limit_without_a_ridge(solver: Solver, times: list[float]) -> None:
    with pytest.raises(SingularMatrixError):
        flow_of(SINGULAR, solver, times)


@pytest.mark.parametrize("solver", ["eigh", "lanczos"])
def test_a_singular_matrix_is_fine_at_finite_times(solver: Solver) -> None:
    """In its null space, where nothing decays, F_t is t."""
    null = np.linalg.eigh(SINGULAR)[1][:, :1]
    action = flow_of(SINGULAR, solver, [5.0]).on(null)
    np.testing.assert_allclose(action.product(5.0), 5.0 * null, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("dtype", "time"), [(np.float64, 1e18), (np.float64, 1e300), (np.float32, 1e10)])
def test_times_too_long_for_a_singular_matrix_do_not_converge(dtype: npt.DTypeLike, time: float) -> None:
    """The pole vanishes in the rounding of the diagonal."""
    with pytest.raises(ConvergenceError, match="singular to rounding") as caught:
        flow_of(SINGULAR.astype(dtype), "lanczos", [time])
    assert isinstance(caught.value.__cause__, SingularMatrixError)


def test_times_however_long_are_fine_for_a_regular_matrix() -> None:
    action = flow_of(GRAM, "lanczos", [1e300]).on(Y)
    np.testing.assert_allclose(action.product(1e300), np.linalg.solve(GRAM, Y), rtol=1e-9)


@pytest.mark.parametrize("block_rows", [4, N, 100])
@in_place
def test_the_factor_takes_the_memory_of_the_matrix(solver: Solver, time: float, block_rows: int) -> None:
    memory, ridge = Memory(), 0.3
    blocks = memory.blocks(GRAM, block_rows)
    SOLVERS[solver].factor(blocks, Factoring([time], ridge))
    shift = ridge + (pole([time]) if solver == "lanczos" else 0.0)
    expected = np.linalg.cholesky(GRAM + shift * np.eye(N))
    np.testing.assert_allclose(lower_triangle(blocks), expected, rtol=1e-12)
    assert all(np.shares_memory(blocks[i, 0], memory.array) for i in range(len(blocks.spans)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@in_place
def test_no_second_matrix_is_made(solver: Solver, time: float, dtype: npt.DTypeLike) -> None:
    n = 500
    memory = Memory()
    blocks = memory.blocks(symmetric(SPECTRA["condition 1e4"](n)).astype(dtype), 100)
    tracemalloc.start()
    flow = SOLVERS[solver].factor(blocks, Factoring([time], 0.1, tolerance=1e-4))
    flow.on(columns(n, 1)).product(time)
    allocated = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The bases of Lanczos: as many vectors in float64 as it takes steps.
    assert allocated < memory.array.nbytes / 2


def test_the_blocks_are_gone_when_eigenvalues_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that eigh needs no more than the full matrix and its own workspace."""
    held = [in_blocks(GRAM)]
    alive = weakref.ref(held[0])

    decompose = Spectrum.of

    def watched(full: FloatArray) -> Spectrum:
        assert alive() is None
        return decompose(full)

    monkeypatch.setattr(Spectrum, "of", watched)
    flow = SOLVERS["eigh"].factor(held.pop(), Factoring([1.0]))
    np.testing.assert_allclose(flow.on(Y).product(1.0), dense_flow(GRAM, 1.0) @ Y, rtol=1e-9)


@in_place
def test_progress_adds_up_to_the_blocks(solver: Solver, time: float) -> None:
    blocks, steps = in_blocks(GRAM, 4), [0]
    SOLVERS[solver].factor(blocks, Factoring([time], advance=steps.append))
    assert sum(steps) == blocks.block_count


def test_lanczos_has_the_pole_of_its_times_and_the_tolerance_asked_for() -> None:
    times = [2.0, 5.0]
    flow = flow_of(GRAM, "lanczos", times, tolerance=1e-3)
    assert isinstance(flow, LanczosFlow)
    assert flow.health.pole == pole(times)
    for time in times:
        flow.on(Y).product(time)
    assert 1e-16 < flow.health.estimated_error <= 1e-3


@pytest.mark.parametrize("time", [1e-3, 1.0, 1e2])
def test_lanczos_ends_where_only_rounding_is_left_and_tells_the_error(time: float) -> None:
    flow = flow_of(GRAM, "lanczos", [time], tolerance=1e-30)
    found, expected = flow.on(Y).product(time), dense_flow(GRAM, time) @ Y
    told = asdict(flow.health)["estimated_error"]
    assert 1e-17 < told < 1e-10
    assert np.linalg.norm(found - expected) <= max(told, 1e-13) * np.linalg.norm(expected)


@every_way
def test_the_same_matrix_gives_the_same_bits(solver: Solver, time: float) -> None:
    once, again = (flow_of(GRAM, solver, [time]).on(Y).product(time) for _ in range(2))
    assert np.array_equal(once, again)
