"""Training rows predicted by training without them, from a fitted stage."""

from dataclasses import replace

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.leave_one_out import LeaveOneOut, joined, leave_one_out
from ntkcli.journal import Journal
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.regression.fitted_stage import FittedStage
from ntkcli.regression.kernel import KERNELS
from ntkcli.regression.question import Pair


def delete_rows(fitted: FittedStage, y: FloatArray, journal: Journal) -> dict[Pair, LeaveOneOut]:
    """Delete the rows that the question names, one at a time, for every kernel and time of the stage.

    Args:
        fitted: a stage with its factorisation, whose support is the training rows.
        y: (n, k) training targets.
        journal: receives progress.

    Raises:
        ConvergenceError: Lanczos does not reach its tolerance.
    """
    rows = np.asarray(fitted.question.leave_one_out, dtype=np.intp)
    pairs = fitted.stage.pairs
    found: dict[Pair, LeaveOneOut] = {}
    y = fitted.support.rows.weigh(y)
    if not rows.size:
        return found
    with journal.phase("leave out", len(rows) * len(pairs)) as advance:
        for pair in pairs:
            parts = []
            for strip in strips(slice(0, len(rows)), CHUNK_ROWS):
                parts.append(_unweighed(fitted, rows[strip], _delete(fitted, y, rows[strip], pair)))
                advance(strip.stop - strip.start)
            found[pair] = joined(parts)
    return found


def _unweighed(fitted: FittedStage, rows: IntArray, found: LeaveOneOut) -> LeaveOneOut:
    """What is found of some rows, in the units of targets that are not multiplied by the roots of weights."""
    roots = fitted.support.rows[rows].roots
    return found if roots is None else LeaveOneOut(found.residual / roots[:, None], found.variance / roots**2)


def _delete(fitted: FittedStage, y: FloatArray, rows: IntArray, pair: Pair) -> LeaveOneOut:
    kernel, question = KERNELS[pair.kernel], fitted.question
    if not fitted.stage.solver.reads_gram:
        variance = fitted.support.rows.diagonal(kernel.prior)[rows] + question.noise(
            pair.kernel, fitted.ridge
        )
        return LeaveOneOut(y[rows], variance)
    # Where nobody wants an uncertainty, the prior's matrix is not at hand.
    with_variance = kernel.is_posterior or question.has_uncertainty
    prior = fitted.support.operator(kernel.prior) if with_variance and not kernel.is_posterior else None
    exponent = question.exponent(pair.time)
    found = leave_one_out(fitted.needed_flow, y, rows, exponent, prior, with_variance=with_variance)
    # A posterior's has the ridge.
    noise = 0.0 if kernel.is_posterior else question.noise(pair.kernel, fitted.ridge)
    return replace(found, variance=found.variance + noise) if noise else found
