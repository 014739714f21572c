"""How a stage is solved: its Gram matrix is factored in place, then come the coefficients at every time."""

from dataclasses import replace

import numpy as np

from ntkcli.arrays import ArraySource, FloatArray
from ntkcli.inference.features import FeatureFlow
from ntkcli.inference.flow import Flow
from ntkcli.inference.solution import Solution, refine, solve
from ntkcli.journal import Journal, unshown
from ntkcli.linalg.conjugate_gradients import Watch
from ntkcli.linalg.probes import Probes
from ntkcli.regression.feature_support import FeatureSupport
from ntkcli.regression.fitted_stage import FittedStage, KeptStage, coefficients_name, factor_name
from ntkcli.regression.iterations import STEPS, Iterations
from ntkcli.regression.question import Question
from ntkcli.regression.stages import Stage
from ntkcli.regression.support import Support
from ntkcli.solvers.catalogue import keeping_solver
from ntkcli.solvers.solver import Factoring, SavedFlow


def fit_stage(
    stage: Stage, support: Support, y: FloatArray, question: Question, journal: Journal
) -> FittedStage:
    """Factor a stage's Gram matrix in its place, and solve for the coefficients at every time.

    Args:
        stage: what is to be solved.
        support: has the Gram matrix, or computes it, and loses it.
        y: (n, k) training targets.
        question: that the stage belongs to.
        journal: receives phases and progress.

    Raises:
        SingularMatrixError: a Gram matrix that has to be inverted is singular to rounding.
        ConvergenceError: an iteration does not reach its tolerance.
    """
    ridge = question.absolute_ridge(stage.gram, support.rows.diagonal(stage.gram))
    fitted = FittedStage(stage, question, support, ridge, y.shape[1])
    if stage.solver.reads_gram:
        iterations = Iterations(journal, question.tolerance)
        fitted.flow, probes = _factor(fitted, journal, iterations)
        with journal.phase("solve", STEPS if stage.solver.is_by_products else 0) as iterations.advance:
            y = support.rows.weigh(y)
            for time, solution in _solve(fitted, fitted.flow, probes, y).items():
                fitted.coefficients[time] = solution.coefficients
                fitted.health[time] = solution.health
        # Later iterations, of predictions, are of other phases.
        iterations.advance = unshown
    return fitted


def load_stage(
    kept: KeptStage,
    place: int,
    support: Support,
    question: Question,
    outputs: int,
    arrays: ArraySource,
    journal: Journal,
) -> FittedStage:
    """A stage that `FittedStage.save` kept; a factorisation that was not kept is computed again.

    Args:
        kept: what is known of it beside its arrays.
        place: among the stages, from 0.
        support: the rows that its coefficients belong to.
        question: what is asked now; without an uncertainty there is no need of a factorisation.
        outputs: k.
        arrays: where it is kept.
        journal: receives phases and progress.

    Raises:
        DataError: an array is missing or damaged.
        MissingNumberError: a number that goes with the factorisation is missing.
    """
    stage = kept.stage
    fitted = FittedStage(stage, question, support, kept.ridge, outputs)
    if not stage.solver.reads_gram:
        return fitted
    if kept.features is not None:
        grams = question.read_grams([kernel for kernel in stage.kernels if kernel in question.times])
        fitted.support = FeatureSupport.load(support, place, kept.features, grams, arrays)
    n = fitted.support.size
    for time in stage.times:
        fitted.coefficients[time] = arrays.read(coefficients_name(stage.gram, time), n, outputs)
    if kept.features is not None:
        fitted.flow = FeatureFlow(arrays.read(factor_name(place), n), kept.ridge)
    elif question.has_uncertainty and kept.factor is None:
        fitted.flow, _ = _factor(fitted, journal, Iterations(journal, question.tolerance))
    elif question.has_uncertainty and kept.factor:
        support.need([gram for gram in stage.matrices(question) if gram != stage.gram], journal)
        dtype = np.dtype(support.evaluator.dtype).name
        factor = SavedFlow(arrays, factor_name(place), kept.factor.numbers, n, kept.ridge, dtype)
        fitted.flow = keeping_solver(kept.factor.kind).load(factor)
    return fitted


def _factor(fitted: FittedStage, journal: Journal, watch: Watch) -> tuple[Flow, Probes]:
    """The stage's Gram matrix, probed, then factored in its place, or ready for products."""
    stage, support = fitted.stage, fitted.support
    support.need(stage.matrices(fitted.question), journal)
    if stage.solver.is_by_products:
        matrix = support.take_operator(stage.gram)
        probes = Probes(matrix)
        with journal.phase("factor"):
            return stage.solver.factor(matrix, _task(fitted, probes, watch)), probes
    probes = Probes(support.operator(stage.gram))
    with journal.phase("factor", support.block_count(stage.gram)) as advance:
        task = replace(_task(fitted, probes, watch), advance=advance)
        # Taken in the call, so that nothing here keeps the blocks alive.
        flow = stage.solver.factor(support.take(stage.gram), task)
    return flow, probes


def _task(fitted: FittedStage, probes: Probes, watch: Watch) -> Factoring:
    """What is asked of the solver."""
    stage, question, support = fitted.stage, fitted.question, fitted.support
    is_coarse = stage.solver.corrects_itself and support.is_coarse
    return Factoring(
        times=[question.exponent(time) for time in stage.times],
        ridge=fitted.ridge,
        tolerance=question.tolerance,
        largest=probes.largest,
        columns=stage.columns(question, fitted.outputs, question.expected_rows),
        exact=support.exact(stage.gram) if is_coarse else None,
        watch=watch,
        checkpoints=support.checkpoints,
    )


def _solve(fitted: FittedStage, flow: Flow, probes: Probes, y: FloatArray) -> dict[float, Solution]:
    """The solutions by time."""
    stage, question, support = fitted.stage, fitted.question, fitted.support
    exponents = {time: question.exponent(time) for time in stage.times}
    found = solve(flow, probes, y, fitted.ridge, exponents.values())
    solutions = {time: found[exponent] for time, exponent in exponents.items()}
    if not question.refine or stage.solver.corrects_itself:
        return solutions
    operator = support.exact(stage.gram)
    return {
        time: refine(solution, flow, y, operator, fitted.ridge, question.tolerance)
        for time, solution in solutions.items()
    }
