"""The main figures of a Gram matrix."""

import math
from typing import Any

import numpy as np
import pandas as pd

from ntkcli.inference.target_power import degrees_of_freedom, effective_dimension
from ntkcli.regression.question import time_text
from ntkcli.results.number_metrics import json_number
from ntkcli.spectra.curve import median_miss
from ntkcli.spectra.decomposed_gram import DecomposedGram

SHUFFLES, SEED = 100, 0
# Where training has ended, errors differ by rounding alone.
EQUAL = 1e-9


def summary_of(
    found: DecomposedGram, course: pd.DataFrame, curve: pd.DataFrame | None, *, measured: bool
) -> dict[str, Any]:
    """Return what summary.json says of one Gram matrix; None where a number is unknown or infinite.

    Args:
        found: the Gram matrix.
        course: its time course.
        curve: its learning curve; None where there is none.
        measured: whether fits to subsets are in the learning curve.
    """
    g, largest, smallest = found.eigenvalues, float(found.modes[-1]), found.smallest
    rate = 2 / largest if largest > 0 else math.inf
    return {
        "ridge": found.ridge,
        "largest_eigenvalue": float(g[-1]),
        "smallest_eigenvalue": smallest,
        "condition": json_number(largest / (smallest + found.ridge)) if found.is_regular else None,
        "effective_dimension": effective_dimension(g),
        "degrees_of_freedom": degrees_of_freedom(found.above_rounding, found.ridge),
        **_complexities(found),
        "alignment": found.alignment,
        "largest_learning_rate": {"sum": json_number(rate), "mean": json_number(rate * found.size)},
        "best_time": _best_time(course),
        "learning_curve_agreement": median_miss(curve) if measured and curve is not None else None,
    }


def _complexities(found: DecomposedGram) -> dict[str, Any]:
    """Return the label complexity, and that of shuffled targets; None where G is singular to rounding."""
    if not found.is_regular:
        return {"label_complexity": None, "label_complexity_shuffled": None}
    shuffled = found.shuffled_complexities(SHUFFLES, SEED)
    return {
        "label_complexity": json_number(found.complexity),
        "label_complexity_shuffled": None
        if shuffled is None
        else {
            "mean": json_number(float(shuffled.mean())),
            "std": json_number(float(np.std(shuffled))),
        },
    }


def _best_time(course: pd.DataFrame) -> dict[str, Any] | None:
    """Return the time with the least leave-one-out error, the last of those that are equal to rounding."""
    known = course[np.isfinite(course["loo_rmse"])]
    if known.empty:
        return None
    best = known[known["loo_rmse"] <= known["loo_rmse"].min() * (1 + EQUAL)].iloc[-1]
    return {"time": time_text(float(best["time"])), "loo_rmse": float(best["loo_rmse"])}
