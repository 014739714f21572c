"""Predictions of fitted stages for any rows, streamed past them in strips."""

from collections.abc import Sequence
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

# Entries of a kernel matrix held at once where there are means alone: 4 MiB.
STRIP_ENTRIES = 2**19


@dataclass(frozen=True)
class _Strip:
    """Some test rows.

    test_support: their kernels with the support rows, (c, n), by Gram matrix.
    test: their kernels with themselves, (c,) or (c, c), if an uncertainty is asked for.
    action: the stage's flow acting on (n, c) of its own kernel, if an uncertainty is asked for.
    """

    rows: Rows
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
    parts: dict[Pair, list[Prediction]] = {pair: [] for pair in pairs}
    length = strip_rows(fitted.question, len(fitted.support.rows), len(rows))
    for strip in strips(slice(0, len(rows)), length):
        seen = _strip(fitted, rows[strip], pairs)
        for pair in pairs:
            parts[pair].append(_predict(fitted, seen, pair))
        # Or its kernels would stay in memory while those of the next strip are computed.
        del seen
        advance(strip.stop - strip.start)
    return {pair: concatenate(parts.pop(pair)) for pair in pairs}


def strip_rows(question: Question, n: int, m: int) -> int:
    """How many of m test rows are predicted at once from n support rows: all where a covariance is wanted."""
    if question.uncertainty == "covariance":
        return m
    # A variance near 0 is all rounding, which differs with the length.
    return CHUNK_ROWS if question.has_uncertainty else max(CHUNK_ROWS, STRIP_ENTRIES // n)


def _strip(fitted: FittedStage, rows: Rows, pairs: Sequence[Pair]) -> _Strip:
    evaluator, question, stage = fitted.support.evaluator, fitted.question, fitted.stage
    kernels = [kernel for kernel, _ in pairs]
    test = _kernels_of_itself(fitted, rows, sorted({KERNELS[kernel].prior for kernel in kernels}))
    if not stage.solver.reads_gram:
        return _Strip(rows, {}, test, None)
    test_support = evaluator.rectangle(rows, fitted.support.rows, question.read_grams(kernels))
    action = fitted.needed_flow.on(test_support[stage.gram].T) if question.has_uncertainty else None
    return _Strip(rows, test_support, test, action)


def _kernels_of_itself(fitted: FittedStage, rows: Rows, priors: list[GramName]) -> dict[GramName, FloatArray]:
    """k(x*, x*), as much of it as the question asks for."""
    uncertainty = fitted.question.uncertainty
    if uncertainty == "covariance":
        matrices = fitted.support.evaluator.symmetric(rows, priors)
        return {name: matrix.to_array() for name, matrix in matrices.items()}
    return {name: rows.diagonal(name) for name in priors if uncertainty == "variance"}


def _predict(fitted: FittedStage, strip: _Strip, pair: Pair) -> Prediction:
    kernel, time = KERNELS[pair.kernel], pair.time
    if not fitted.stage.solver.reads_gram:
        mean = np.zeros((len(strip.rows), fitted.outputs))
        return with_uncertainty(mean, strip.test[kernel.prior]) if strip.test else Prediction(mean)
    mean = strip.test_support[kernel.gram] @ fitted.coefficients[time]
    if strip.action is None:
        return Prediction(mean)
    exponent, test = fitted.question.exponent(time), strip.test[kernel.prior]
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
