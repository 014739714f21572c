"""The table of what training has come to, time after time."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.inference.spectral_scores import Regularisation
from ntkcli.inference.time_course import TimeCourse
from ntkcli.jobs.ranges import LEAST_SHARE, spaced
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.results.number_metrics import joined_rmse, joined_roots
from ntkcli.spectra.gram_spectrum import GramSpectrum

# Finite times above 0.
TIMES = 60
# Numbers in an array that has a column for every time and output.
MOST_NUMBERS = 4_000_000


def course_table(found: GramSpectrum) -> pd.DataFrame:
    """Return time_course.csv of one Gram matrix; NaN where there is no number.

    Errors are in the target's unit, as `joined_rmse` has them; all else is of the scaled targets.
    """
    times = course_times(found)
    course = TimeCourse(
        found.above_rounding, found.spectrum.rotate(found.y), found.rotated_prior(), found.ridge
    )
    exponents = [time * found.rate for time in times]
    per = found.y.size if found.job.spec.inference.loss == "mean" else 1
    return pd.DataFrame(
        {
            "kernel": found.gram,
            "time": times,
            "train_loss": [course.loss(t) / per for t in exponents],
            "test_rmse": _test_errors(found, exponents),
            "weight_distance": [course.weight_distance(t) for t in exponents],
            "weight_distance_rms": [course.weight_distance_rms(t) for t in exponents],
            "function_change": [course.function_change(t) for t in exponents],
            "loo_rmse": [*_left_out_errors(found, exponents)],
        }
    )


def course_times(found: GramSpectrum) -> list[float]:
    """Return 0, times from before anything happens to after everything has, and inf if G can be inverted."""
    learned = found.modes[found.modes > 0]
    times = [0.0]
    if learned.size:
        least, largest = max(float(learned[0]), LEAST_SHARE * float(learned[-1])), float(learned[-1])
        low, high = 0.01 / largest / found.rate, 100 / least / found.rate
        if low > 0 and high < math.inf:
            times += spaced(low, high, TIMES, log=True)
    return times + [math.inf] * found.is_regular


def _left_out_errors(found: GramSpectrum, exponents: list[float]) -> Iterator[float]:
    """Yield the leave-one-out root mean square error at every time."""
    with found.job.journal.phase("leave out", len(exponents)) as advance:
        settings = [Regularisation(found.ridge, time) for time in exponents]
        for left_out in found.smoother.left_out(settings, with_variance=False):
            yield joined_rmse(left_out.residual, found.scale)
            advance(1)


def _test_errors(found: GramSpectrum, exponents: list[float]) -> FloatArray:
    """Return the root mean square error at the test rows at every time, NaN where they have no targets."""
    dataset, targets = found.job.dataset, found.job.dataset.schema.targets
    if not (dataset.has_test_rows and set(targets.names) <= set(dataset.test.targets)):
        return np.full(len(exponents), np.nan)
    observed = targets.outputs(dataset.test.targets)
    squares = np.zeros((len(exponents), observed.shape[1]))
    with found.job.journal.phase("test", len(observed)) as advance:
        for strip in strips(slice(0, len(observed)), CHUNK_ROWS):
            squares += _squared_errors(found, strip, observed[strip], exponents)
            advance(strip.stop - strip.start)
    return joined_roots(np.sqrt(squares / len(observed)), found.scale)


def _squared_errors(
    found: GramSpectrum, strip: slice, observed: FloatArray, exponents: list[float]
) -> FloatArray:
    """Return the sums of squared errors at some test rows, (times, k)."""
    job = found.job
    between = job.evaluator.rectangle(job.test[strip], job.train, [found.gram])[found.gram]
    rotated = between @ found.spectrum.vectors
    settings = [Regularisation(found.ridge, time) for time in exponents]
    at_once = max(1, MOST_NUMBERS // found.y.size)
    return np.concatenate(
        [
            np.sum((found.smoother.means(rotated, settings[i : i + at_once]) - observed) ** 2, axis=1)
            for i in range(0, len(settings), at_once)
        ]
    )
