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
        fitted: a stage with its factorisation.
        y: (n, k) training targets.
        journal: receives progress.

    Raises:
        ConvergenceError: Lanczos does not reach its tolerance.
    """
    rows = np.asarray(fitted.question.leave_one_out, dtype=np.intp)
    pairs = fitted.stage.pairs
    found: dict[Pair, LeaveOneOut] = {}
    if not rows.size:
        return found
    with journal.phase("leave out", len(rows) * len(pairs)) as advance:
        for pair in pairs:
            parts = []
            for strip in strips(slice(0, len(rows)), CHUNK_ROWS):
                parts.append(_delete(fitted, y, rows[strip], pair))
                advance(strip.stop - strip.start)
            found[pair] = joined(parts)
    return found


def _delete(fitted: FittedStage, y: FloatArray, rows: IntArray, pair: Pair) -> LeaveOneOut:
    kernel, question = KERNELS[pair.kernel], fitted.question
    if fitted.flow is None:
        variance = fitted.support.rows.diagonal(kernel.prior)[rows] + kernel.noise(fitted.ridge)
        return LeaveOneOut(y[rows], variance)
    # Where nobody wants an uncertainty, the prior's matrix is not at hand.
    reads_prior = not kernel.is_posterior and question.has_uncertainty
    prior = fitted.support.matrices[kernel.prior] if reads_prior else None
    found = leave_one_out(fitted.flow, y, rows, question.exponent(pair.time), prior)
    if kernel.is_posterior or reads_prior:
        return found
    return replace(found, variance=np.full(len(rows), np.nan))
