"""What is told of the solvers: estimates, against the dense matrices that they are of."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Flow
from ntkcli.journal import Journal
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.probes import COUNT
from ntkcli.regression.fitted_stage import FittedStage
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.solve import fit_stage
from ntkcli.runs.manifest import _solver
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.solvers.solver import Factoring

from .cases import INF, Data, every_probed_way, every_way, flowing_kernels, limit_solvers, some_data

HEALTH: dict[str, list[str]] = {
    "cholesky": ["smallest_pivot"],
    "eigh": ["smallest_eigenvalue", "condition"],
    "lanczos": ["pole", "tolerance", "steps", "estimated_error"],
    "chebyshev": ["eigenvalues", "bound", "degree", "tolerance"],
    "pcg": ["rank", "trace_left", "tolerance", "iterations", "largest_residual"],
}


def records(
    data: Data, times: dict[KernelName, list[float]], solver: str, **settings: Any
) -> list[dict[str, Any]]:
    """What is kept of the solvers when everything is answered."""
    regression = data.regression(times, solver, **settings)
    data.answers_of(regression)
    return [_solver(record) for record in regression.records]


def record(data: Data, kernel: KernelName, time: float, solver: str, **settings: Any) -> dict[str, Any]:
    (found,) = records(data, {kernel: [time]}, solver, **settings)
    return found


def decay_of(gram: FloatArray, time: float) -> FloatArray:
    return np.zeros_like(gram) if time == INF else np.asarray(expm(-time * gram))


@every_way
def test_a_record_names_matrix_solver_ridge_health_and_times(
    kernel: KernelName, time: float, solver: str
) -> None:
    found = record(some_data(), kernel, time, solver, ridge=0.5)
    assert list(found) == ["gram", "solver", "ridge", *HEALTH[solver], "times"]
    assert (found["gram"], found["solver"], found["ridge"]) == (KERNELS[kernel].gram, solver, 0.5)
    (entry,) = found["times"]
    condition = ["condition"] if time == INF else []
    assert list(entry) == ["time", "residual", "effective_degrees_of_freedom", *condition]
    assert entry["time"] == ("inf" if time == INF else "1")


def test_there_is_a_record_for_every_stage_but_the_prior() -> None:
    times: dict[KernelName, list[float]] = {
        "ntk": [0.0, 0.01, 0.02, 5.0, INF],
        "nngp": [0.0, 5.0],
        "ntkgp": [INF],
    }
    found = records(some_data(), times, "lanczos", ridge=0.1)
    assert [(r["gram"], r["solver"], [entry["time"] for entry in r["times"]]) for r in found] == [
        ("ntk", "cholesky", ["inf"]),
        ("ntk", "lanczos", ["0.01", "0.02"]),
        ("ntk", "lanczos", ["5"]),
        ("nngp", "lanczos", ["5"]),
    ]


@every_way
def test_the_ridge_of_a_record_is_absolute(kernel: KernelName, time: float, solver: str) -> None:
    data = some_data()
    diagonal = data.network.rows(data.x).diagonal(KERNELS[kernel].gram)
    found = record(data, kernel, time, solver, ridge=0.1, ridge_scale="trace")
    assert found["ridge"] == pytest.approx(0.1 * diagonal.mean(), rel=1e-14)


@every_way
def test_residuals_are_at_rounding_for_a_regular_matrix(kernel: KernelName, time: float, solver: str) -> None:
    (entry,) = record(some_data(30), kernel, time, solver, ridge=0.1)["times"]
    assert 0 < entry["residual"] < (1e-9 if solver == "lanczos" else 1e-13)


@every_probed_way
def test_a_residual_is_that_of_the_coefficients(
    kernel: KernelName, time: float, solver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those for a ridge that is a tenth too large, which are wrong by that in one known direction."""
    way, factor = type(SOLVERS[solver]), SOLVERS[solver].factor

    def factor_wrongly(_: Any, matrix: SymmetricBlocks, task: Factoring) -> Flow:
        return factor(matrix, replace(task, ridge=1.1 * task.ridge))

    monkeypatch.setattr(way, "factor", factor_wrongly)
    solved = fitted_stage(some_data(30), kernel, time, solver, ridge=0.01)
    expected = norm(0.1 * 0.01 * solved.coefficients[time]) / norm(some_data(30).y)
    assert expected > 1e-5
    assert expected / 2 < solved.health[time].residual < 2 * expected


@every_probed_way
def test_a_residual_of_rounding_is_known_to_a_factor(kernel: KernelName, time: float, solver: str) -> None:
    """Of targets that the factorisation in float32 has answered, whichever way it rounds.

    In a random direction, the estimate's square is as chi-square / COUNT at the worst: 1 in 10^7 are below a
    tenth, and none is above 4 times the residual. The probes' own products are in float32, too.
    """
    data = Data(**{**vars(some_data(30)), "dtype": np.float32})
    solved = fitted_stage(data, kernel, time, solver, ridge=0.01, tolerance=1e-5)
    matrix = data.kernels(data.x, data.x)[KERNELS[kernel].gram].astype(np.float32).astype(np.float64)
    x = solved.coefficients[time]
    assert solved.flow
    missing = data.y - solved.flow.on(data.y).decay(time) - matrix @ x - 0.01 * x
    expected = norm(missing) / norm(data.y)
    products = float(np.finfo(np.float32).eps * np.linalg.norm(matrix, 2)) * norm(x) / norm(data.y)
    assert expected > 1e-8
    assert expected / 10 - products < solved.health[time].residual < 4 * expected + products


def fitted_stage(data: Data, kernel: KernelName, time: float, solver: str, **settings: Any) -> FittedStage:
    """The only stage of a question, with its factorisation."""
    regression = data.regression({kernel: [time]}, solver, **settings)
    (stage,) = regression.stages
    return fit_stage(stage, regression.support, data.y, regression.question, Journal())


def norm(a: FloatArray) -> float:
    return float(np.linalg.norm(a))


@every_way
@pytest.mark.parametrize("ridge", [1e-3, 1.0])
def test_effective_degrees_of_freedom_are_the_trace_of_the_smoother(
    kernel: KernelName, time: float, solver: str, ridge: float
) -> None:
    """tr(M F_t(G)), within three standard deviations of what so many random vectors can tell."""
    data = some_data(30)
    matrix = data.kernels(data.x, data.x)[KERNELS[kernel].gram]
    gram = matrix + ridge * np.eye(30)
    trace = float(np.trace(matrix @ np.linalg.solve(gram, np.eye(30) - decay_of(gram, time))))
    (entry,) = record(data, kernel, time, solver, ridge=ridge)["times"]
    assert abs(entry["effective_degrees_of_freedom"] - trace) < 3 * np.sqrt(2 * trace / COUNT)


@flowing_kernels
@limit_solvers
def test_without_a_ridge_every_row_is_a_degree_of_freedom_in_the_end(kernel: KernelName, solver: str) -> None:
    (entry,) = record(some_data(30), kernel, INF, solver)["times"]
    assert entry["effective_degrees_of_freedom"] == pytest.approx(30, rel=1e-9)


def test_degrees_of_freedom_grow_with_the_time() -> None:
    times = [1e-6, 1e-3, 0.1, 1.0, 30.0, INF]
    found = records(some_data(30), {"nngp": times}, "lanczos", ridge=0.1)
    degrees = {entry["time"]: entry["effective_degrees_of_freedom"] for r in found for entry in r["times"]}
    ordered = [degrees[time] for time in sorted(degrees, key=float)]
    assert len(ordered) == len(times)
    assert np.all(np.diff(ordered) > -1e-9)
    assert ordered[0] < 1e-3 < 10 < ordered[-1] < 30


@limit_solvers
@pytest.mark.parametrize("kernel", ["ntk", "nngp", "ntkgp"])
@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_a_condition_is_near_the_condition_number_and_not_above(
    kernel: KernelName, solver: str, ridge: float
) -> None:
    data = some_data(30)
    gram = data.kernels(data.x, data.x)[KERNELS[kernel].gram] + ridge * np.eye(30)
    condition = float(np.linalg.cond(gram))
    found = record(data, kernel, INF, solver, ridge=ridge)
    assert condition / 3 < found["times"][0]["condition"] < condition * (1 + 1e-9)
    if solver == "eigh":
        assert found["condition"] == pytest.approx(condition, rel=1e-6)
        assert found["smallest_eigenvalue"] == pytest.approx(np.linalg.eigvalsh(gram)[0], rel=1e-6)


@flowing_kernels
def test_the_smallest_pivot_is_that_of_the_factor(kernel: KernelName) -> None:
    data = some_data(30)
    gram = data.kernels(data.x, data.x)[KERNELS[kernel].gram] + 0.1 * np.eye(30)
    pivot = float(np.linalg.cholesky(gram).diagonal().min() ** 2)
    assert record(data, kernel, INF, "cholesky", ridge=0.1)["smallest_pivot"] == pytest.approx(pivot, 1e-9)
