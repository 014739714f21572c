"""A stage with its Gram matrix factored and its coefficients solved for."""

import math
from dataclasses import dataclass, field
from typing import Any

from ntkcli.arrays import FloatArray
from ntkcli.gram_store import GramStore
from ntkcli.inference.factoring import factor
from ntkcli.inference.flow import Flow
from ntkcli.inference.solution import Solution, refine, solve
from ntkcli.kernels.tiled_operator import TiledOperator
from ntkcli.linalg.probes import Probes
from ntkcli.question import Question, time_text
from ntkcli.stages import Stage


@dataclass(frozen=True)
class SolvedStage:
    """What a stage's predictions are made from.

    ridge: lambda as it was added to the diagonal.
    outputs: k.
    flow: of the Gram matrix; None at time 0, where there is nothing to solve, or where only means are wanted.
    coefficients: (n, k) by exponent.
    health: of the solutions, by exponent.
    """

    stage: Stage
    ridge: float
    outputs: int
    flow: Flow | None = None
    coefficients: dict[float, FloatArray] = field(default_factory=dict)
    health: dict[float, dict[str, float]] = field(default_factory=dict)

    def record(self, question: Question) -> dict[str, Any]:
        """What run.json tells of it."""
        return {
            "gram": self.stage.gram,
            "solver": self.stage.solver,
            "ridge": self.ridge,
            **_finite(self.flow.health if self.flow else {}),
            "times": [
                {"time": time_text(time), **_finite(self.health[question.exponent(time)])}
                for time in self.stage.times
            ],
        }


def _finite(health: dict[str, float]) -> dict[str, float | None]:
    """JSON has no infinity."""
    return {key: value if math.isfinite(value) else None for key, value in health.items()}


def solve_stage(stage: Stage, store: GramStore, y: FloatArray, question: Question) -> SolvedStage:
    """Factor a stage's Gram matrix in its place, and solve for the coefficients at every time.

    Args:
        stage: what is to be solved.
        store: has the Gram matrix, and loses it.
        y: (n, k) training targets.
        question: that the stage belongs to.

    Raises:
        SingularMatrixError: a Gram matrix that has to be inverted is singular to rounding.
        ConvergenceError: Lanczos does not reach its tolerance.
    """
    ridge = question.absolute_ridge(store.rows.diagonal(stage.gram))
    if stage.solver == "none":
        return SolvedStage(stage, ridge, y.shape[1])
    exponents = [question.exponent(time) for time in stage.times]
    flow, probes = factor_stage(stage, store, question, ridge)
    with store.journal.phase("solve"):
        solutions = solve(flow, probes, y, ridge, exponents)
        if question.refine:
            solutions = _refined(solutions, flow, stage.gram, store, y, ridge, question.tolerance)
    return SolvedStage(
        stage,
        ridge,
        y.shape[1],
        flow,
        {exponent: solution.coefficients for exponent, solution in solutions.items()},
        {exponent: solution.health for exponent, solution in solutions.items()},
    )


def factor_stage(stage: Stage, store: GramStore, question: Question, ridge: float) -> tuple[Flow, Probes]:
    """A stage's Gram matrix, probed, then factored in its place; arguments and errors as `solve_stage`."""
    if stage.solver == "none":
        raise ValueError("the prior has nothing to factor")
    store.need(stage.matrices(question))
    probes = Probes(store.matrices[stage.gram])
    with store.journal.phase("factor", store.matrices[stage.gram].block_count) as advance:
        # Popped in the call, so that nothing here keeps the blocks alive.
        flow = factor(
            store.matrices.pop(stage.gram),
            ridge,
            stage.solver,
            [question.exponent(time) for time in stage.times],
            tolerance=question.tolerance,
            largest=probes.largest,
            advance=advance,
        )
    return flow, probes


def _refined(
    solutions: dict[float, Solution],
    flow: Flow,
    gram: str,
    store: GramStore,
    y: FloatArray,
    ridge: float,
    tolerance: float,
) -> dict[float, Solution]:
    operator = TiledOperator(store.gram, store.rows, gram)

    def multiply(x: FloatArray) -> FloatArray:
        return operator.product(x) + ridge * x

    return {time: refine(s, flow, y, multiply, tolerance) for time, s in solutions.items()}
