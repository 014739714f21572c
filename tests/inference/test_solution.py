import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.flow import Action, Deletion, Flow, Health, relaxation
from ntkcli.inference.solution import Solution, solve
from ntkcli.linalg.probes import COUNT, Probes

from .gaussian import Problem, dense_flow
from .spectra import SPECTRA, Solver, columns, every_spectrum, flow_of, in_blocks, size, symmetric

INF = math.inf
EPS = float(np.finfo(np.float64).eps)

WAYS: list[tuple[Solver, list[float]]] = [
    ("cholesky", [INF]),
    ("eigh", [1e-2, 1.0, 1e3, INF]),
    ("lanczos", [1.0, 10.0]),
]
every_way = pytest.mark.parametrize(("solver", "times"), WAYS)
every_solver = pytest.mark.parametrize(
    ("solver", "time"), [("cholesky", INF), ("eigh", INF), ("eigh", 100.0), ("lanczos", 100.0)]
)
every_ridge = pytest.mark.parametrize("ridge", [0.0, 0.3])
few_rows = st.integers(2, 40)
seeds = st.integers(0, 999)


def solutions_of(
    matrix: FloatArray,
    y: FloatArray,
    solver: Solver,
    times: list[float],
    *,
    ridge: float = 0.0,
    tolerance: float = 1e-10,
) -> dict[float, Solution]:
    """Coefficients for targets y, with the judgement of probes taken before factoring."""
    probes = Probes(in_blocks(matrix))
    return solve(flow_of(matrix, solver, times, ridge=ridge, tolerance=tolerance), probes, y, ridge, times)


def shares(eigenvalues: FloatArray, ridge: float, time: float) -> FloatArray:
    """Eigenvalues of the smoother M F_t(M + ridge I), each between 0 and 1."""
    return np.asarray(eigenvalues * relaxation(eigenvalues + ridge, time))


@every_way
@every_ridge
def test_coefficients_are_the_flow_on_the_targets(solver: Solver, times: list[float], ridge: float) -> None:
    problem = Problem()
    gram, y = problem.ntk.train, problem.y
    solutions = solutions_of(gram, y, solver, times, ridge=ridge)
    assert list(solutions) == times
    for time, solution in solutions.items():
        expected = dense_flow(gram + ridge * np.eye(len(gram)), time) @ y
        assert solution.coefficients.shape == y.shape
        np.testing.assert_allclose(solution.coefficients, expected, rtol=1e-8)


@every_way
@every_ridge
@given(n=few_rows, outputs=st.integers(1, 3), seed=seeds)
def test_a_good_solution_leaves_no_residual(
    solver: Solver, times: list[float], ridge: float, n: int, outputs: int, seed: int
) -> None:
    """To rounding, and for Lanczos to its tolerance; what is left of the targets is no residual."""
    matrix, y = symmetric(SPECTRA["condition 1e4"](n), seed), columns(n, outputs, seed)
    limit = 1e-9 if solver == "lanczos" else 100 * n * EPS
    for solution in solutions_of(matrix, y, solver, times, ridge=ridge).values():
        # Rounding is relative to |G| |x|, which is up to 1e4 |y|.
        amplified = max(1.0, float(np.linalg.norm(solution.coefficients) / np.linalg.norm(y)))
        assert solution.health.residual <= limit * amplified


def true_residual(
    matrix: FloatArray, y: FloatArray, ridge: float, solution: Solution, left: FloatArray
) -> float:
    """|y - exp(-t G) y - G x| / |y| in float64, with the solver's own exp(-t G) y."""
    x = solution.coefficients
    image = matrix.astype(np.float64) @ x + ridge * x
    return float(np.linalg.norm(y - left - image) / np.linalg.norm(y))


@every_solver
@every_spectrum
@settings(max_examples=15)
@given(n=st.integers(5, 40), seed=seeds)
def test_the_residual_of_a_float32_solution_is_judged_honestly(
    solver: Solver, time: float, spectrum: str, n: int, seed: int
) -> None:
    """Above a tenth of it and below 4 times, but for the rounding of the probes' own products to float32.

    In a random direction, the estimate's square is as chi-square / COUNT at the worst: 1 in 10^7 are below a
    tenth, and none is above 4 times the residual.
    """
    matrix, y, ridge = symmetric(SPECTRA[spectrum](n), seed).astype(np.float32), columns(n, 2, seed), 1e-3
    probes = Probes(in_blocks(matrix))
    flow = flow_of(matrix, solver, [time], ridge=ridge, tolerance=1e-5)
    solution = solve(flow, probes, y, ridge, [time])[time]
    exact = true_residual(matrix, y, ridge, solution, flow.on(y).decay(time))
    x = solution.coefficients
    products = np.finfo(np.float32).eps * np.linalg.norm(matrix, 2) * np.linalg.norm(x) / np.linalg.norm(y)
    assert exact / 10 - products <= solution.health.residual <= 4 * exact + products


class WrongFlow:
    """Solutions of G = I at inf, off by a share of y in some direction."""

    health = Health()

    def __init__(self, error: FloatArray) -> None:
        self.error = error

    def on(self, b: FloatArray) -> Action:
        """b and the error in its first column."""
        wrong = b.copy()
        wrong[:, 0] += self.error
        return _WrongAction(wrong)

    def deletion(self, rows: IntArray, time: float, *, with_quadratic: bool) -> Deletion:
        """Nobody asks."""
        raise NotImplementedError


class _WrongAction:
    def __init__(self, solution: FloatArray) -> None:
        self.solution = solution

    def product(self, time: float) -> FloatArray:
        return self.solution

    def decay(self, time: float) -> FloatArray:
        return np.zeros_like(self.solution)

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        raise NotImplementedError


@given(n=st.integers(10, 40), exponent=st.integers(-12, 3), seed=seeds)
def test_a_wrong_solution_is_found_out(n: int, exponent: int, seed: int) -> None:
    """Within a factor of 4, which chi-square with 8 degrees of freedom leaves once in 30,000."""
    y, error = columns(n, 1, seed), 10.0**exponent * columns(n, 1, seed + 1000)
    flow: Flow = WrongFlow(error[:, 0])
    residual = solve(flow, Probes(in_blocks(np.eye(n))), y, 0.0, [INF])[INF].health.residual
    exact = float(np.linalg.norm(error) / np.linalg.norm(y))
    assert exact / 4 <= residual <= 4 * exact


@pytest.mark.parametrize("scale", [1e-100, 1e-6, 1e6, 1e100])
def test_the_residual_has_no_unit(scale: float) -> None:
    """Of a loose tolerance: one that is above rounding."""
    matrix, y = symmetric(SPECTRA["condition 1e8"](30)), columns(30, 1)
    one, scaled = (
        solutions_of(matrix, factor * y, "lanczos", [1e3], tolerance=1e-3)[1e3] for factor in (1.0, scale)
    )
    assert one.health.residual > 1e-8
    assert scaled.health.residual == pytest.approx(one.health.residual, rel=1e-3)


def test_targets_of_zero_have_no_residual() -> None:
    matrix = symmetric(SPECTRA["condition 1e4"](20))
    for solver, times in WAYS:
        for solution in solutions_of(matrix, np.zeros((20, 2)), solver, times).values():
            assert np.array_equal(solution.coefficients, np.zeros((20, 2)))
            assert solution.health.residual == 0.0


@pytest.mark.parametrize("solver", ["cholesky", "eigh"])
@given(n=few_rows, seed=seeds)
def test_interpolation_takes_a_degree_of_freedom_for_every_row(solver: Solver, n: int, seed: int) -> None:
    matrix = symmetric(SPECTRA["condition 1e4"](n), seed)
    solution = solutions_of(matrix, columns(n, 1), solver, [INF])[INF]
    assert solution.health.effective_degrees_of_freedom == pytest.approx(n, rel=1e-9)


@every_solver
@every_spectrum
@settings(max_examples=15)
@given(n=few_rows, seed=seeds)
def test_degrees_of_freedom_are_within_five_standard_deviations(
    solver: Solver, time: float, spectrum: str, n: int, seed: int
) -> None:
    eigenvalues, ridge = SPECTRA[spectrum](n), 1e-2
    solution = solutions_of(symmetric(eigenvalues, seed), columns(n, 1), solver, [time], ridge=ridge)[time]
    exact = float(np.sum(shares(eigenvalues, ridge, time)))
    assert (
        abs(solution.health.effective_degrees_of_freedom - exact) <= 5 * math.sqrt(2 * exact / COUNT) + 1e-8
    )


def test_degrees_of_freedom_grow_with_time_from_zero_to_all() -> None:
    matrix, times = symmetric(SPECTRA["condition 1e4"](30)), [1e-6, 1e-2, 1.0, 1e2, 1e4, INF]
    found = [
        solution.health.effective_degrees_of_freedom
        for solution in solutions_of(matrix, columns(30, 1), "eigh", times).values()
    ]
    assert found == sorted(found)
    assert found[0] == pytest.approx(0, abs=1e-4)
    assert found[-1] == pytest.approx(30, rel=1e-9)


@pytest.mark.parametrize("solver", ["cholesky", "eigh"])
@pytest.mark.parametrize("spectrum", ["identity", "condition 1e4", "condition 1e8", "one huge", "one tiny"])
@given(n=few_rows, seed=seeds)
def test_the_condition_number_is_estimated_from_below(
    solver: Solver, spectrum: str, n: int, seed: int
) -> None:
    """To an order of magnitude; an eigenvalue of 1e-12 is itself uncertain by some eps, 1e-3 of it."""
    eigenvalues = SPECTRA[spectrum](n)
    condition = solutions_of(symmetric(eigenvalues, seed), columns(n, 1), solver, [INF])[INF].health.condition
    exact = float(eigenvalues.max() / eigenvalues.min())
    assert condition is not None
    assert exact / 10 <= condition <= exact * (1 + 1e-2)


def test_the_condition_number_has_the_ridge() -> None:
    """From below, as the share of the largest among 20 eigenvalues leaves it."""
    eigenvalues = SPECTRA["one huge"](20)
    matrix = symmetric(eigenvalues)
    condition = solutions_of(matrix, columns(20, 1), "cholesky", [INF], ridge=0.5)[INF].health.condition
    assert condition is not None
    assert 0.9 * 1.5 / 0.5 < condition <= 1.5 / 0.5


@pytest.mark.parametrize(("solver", "time"), [("eigh", 1.0), ("lanczos", 1.0)])
def test_finite_times_have_no_condition_number(solver: Solver, time: float) -> None:
    matrix = symmetric(SPECTRA["condition 1e4"](20))
    assert solutions_of(matrix, columns(20, 1), solver, [time])[time].health.condition is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_way
def test_coefficients_are_float64(dtype: npt.DTypeLike, solver: Solver, times: list[float]) -> None:
    matrix, y = Problem().ntk.train.astype(dtype), Problem().y
    for solution in solutions_of(matrix, y, solver, times, tolerance=1e-5).values():
        assert solution.coefficients.dtype == np.float64
        assert np.all(size(solution.coefficients) > 0)
