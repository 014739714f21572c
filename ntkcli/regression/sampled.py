"""Predictions of many test rows at once, whose variances are those of functions of the prior."""

from collections.abc import Iterator, Mapping

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.pathwise import PathSamples, column_groups, relative_error
from ntkcli.inference.prediction import Prediction, concatenate
from ntkcli.journal import Advance, unshown
from ntkcli.kernels.rows import Rows
from ntkcli.kernels.tiled_operator import TiledOperator
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.regression.fitted_stage import FittedStage, SampledVariances
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Pair

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
        variance = np.zeros(len(rows)) if prediction.variance is None else prediction.variance
        shares = variance[prior > 0] / prior[prior > 0]
        found[pair] = float(shares.min(initial=1.0))
    return found


def sampled(
    fitted: FittedStage, rows: Rows, least: Mapping[Pair, float], advance: Advance = unshown
) -> dict[Pair, Prediction]:
    """Predict test rows, with variances from as many functions as the stage's sampling says.

    Args:
        fitted: the stage.
        rows: the test rows, prepared by its network.
        least: variance of any of the rows, about, in units of the prior's, for each pair that is wanted.
        advance: called with the number of rows finished.
    """
    parts: dict[Pair, list[Prediction]] = {pair: [] for pair in least}
    for seed, piece in enumerate(strips(slice(0, len(rows)), piece_rows(len(fitted.support.rows)))):
        for kernel in dict.fromkeys(pair.kernel for pair in least):
            times = {time: share for (other, time), share in least.items() if other == kernel}
            for time, prediction in _of_kernel(fitted, rows[piece], kernel, times, seed):
                parts[Pair(kernel, time)].append(prediction)
        advance(piece.stop - piece.start)
    return {pair: concatenate(parts.pop(pair)) for pair in least}


def piece_rows(n: int) -> int:
    """Test rows that are drawn with n training rows at once: more of them would cost more than the rest."""
    return max(n, CHUNK_ROWS)


def _of_kernel(
    fitted: FittedStage, rows: Rows, kernel: KernelName, least: Mapping[float, float], seed: int
) -> Iterator[tuple[float, Prediction]]:
    """The predictions of one kernel at some times, all from the same functions."""
    samples = _drawn(fitted, rows, kernel, min(least.values()), seed)
    for time in least:
        carried = _carried(fitted, samples, fitted.question.exponent(time))
        yield time, _streamed(fitted, rows, Pair(kernel, time), samples, carried)


def _carried(fitted: FittedStage, samples: PathSamples, exponent: float) -> FloatArray:
    """F_t(G) of what was observed."""
    flow, observed = fitted.needed_flow, samples.observed
    groups = column_groups(observed.shape[1])
    return np.hstack([flow.on(observed[:, group]).product(exponent) for group in groups])


def _drawn(fitted: FittedStage, rows: Rows, kernel: KernelName, least: float, seed: int) -> PathSamples:
    """Functions of a kernel's prior at training rows and test rows; the stage notes how they were had."""
    if fitted.stage.sampling is None:
        raise ValueError("the stage solves for every test row")
    support, count = fitted.support, fitted.stage.sampling.count
    prior = TiledOperator(support.evaluator, support.rows.followed_by(rows), KERNELS[kernel].prior)
    noise = KERNELS[kernel].noise(fitted.ridge)
    samples = PathSamples.drawn(prior, len(support.rows), count, SHARE * least, noise, seed)
    fitted.sampled = SampledVariances(count, relative_error(count) / 2, samples.degree)
    return samples


def _streamed(
    fitted: FittedStage, rows: Rows, pair: Pair, samples: PathSamples, carried: FloatArray
) -> Prediction:
    """Means and variances of one kernel at one time, strip after strip."""
    evaluator, gram, parts = fitted.support.evaluator, fitted.stage.gram, []
    for strip in strips(slice(0, len(rows)), CHUNK_ROWS):
        kernels = evaluator.rectangle(rows[strip], fitted.support.rows, [gram])[gram]
        mean = kernels @ fitted.coefficients[pair.time]
        parts.append(Prediction(mean, samples.variance(kernels, carried, strip)))
    return concatenate(parts)
