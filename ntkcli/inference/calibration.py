"""What training rows, predicted without themselves, tell of a spread and of probabilities."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.inference.leave_one_out import LeftOut
from ntkcli.inference.temperature import fit_temperature


@dataclass(frozen=True)
class Calibration:
    """How predictions of one kernel at one time become what is told.

    variance_scale: (k,), that variances are multiplied with.
    temperature: that scores of classes are divided by before the softmax.
    half_width: (k,), of the interval in standard deviations; None for a normal distribution's.
    """

    variance_scale: FloatArray
    temperature: float = 1.0
    half_width: FloatArray | None = None


def variance_scale(left_out: LeftOut) -> FloatArray:
    """The mean of residual^2 / variance of each output, (k,): what makes standardised residuals' variance 1.

    Where the variance is that of an observation under a posterior, it is also the scale of the whole
    covariance, noise included, that leave-one-out predictions make the likeliest; the means stay the same.

    Rasmussen & Williams 2006, section 5.4.2, for the likelihood.
    """
    with np.errstate(over="ignore"):
        return np.asarray(np.mean(_ratio(left_out.residual**2, left_out.variance[:, None]), axis=0))


def half_width(left_out: LeftOut, scale: FloatArray, interval: float) -> FloatArray:
    """Standard deviations (k,) within which the share `interval` of the rows lies that were left out.

    Of s rows it is the ceil((s + 1) interval)-th smallest |residual| / std, or the largest: a new row is as
    likely to be anywhere among them. It is infinite, and the interval all numbers, where the variance of that
    row is 0 and its residual is not.

    Args:
        left_out: of s rows.
        scale: (k,), that variances are multiplied with.
        interval: the share, between 0 and 1.

    Vovk et al. 2005, chapter 2, for the rank.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        distance = _ratio(np.abs(left_out.residual), np.sqrt(left_out.variance[:, None] * scale))
    rank = min(math.ceil((len(distance) + 1) * interval), len(distance))
    return np.asarray(np.sort(distance, axis=0)[rank - 1])


def _ratio(residual: FloatArray, spread: FloatArray) -> FloatArray:
    """Residuals measured by their spread; without a residual that is 0, be the spread 0 too.

    So it is where a target is constant: what is said of it, and what is found, is one number.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where((residual == 0) & (spread == 0), 0.0, residual / spread)


def temperature(left_out: LeftOut, outputs: FloatArray, labels: npt.NDArray[np.intp]) -> float:
    """The temperature that fits the scores of rows which were left out.

    Args:
        left_out: of s rows.
        outputs: what they were trained to, (s, C).
        labels: their classes, (s,).
    """
    return fit_temperature(outputs - left_out.residual, labels)
