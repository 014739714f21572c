"""What training rows, predicted without themselves, tell of standard deviations and of probabilities."""

import math
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.targets import Targets
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.results.temperature import fit_temperature
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.spec import OutputSpec


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


def calibrated(
    found: LeaveOneOut | None, targets: Targets, outputs: FloatArray, asked: InferenceSpec, told: OutputSpec
) -> Calibration:
    """The calibration of one kernel at one time.

    Args:
        found: s training rows predicted without themselves; None where nothing asks for them.
        targets: what is predicted.
        outputs: what these rows were trained to, (s, k).
        asked: whether variances are scaled by them.
        told: whether intervals are.
    """
    given, k = asked.variance_scale, targets.count
    if found is None:
        return Calibration(np.full(k, given))
    scales = variance_scale(found) if given == "auto" else np.full(k, given)
    if targets.is_classification:
        # All classes are outputs of one network: they share a scale.
        return Calibration(np.full(k, scales.mean()), temperature(found, outputs, outputs.argmax(axis=1)))
    by_rows = told.interval_from == "leave_one_out"
    return Calibration(scales, half_width=half_width(found, scales, told.interval) if by_rows else None)


def variance_scale(found: LeaveOneOut) -> FloatArray:
    """The mean of residual^2 / variance of each output, (k,): what makes standardised residuals' variance 1.

    Where the variance is that of an observation under a posterior, it is also the scale of the whole
    covariance, noise included, that leave-one-out predictions make the likeliest; the means stay the same.

    Rasmussen & Williams 2006, section 5.4.2, for the likelihood.
    """
    with np.errstate(over="ignore"):
        return np.asarray(np.mean(_ratio(found.residual**2, found.variance[:, None]), axis=0))


def half_width(found: LeaveOneOut, scale: FloatArray, interval: float) -> FloatArray:
    """Standard deviations (k,) within which the share `interval` of the rows lies that were left out.

    Of s rows it is the ceil((s + 1) interval)-th smallest |residual| / std, or the largest: a new row is as
    likely to be anywhere among them. It is infinite, and the interval all numbers, where the variance of that
    row is 0 and its residual is not.

    Args:
        found: of s rows.
        scale: (k,), that variances are multiplied with.
        interval: the share, between 0 and 1.

    Vovk et al. 2005, chapter 2, for the rank.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        distance = _ratio(np.abs(found.residual), np.sqrt(found.variance[:, None] * scale))
    rank = min(math.ceil((len(distance) + 1) * interval), len(distance))
    return np.asarray(np.sort(distance, axis=0)[rank - 1])


def _ratio(residual: FloatArray, uncertainty: FloatArray) -> FloatArray:
    """Residuals in units of their uncertainty; 0 where both are 0.

    So it is where a target is constant: what is predicted, and what is found, is one number.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where((residual == 0) & (uncertainty == 0), 0.0, residual / uncertainty)


def temperature(found: LeaveOneOut, outputs: FloatArray, labels: IntArray) -> float:
    """The temperature that fits the scores of rows which were left out.

    Args:
        found: of s rows.
        outputs: what they were trained to, (s, C).
        labels: their classes, (s,).
    """
    return fit_temperature(outputs - found.residual, labels)
