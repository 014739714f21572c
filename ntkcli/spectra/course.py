"""The table of what training has come to, time after time."""

import math

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.jobs.ranges import LEAST_SHARE, spaced
from ntkcli.results.number_metrics import joined_roots
from ntkcli.spectra.decomposed_gram import DecomposedGram

# Finite times above 0.
TIMES = 60


def course_table(found: DecomposedGram) -> pd.DataFrame:
    """Return time_course.csv of one Gram matrix; NaN where there is no number.

    Errors are in the target's unit, as `joined_rmse` has them; all else is of the scaled targets.
    """
    times = course_times(found)
    course = found.course
    exponents = [time * found.rate for time in times]
    per = found.size if found.job.spec.inference.loss == "mean" else 1
    return pd.DataFrame(
        {
            "kernel": found.gram,
            "time": times,
            "train_loss": [course.loss(t) / per for t in exponents],
            "test_rmse": _test_errors(found, exponents),
            "weight_distance": [course.weight_distance(t) for t in exponents],
            "weight_distance_rms": [course.weight_distance_rms(t) for t in exponents],
            "function_change": [course.function_change(t) for t in exponents],
            "loo_rmse": [*found.left_out_errors(exponents)],
        }
    )


def course_times(found: DecomposedGram) -> list[float]:
    """Return 0, times from before anything happens to after everything has, and inf if G can be inverted."""
    learned = found.modes[found.modes > 0]
    times = [0.0]
    if learned.size:
        least, largest = max(float(learned[0]), LEAST_SHARE * float(learned[-1])), float(learned[-1])
        low, high = 0.01 / largest / found.rate, 100 / least / found.rate
        if low > 0 and high < math.inf:
            times += spaced(low, high, TIMES, log=True)
    return times + [math.inf] * found.is_regular


def _test_errors(found: DecomposedGram, exponents: list[float]) -> FloatArray:
    """Return the root mean square error at the test rows at every time, NaN where they have no targets."""
    dataset, targets = found.job.dataset, found.job.dataset.schema.targets
    if not (dataset.has_test_rows and set(targets.names) <= set(dataset.test.targets)):
        return np.full(len(exponents), np.nan)
    return joined_roots(found.test_errors(exponents), found.scale)
