"""Training rows predicted by training without them, from a fitted stage."""

from dataclasses import replace

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.leave_groups_out import group_deletion
from ntkcli.inference.leave_one_out import LeaveOneOut, joined, leave_one_out, of_deletion
from ntkcli.journal import Journal
from ntkcli.regression.fitted_stage import FittedStage
from ntkcli.regression.kernel import KERNELS
from ntkcli.regression.question import Pair


def delete_rows(fitted: FittedStage, y: FloatArray, journal: Journal) -> dict[Pair, LeaveOneOut]:
    """Delete the rows that the question names, or their groups, for every kernel and time of the stage.

    Args:
        fitted: a stage with its factorisation, whose support is the training rows.
        y: (n, k) training targets.
        journal: receives progress.

    Raises:
        ConvergenceError: Lanczos does not reach its tolerance.
    """
    question, rows = fitted.question, np.asarray(fitted.question.leave_one_out, dtype=np.intp)
    groups = None if question.left_out_groups is None else np.array(question.left_out_groups)
    pairs = fitted.stage.pairs
    found: dict[Pair, LeaveOneOut] = {}
    y = fitted.support.rows.weigh(y)
    if not rows.size:
        return found
    steps, roots = question.left_out_at_once, fitted.support.rows[rows].roots
    order = np.argsort(np.concatenate(steps))
    with journal.phase("leave out", len(rows) * len(pairs)) as advance:
        for pair in pairs:
            parts = []
            for step in steps:
                own = None if groups is None else groups[step]
                parts.append(_delete(fitted, y, rows[step], own, pair))
                advance(len(step))
            found[pair] = joined(parts, order).unweighed(roots)
    return found


def _delete(
    fitted: FittedStage, y: FloatArray, rows: IntArray, groups: IntArray | None, pair: Pair
) -> LeaveOneOut:
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
    flow = fitted.needed_flow
    if groups is None:
        found = leave_one_out(flow, y, rows, exponent, prior, with_variance=with_variance)
    else:
        deletion = group_deletion(flow, len(y), rows, groups)
        found = of_deletion(deletion, y, prior, with_variance=with_variance)
    # A posterior's has the ridge.
    noise = 0.0 if kernel.is_posterior else question.noise(pair.kernel, fitted.ridge)
    return replace(found, variance=found.variance + noise) if noise else found
