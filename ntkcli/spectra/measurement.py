"""Errors measured at training rows that a fit has not seen."""

import math
from dataclasses import dataclass, replace

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.spectral_scores import Regularisation
from ntkcli.journal import Advance, Journal
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.question import Question
from ntkcli.regression.stages import ways
from ntkcli.regression.support import Support
from ntkcli.spectra.gram_spectrum import GramSpectrum

# Shares of the rows that are fitted, each so often, on rows drawn by the seed.
SHARES, DRAWS, SEED = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 0.9), 5, 0


@dataclass(frozen=True)
class Measurement:
    """A mean squared error in squared units of the target, and its standard error; NaN where unknown."""

    mean: float = math.nan
    standard_error: float = math.nan

    @classmethod
    def of(cls, errors: FloatArray) -> "Measurement":
        """The mean of some errors (m,), and what it is off by if they are independent."""
        return cls(float(errors.mean()), float(errors.std(ddof=1) / math.sqrt(len(errors))))


def left_out_error(found: GramSpectrum) -> Measurement:
    """Return the mean squared error of all rows, each predicted by training to inf on all others."""
    if not found.is_regular:
        return Measurement()
    (left_out,) = found.smoother.left_out([Regularisation(found.ridge, math.inf)], with_variance=False)
    return Measurement.of(np.mean((left_out.residual * found.scale) ** 2, axis=1))


def measured_errors(found: GramSpectrum) -> dict[int, Measurement]:
    """Return the mean squared errors of fits to subsets of the rows at the rows left out, by their size.

    The standard error is that over the draws. A size of which a draw is singular has no number.
    """
    n = len(found.y)
    sizes = sorted({size for size in (round(share * n) for share in SHARES) if 2 <= size < n})
    with found.job.journal.phase("subsets", len(sizes) * DRAWS) as advance:
        return {size: _measured(found, size, advance) for size in sizes}


def _measured(found: GramSpectrum, size: int, advance: Advance) -> Measurement:
    errors = []
    for draw in range(DRAWS):
        order = np.random.default_rng([SEED, size, draw]).permutation(len(found.y))
        try:
            errors.append(_error(found, np.sort(order[:size]), np.sort(order[size:])))
        except SingularMatrixError:
            advance(DRAWS - draw)
            return Measurement()
        advance(1)
    return Measurement.of(np.array(errors))


def _error(found: GramSpectrum, own: IntArray, others: IntArray) -> float:
    """Return the mean squared error at other rows of a fit to some rows, to t = inf.

    Raises:
        SingularMatrixError: the Gram matrix of the rows is singular to rounding.
    """
    job, x = found.job, found.job.dataset.train.x
    evaluator = replace(job.evaluator, dtype=np.float64)
    question = Question({found.gram: [math.inf]}, ridge=found.ridge, uncertainty="none")
    model = FittedModel(x[own], evaluator, question)
    support = Support(evaluator, evaluator.network.rows(x[own]))
    # As FittedModel.fit, but with the job's own tables of activations.
    for _ in model.fit_in_turn(next(ways(question)), support, found.y[own], Journal()):
        pass
    (answer,) = model.predict(x[others])
    error = (answer.prediction.mean - found.y[others]) * job.dataset.target_scaling.scale
    return float(np.mean(error**2))
