"""Predictions of many test rows at once, whose variances are those of functions of the prior."""

from collections.abc import Mapping

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.pathwise import PathSamples, column_groups
from ntkcli.inference.prediction import Prediction, concatenate
from ntkcli.journal import Advance, unshown
from ntkcli.kernels.rows import Rows
from ntkcli.kernels.tiled_operator import TiledOperator
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.regression.fitted_stage import FittedStage, SampledVariances
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Pair
from ntkcli.regression.stages import PathSampling

# Test rows that are solved for, to know how small variances are, and the share of the least of these that may
# be added to all.
PILOT_ROWS, SHARE = 32, 1 / 6


def pilot_rows(m: int) -> IntArray:
    """Some of m test rows, at random, in order."""
    return np.sort(np.random.default_rng(0).choice(m, min(m, PILOT_ROWS), replace=False))


def levels(rows: Rows, solved: Mapping[Pair, Prediction]) -> dict[Pair, float]:
    """The least variance of some test rows, in units of the prior's, for each pair."""
    found = {}
    for pair, prediction in solved.items():
        prior = rows.diagonal(KERNELS[pair.kernel].prior)
        if prediction.variance is None:
            raise ValueError("the rows were predicted without their variances")
        shares = prediction.variance[prior > 0] / prior[prior > 0]
        found[pair] = float(shares.min(initial=1.0))
    return found


def sampled(
    fitted: FittedStage, rows: Rows, least: Mapping[Pair, float], advance: Advance = unshown
) -> dict[Pair, Prediction]:
    """Predict test rows, with variances from as many functions as the stage's sampling says.

    The stage notes how far off they are.

    Args:
        fitted: the stage.
        rows: the test rows, prepared by its network.
        least: variance of any of the rows, about, in units of the prior's, for each pair that is wanted.
        advance: called with the number of rows finished.
    """
    parts: dict[Pair, list[Prediction]] = {pair: [] for pair in least}
    errors, degrees = [], []
    for seed, piece in enumerate(strips(slice(0, len(rows)), piece_rows(len(fitted.support.rows)))):
        for kernel in dict.fromkeys(pair.kernel for pair in least):
            pairs = [pair for pair in least if pair.kernel == kernel]
            samples = _drawn(fitted, rows[piece], kernel, min(least[pair] for pair in pairs), seed)
            degrees.append(samples.degree)
            for pair in pairs:
                prediction, error = _streamed(fitted, rows[piece], pair, samples)
                parts[pair].append(prediction)
                errors.append(error)
        advance(piece.stop - piece.start)
    every = np.concatenate(errors)
    count = _sampling(fitted).count
    fitted.sampled = SampledVariances(count, float(np.median(every)), float(every.max()), max(degrees))
    return {pair: concatenate(parts.pop(pair)) for pair in least}


def piece_rows(n: int) -> int:
    """Test rows that are drawn with n training rows at once: more of them would cost more than the rest."""
    return max(n, CHUNK_ROWS)


def _sampling(fitted: FittedStage) -> PathSampling:
    if fitted.stage.sampling is None:
        raise ValueError("the stage solves for every test row")
    return fitted.stage.sampling


def _drawn(fitted: FittedStage, rows: Rows, kernel: KernelName, least: float, seed: int) -> PathSamples:
    """Functions of a kernel's prior at training rows and test rows."""
    support = fitted.support
    prior = TiledOperator(support.gram_evaluator, support.rows.followed_by(rows), KERNELS[kernel].prior)
    noise = KERNELS[kernel].noise(fitted.ridge)
    return PathSamples.drawn(prior, len(support.rows), _sampling(fitted).count, SHARE * least, noise, seed)


def _carried(fitted: FittedStage, samples: PathSamples, exponent: float) -> FloatArray:
    """F_t(G) of what was observed."""
    flow, observed = fitted.needed_flow, samples.observed
    groups = column_groups(observed.shape[1])
    return np.hstack([flow.on(observed[:, group]).product(exponent) for group in groups])


def _streamed(
    fitted: FittedStage, rows: Rows, pair: Pair, samples: PathSamples
) -> tuple[Prediction, FloatArray]:
    """Means and variances of one kernel at one time, strip after strip, and the errors of the roots (m,)."""
    evaluator, gram = fitted.support.evaluator, fitted.stage.gram
    carried = _carried(fitted, samples, fitted.question.exponent(pair.time))
    parts, errors = [], []
    for strip in strips(slice(0, len(rows)), CHUNK_ROWS):
        kernels = evaluator.rectangle(rows[strip], fitted.support.rows, [gram])[gram]
        variance, error = samples.variance(kernels, carried, strip)
        parts.append(Prediction(kernels @ fitted.coefficients[pair.time], variance))
        errors.append(error)
    return concatenate(parts), np.concatenate(errors)
