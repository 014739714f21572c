"""The coefficients in front of the kernel at some times, and how far they can be trusted."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Flow
from ntkcli.linalg.operator import Operator
from ntkcli.linalg.probes import Probes


@dataclass(frozen=True)
class SolutionHealth:
    """How far a solution can be trusted.

    residual: estimate of |Y - exp(-t G) Y - G F_t(G) Y| / |Y|, which is 0 without rounding; of the worst
        column, and no estimate, where the solver has G at hand.
    effective_degrees_of_freedom: estimate of the trace of the smoother M F_t(G), where G = M + ridge I.
    condition: at t = inf, estimate of G's condition number from below.
    """

    residual: float
    effective_degrees_of_freedom: float
    condition: float | None


@dataclass(frozen=True)
class Solution:
    """F_t(G) Y (n, k) at one time."""

    coefficients: FloatArray
    health: SolutionHealth


def solve(
    flow: Flow, probes: Probes, y: FloatArray, ridge: float, times: Collection[float]
) -> dict[float, Solution]:
    """Solve at every time for targets y (n, k), and judge each solution by products taken before factoring.

    Args:
        flow: of G = M + ridge I.
        probes: of M.
        y: (n, k).
        ridge: lambda >= 0, absolute.
        times: t > 0 or inf, in units of the exponent.

    Raises:
        ConvergenceError: Lanczos does not reach its tolerance.
    """
    k = y.shape[1]
    action = flow.on(np.hstack([y, probes.vectors]))
    norm = _norm(y)
    solutions = {}
    for time in times:
        product = action.product(time).astype(np.float64, copy=False)
        x, images = product[:, :k], product[:, k:]
        condition = _condition(probes, images, ridge) if time == math.inf else None
        residual = flow.health.true_residual
        if residual is None:
            residual = probes.residual(y - action.decay(time)[:, :k], x, ridge) / norm
        solutions[time] = Solution(x, SolutionHealth(residual, probes.trace(images), condition))
    return solutions


def _condition(probes: Probes, images: FloatArray, ridge: float) -> float:
    smallest = probes.smallest(images)
    return (probes.largest + ridge) / smallest if smallest > 0 else math.inf


def refine(
    solution: Solution, flow: Flow, y: FloatArray, matrix: Operator, ridge: float, tolerance: float
) -> Solution:
    """Improve G^{-1} Y, solved in float32, until its residual in float64 is small or stays as it is.

    Args:
        solution: at t = inf.
        flow: of G = M + ridge I in float32.
        y: (n, k).
        matrix: M in float64.
        ridge: lambda >= 0, absolute.
        tolerance: of |Y - G x| / |Y|.

    Higham 2002, chapter 12.
    """
    x, norm = solution.coefficients, _norm(y)
    error = y - matrix.product(x) - ridge * x
    while (residual := float(np.linalg.norm(error)) / norm) > tolerance:
        better = x + flow.on(error).product(math.inf)
        error = y - matrix.product(better) - ridge * better
        if not np.linalg.norm(error) < residual * norm / 2:
            break
        x = better
    return Solution(x, replace(solution.health, residual=residual))


def _norm(y: FloatArray) -> float:
    return float(np.linalg.norm(y)) or 1.0
