"""Calibration of variances, intervals and class probabilities by leave-one-out predictions."""

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
    """A calibration turns predictions of one kernel at one time into those that are reported.

    variance_scale: factor of the variances of each output, (k,).
    temperature: divides the scores of classes before the softmax.
    half_width: of each output's interval, in standard deviations, (k,); None for the normal quantile.
    """

    variance_scale: FloatArray
    temperature: float = 1.0
    half_width: FloatArray | None = None


def calibrated(
    deleted: LeaveOneOut | None,
    targets: Targets,
    outputs: FloatArray,
    inference: InferenceSpec,
    output: OutputSpec,
) -> Calibration:
    """Calibrate the predictions of one kernel at one time, as far as the spec asks for it.

    Args:
        deleted: leave-one-out predictions of s training rows; None where nothing asks for them.
        targets: what is predicted.
        outputs: standardised training targets of these rows, (s, k).
        inference: says by which factor variances are scaled, or that it is fitted.
        output: says whether intervals are normal or fitted.
    """
    given, k = inference.variance_scale, targets.count
    if deleted is None:
        return Calibration(np.full(k, given))
    scales = variance_scale(deleted) if given == "auto" else np.full(k, given)
    if targets.is_classification:
        # All classes are outputs of one network: they share a scale.
        return Calibration(np.full(k, scales.mean()), temperature(deleted, outputs, outputs.argmax(axis=1)))
    if output.interval_from == "normal":
        return Calibration(scales)
    return Calibration(scales, half_width=half_width(deleted, scales, output.interval))


def variance_scale(deleted: LeaveOneOut) -> FloatArray:
    """Fit the factor of each output's variances to leave-one-out residuals, (k,).

        scale = mean_i (residual_i^2 / variance_i)

    so that standardised residuals have mean square 1.

    For a posterior, whose variance is that of a noisy observation, this scale of the covariance, noise
    included, also maximises the leave-one-out predictive probability; it leaves the means as they are.

    Args:
        deleted: leave-one-out residuals (s, k) and variances (s,).

    Rasmussen & Williams 2006, equation (5.11).
    """
    with np.errstate(over="ignore"):
        return np.asarray(np.mean(_ratio(deleted.residual**2, deleted.variance[:, None]), axis=0))


def half_width(deleted: LeaveOneOut, scale: FloatArray, interval: float) -> FloatArray:
    """Fit the half width of each output's interval to leave-one-out residuals: (k,), in standard deviations.

    It is the ceil((s + 1) interval)-th smallest of the s values |residual_i| / std_i, the rank of conformal
    prediction, or the largest. It is infinite where that row has variance 0 and a residual that is not 0.

    Args:
        deleted: leave-one-out residuals (s, k) and variances (s,).
        scale: factor of the variances, (k,).
        interval: coverage to reach, between 0 and 1.

    Vovk et al. 2005, chapter 2.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        distance = _ratio(np.abs(deleted.residual), np.sqrt(deleted.variance[:, None] * scale))
    rank = min(math.ceil((len(distance) + 1) * interval), len(distance))
    return np.asarray(np.sort(distance, axis=0)[rank - 1])


def _ratio(residual: FloatArray, uncertainty: FloatArray) -> FloatArray:
    """Residuals in units of their uncertainty; 0 where both are 0, as they are where a target is constant."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where((residual == 0) & (uncertainty == 0), 0.0, residual / uncertainty)


def temperature(deleted: LeaveOneOut, outputs: FloatArray, labels: IntArray) -> float:
    """Fit the temperature to leave-one-out scores (see `fit_temperature`).

    Args:
        deleted: leave-one-out residuals of s rows and C classes, (s, C).
        outputs: standardised training targets of these rows, (s, C).
        labels: their classes (s,), from 0 to C - 1.
    """
    return fit_temperature(outputs - deleted.residual, labels)
