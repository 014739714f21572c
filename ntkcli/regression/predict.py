"""Predictions of fitted stages for any rows, streamed past them in strips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.ensemble import ensemble
from ntkcli.inference.flow import Action
from ntkcli.inference.posterior import posterior
from ntkcli.inference.prediction import Prediction, concatenate, with_uncertainty
from ntkcli.journal import Advance, unshown
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.regression.fitted_stage import FittedStage
from ntkcli.regression.kernel import KERNELS
from ntkcli.regression.question import Pair, Question
from ntkcli.regression.sampled import levels, pilot_rows, sampled
from ntkcli.regression.stages import Stage

# Entries of a kernel matrix held at once where there are means alone: 4 MiB.
STRIP_ENTRIES = 2**19


@dataclass(frozen=True)
class _Strip:
    """Some test rows.

    means: (c, k), by pair.
    test_support: their kernels with the support rows, (c, n), of those Gram matrices that uncertainties read.
    test: their kernels with themselves, (c,) or (c, c), if an uncertainty is asked for.
    action: the stage's flow acting on (n, c) of its own kernel, if an uncertainty is asked for.
    """

    means: Mapping[Pair, FloatArray]
    test_support: dict[GramName, FloatArray]
    test: dict[GramName, FloatArray]
    action: Action | None


def predict(
    fitted: FittedStage, rows: Rows, pairs: Sequence[Pair], advance: Advance = unshown
) -> dict[Pair, Prediction]:
    """Stream test rows past a stage, strip after strip.

    Args:
        fitted: the stage.
        rows: the test rows, prepared by its network.
        pairs: those of the stage's pairs that are wanted.
        advance: called with the number of rows finished.
    """
    if not fitted.stage.is_sampled(fitted.question, len(rows)):
        return _solved(fitted, rows, pairs, advance)
    some = pilot_rows(len(rows))
    return sampled(fitted, rows, levels(rows[some], _solved(fitted, rows[some], pairs)), advance)


def _solved(
    fitted: FittedStage, rows: Rows, pairs: Sequence[Pair], advance: Advance = unshown
) -> dict[Pair, Prediction]:
    """With a solve for every test row, where variances are wanted."""
    parts: dict[Pair, list[Prediction]] = {pair: [] for pair in pairs}
    # At time 0 no kernel with the support is taken, and features are none.
    length = strip_rows(fitted.question, fitted.stage, max(1, fitted.support.size), len(rows))
    for strip in strips(slice(0, len(rows)), length):
        seen = _strip(fitted, rows[strip], pairs)
        for pair in pairs:
            parts[pair].append(_predict(fitted, seen, pair))
        # Or its kernels would stay in memory while those of the next strip are computed.
        del seen
        advance(strip.stop - strip.start)
    return {pair: concatenate(parts.pop(pair)) for pair in pairs}


def strip_rows(question: Question, stage: Stage, n: int, m: int) -> int:
    """How many of m test rows a stage predicts at once from n support rows: all for a covariance."""
    if question.uncertainty == "covariance":
        return m
    if not question.has_uncertainty:
        # The prior alone has no features.
        return max(CHUNK_ROWS, STRIP_ENTRIES // max(n, 1))
    # A variance near 0 is all rounding, which differs with the length: m has no part in it.
    return stage.solver.rows_at_once(n)


def _strip(fitted: FittedStage, rows: Rows, pairs: Sequence[Pair]) -> _Strip:
    question, stage = fitted.question, fitted.stage
    kernels = [kernel for kernel, _ in pairs]
    test = _kernels_of_itself(fitted, rows, sorted({KERNELS[kernel].prior for kernel in kernels}))
    if not stage.solver.reads_gram:
        return _Strip({pair: np.zeros((len(rows), fitted.outputs)) for pair in pairs}, {}, test, None)
    test_support = fitted.support.kernels_with(rows, question.read_grams(kernels))
    means = {pair: test_support[KERNELS[pair.kernel].gram] @ fitted.coefficients[pair.time] for pair in pairs}
    if not question.has_uncertainty:
        return _Strip(means, {}, test, None)
    action = fitted.needed_flow.on(test_support[stage.gram].T)
    # What the action was made of is not kept beside it.
    needed = {KERNELS[kernel].prior for kernel in kernels if not KERNELS[kernel].is_posterior}
    return _Strip(means, {gram: test_support[gram] for gram in needed}, test, action)


def _kernels_of_itself(fitted: FittedStage, rows: Rows, priors: list[GramName]) -> dict[GramName, FloatArray]:
    """k(x*, x*), as much of it as the question asks for."""
    uncertainty = fitted.question.uncertainty
    if uncertainty == "covariance":
        matrices = fitted.support.evaluator.symmetric(rows, priors)
        return {name: matrix.to_array() for name, matrix in matrices.items()}
    return {name: rows.diagonal(name) for name in priors if uncertainty == "variance"}


def _predict(fitted: FittedStage, strip: _Strip, pair: Pair) -> Prediction:
    kernel, mean = KERNELS[pair.kernel], strip.means[pair]
    if strip.action is None:
        return with_uncertainty(mean, strip.test[kernel.prior]) if strip.test else Prediction(mean)
    exponent, test = fitted.question.exponent(pair.time), strip.test[kernel.prior]
    if kernel.is_posterior:
        return posterior(strip.action, exponent, mean, test)
    operator = fitted.support.operator(kernel.prior)
    return ensemble(strip.action, exponent, mean, strip.test_support[kernel.prior], test, operator)


def in_order(predictions: Sequence[Prediction], order: IntArray) -> Prediction:
    """Predictions of some rows after others, put into another order of all of them."""
    joined = concatenate(list(predictions))
    variance, covariance = joined.variance, joined.covariance
    return Prediction(
        joined.mean[order],
        None if variance is None else variance[order],
        None if covariance is None else covariance[np.ix_(order, order)],
    )
