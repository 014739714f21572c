"""Tables of the eigenvalues: what lies along each, and what ridges leave of them."""

import math

import numpy as np
import pandas as pd

from ntkcli.inference.target_power import degrees_of_freedom
from ntkcli.jobs.ranges import automatic_ridges
from ntkcli.spectra.decomposed_gram import DecomposedGram


def mode_table(found: DecomposedGram) -> pd.DataFrame:
    """Return spectrum.csv of one Gram matrix: a row for every mode, from the largest eigenvalue on.

    `half_time` is the time at which a mode is half learned, ln 2 / (rate (g + ridge)).
    """
    power = found.power[::-1]
    with np.errstate(divide="ignore", over="ignore"):
        half_time = math.log(2) / found.modes[::-1] / found.rate
    return pd.DataFrame(
        {
            "kernel": found.gram,
            "mode": np.arange(1, len(power) + 1),
            "eigenvalue": found.eigenvalues[::-1],
            "target_power": power,
            "cumulative_power": np.cumsum(power),
            "half_time": half_time,
        }
    )


def ridge_table(found: DecomposedGram) -> pd.DataFrame:
    """Return degrees_of_freedom.csv of one Gram matrix: a grid of absolute ridges, and the spec's own."""
    unit = found.mean_diagonal
    ridges = sorted({found.ridge, *(ridge * unit for ridge in automatic_ridges())})
    eigenvalues = found.above_rounding
    return pd.DataFrame(
        {
            "kernel": found.gram,
            "ridge": ridges,
            "degrees_of_freedom": [degrees_of_freedom(eigenvalues, ridge) for ridge in ridges],
        }
    )
