"""Calibration of variances, intervals and class probabilities by training rows that are left out."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.targets import Targets
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.results.observation_noise import fit_noise, quotient
from ntkcli.results.temperature import fit_temperature
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.spec import OutputSpec
from ntkcli.units import counted

Way = Literal["leave_one_out", "held_out"]


@dataclass(frozen=True)
class UnseenRows:
    """The training rows that a model is calibrated by: predicted by training without them.

    by: one at a time, or by a smaller fit that they are held out from.
    count: of the rows.
    """

    by: Way
    count: int

    @property
    def text(self) -> str:
        """In words."""
        rows = counted(self.count, "training row")
        return (
            f"{rows}, each left out" if self.by == "leave_one_out" else f"{rows}, held out from a smaller fit"
        )


@dataclass(frozen=True)
class Calibration:
    """A calibration turns predictions of one kernel at one time into those that are reported.

    variance_scale: factor of the variances of each output, (k,).
    noise: variance of an observation of each output beyond the kernel's own noise, (k,).
    temperature: divides the scores of classes before the softmax.
    half_width: of each output's interval, in standard deviations of an observation, (k,); None for the normal
        quantile.
    """

    variance_scale: FloatArray
    noise: FloatArray
    temperature: float = 1.0
    half_width: FloatArray | None = None


def calibrated(
    unseen: LeaveOneOut | None,
    targets: Targets,
    outputs: FloatArray,
    inference: InferenceSpec,
    output: OutputSpec,
) -> Calibration:
    """Calibrate the predictions of one kernel at one time, as far as the spec asks for it.

    Args:
        unseen: predictions of s training rows that were left out; None where nothing asks for them.
        targets: what is predicted.
        outputs: standardised training targets of these rows, (s, k).
        inference: says by which factor variances are scaled, or that it is fitted.
        output: says whether intervals are normal or fitted.
    """
    given, none = inference.variance_scale, np.zeros(targets.count)
    if unseen is None:
        return Calibration(np.full(targets.count, given), none)
    scales = variance_scale(unseen) if given == "auto" else np.full(targets.count, given)
    if targets.is_classification:
        # All classes are outputs of one network: they share a scale.
        shared = np.full(targets.count, scales.mean())
        return Calibration(shared, none, temperature(unseen, outputs, outputs.argmax(axis=1)))
    if not output.has_fitted_intervals:
        return Calibration(scales, none)
    scale = None if given == "auto" else given
    fits = [fit_noise(residual, unseen.variance, scale) for residual in unseen.residual.T]
    scales, noise = np.array(fits).T
    return Calibration(scales, noise, half_width=half_width(unseen, scales, noise, output.interval))


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
        return np.asarray(np.mean(quotient(deleted.residual**2, deleted.variance[:, None]), axis=0))


def half_width(unseen: LeaveOneOut, scale: FloatArray, noise: FloatArray, interval: float) -> FloatArray:
    """Fit the half width of each output's interval to rows left out: (k,), in standard deviations.

    It is the ceil((s + 1) interval)-th smallest of the s values |residual_i| / std_i, the rank of conformal
    prediction, or the largest. It is infinite where that row has variance 0 and a residual that is not 0.

    Args:
        unseen: residuals (s, k) and variances (s,) of rows left out.
        scale: factor of the variances, (k,).
        noise: what is added to them then, (k,).
        interval: coverage to reach, between 0 and 1.

    Vovk et al. 2005, chapter 2.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        std = np.sqrt(unseen.variance[:, None] * scale + noise)
        distance = quotient(np.abs(unseen.residual), std)
    rank = min(math.ceil((len(distance) + 1) * interval), len(distance))
    return np.asarray(np.sort(distance, axis=0)[rank - 1])


def temperature(deleted: LeaveOneOut, outputs: FloatArray, labels: IntArray) -> float:
    """Fit the temperature to leave-one-out scores (see `fit_temperature`).

    Args:
        deleted: leave-one-out residuals of s rows and C classes, (s, C).
        outputs: standardised training targets of these rows, (s, C).
        labels: their classes (s,), from 0 to C - 1.
    """
    return fit_temperature(outputs - deleted.residual, labels)
