"""The table of the error at new rows by the number of training rows: predicted and measured."""

import math

import numpy as np
import pandas as pd

from ntkcli.inference.learning_curve import GramLearningCurve
from ntkcli.spectra.gram_spectrum import GramSpectrum
from ntkcli.spectra.measurement import Measurement, left_out_error, measured_errors

# The table goes from a 32nd of the rows, but at least 4, to ten times as many.
LEAST_SHARE, LEAST_ROWS, LARGEST_SHARE, POINTS = 1 / 32, 4, 10, 20


def curve_table(found: GramSpectrum, *, measure: bool) -> pd.DataFrame:
    """Return learning_curve.csv of one Gram matrix, in squared units of the target; NaN where unknown.

    Args:
        found: the Gram matrix.
        measure: whether subsets of the training rows are fitted too.
    """
    n = len(found.y)
    curve = GramLearningCurve(found.spectrum, found.y * found.scale, found.ridge)
    measured = {n: left_out_error(found)} | (measured_errors(found) if measure else {})
    rows = sorted({*_grid(n), *measured})
    cells = [measured.get(count, Measurement()) for count in rows]
    return pd.DataFrame(
        {
            "kernel": found.gram,
            "rows": rows,
            "predicted_mse": [curve.error(count) for count in rows],
            "measured_mse": [cell.mean for cell in cells],
            "measured_se": [cell.standard_error for cell in cells],
        }
    )


def median_miss(curve: pd.DataFrame) -> float | None:
    """Return the median of |predicted / measured - 1| over the sizes that were measured; None without any."""
    known = curve[(curve["measured_mse"] > 0) & curve["predicted_mse"].notna()]
    ratios = (known["predicted_mse"] / known["measured_mse"] - 1).abs()
    return None if ratios.empty or not math.isfinite(ratios.median()) else float(ratios.median())


def _grid(n: int) -> list[int]:
    """Return numbers of rows in about even ratios, n among them."""
    low = min(n, max(LEAST_ROWS, round(n * LEAST_SHARE)))
    return [*map(int, np.round(np.geomspace(low, LARGEST_SHARE * n, POINTS))), n]
