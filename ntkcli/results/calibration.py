"""Calibration of variances, intervals and class probabilities by training rows that are left out."""

from dataclasses import dataclass, replace

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.targets import Targets
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.results.observation_noise import fit_noise, quotient
from ntkcli.results.relative_errors import RelativeErrors, mean_error, noise_errors, quantile_error
from ntkcli.results.temperature import fit_temperature, temperature_error
from ntkcli.results.unseen_rows import interval_rank
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.spec import OutputSpec


@dataclass(frozen=True)
class Calibration:
    """A calibration turns predictions of one kernel at one time into those that are reported.

    variance_scale: factor of the variances of each output, (k,).
    noise: variance of an observation of each output beyond the kernel's own noise, (k,).
    temperature: divides the scores of classes before the softmax.
    half_width: of each output's interval, in standard deviations of an observation, (k,); None for the normal
        quantile.
    errors: how far off these are by chance; None where nothing is fitted.
    """

    variance_scale: FloatArray
    noise: FloatArray
    temperature: float = 1.0
    half_width: FloatArray | None = None
    errors: RelativeErrors | None = None


def calibrated(
    unseen: LeaveOneOut | None,
    targets: Targets,
    outputs: FloatArray,
    inference: InferenceSpec,
    output: OutputSpec,
    groups: int | None = None,
) -> Calibration:
    """Calibrate the predictions of one kernel at one time, as far as the spec asks for it.

    Args:
        unseen: predictions of s training rows that were left out; None where nothing asks for them.
        targets: what is predicted.
        outputs: standardised training targets of these rows, (s, k).
        inference: says by which factor variances are scaled, or that it is fitted.
        output: says whether intervals are normal or fitted.
        groups: of the rows, which were left out whole; None for rows by themselves.
    """
    if unseen is None:
        return Calibration(np.full(targets.count, inference.variance_scale), np.zeros(targets.count))
    is_free = inference.variance_scale == "auto"
    # A number that leaves floating point has no error.
    with np.errstate(over="ignore", invalid="ignore"):
        if targets.is_classification:
            labels = outputs.argmax(axis=1)
            found = _of_classes(unseen, outputs, labels, inference)
            return replace(found, errors=_errors_of_classes(unseen, outputs, labels, found, is_free=is_free))
        found = _of_numbers(unseen, inference, output, groups)
        return replace(found, errors=_errors_of_numbers(unseen, found, output.interval, is_free=is_free))


def _of_classes(
    unseen: LeaveOneOut, outputs: FloatArray, labels: IntArray, inference: InferenceSpec
) -> Calibration:
    given, count = inference.variance_scale, outputs.shape[1]
    # All classes are outputs of one network: they share a scale.
    scale = variance_scale(unseen).mean() if given == "auto" else given
    return Calibration(np.full(count, scale), np.zeros(count), temperature(unseen, outputs, labels))


def _of_numbers(
    unseen: LeaveOneOut, inference: InferenceSpec, output: OutputSpec, groups: int | None
) -> Calibration:
    given, count = inference.variance_scale, unseen.residual.shape[1]
    scales = variance_scale(unseen) if given == "auto" else np.full(count, given)
    if not output.has_fitted_intervals:
        return Calibration(scales, np.zeros(count))
    scale = None if given == "auto" else given
    fits = [fit_noise(residual, unseen.variance, scale) for residual in unseen.residual.T]
    scales, noise = np.array(fits).T
    width = half_width(unseen, scales, noise, output.interval, groups)
    return Calibration(scales, noise, half_width=width)


def _errors_of_classes(
    unseen: LeaveOneOut, outputs: FloatArray, labels: IntArray, found: Calibration, *, is_free: bool
) -> RelativeErrors:
    count = outputs.shape[1]
    squares = quotient(unseen.residual**2, unseen.variance[:, None]).mean(axis=1)
    return RelativeErrors(
        [mean_error(squares) if is_free else None] * count,
        [None] * count,
        [None] * count,
        temperature_error(outputs - unseen.residual, labels, found.temperature),
    )


def _errors_of_numbers(
    unseen: LeaveOneOut, found: Calibration, interval: float, *, is_free: bool
) -> RelativeErrors:
    numbers = zip(unseen.residual.T, found.variance_scale, found.noise, strict=True)
    errors = [
        noise_errors(residual, unseen.variance, float(scale), float(noise), scale_is_free=is_free)
        for residual, scale, noise in numbers
    ]
    half_widths: list[float | None] = [None] * len(errors)
    if found.half_width is not None and (len(unseen.residual) + 1) * interval <= len(unseen.residual):
        distance = _distance(unseen, found.variance_scale, found.noise)
        half_widths = [quantile_error(each, interval_rank(len(each), interval)) for each in distance.T]
    return RelativeErrors([scale for scale, _ in errors], [noise for _, noise in errors], half_widths)


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


def half_width(
    unseen: LeaveOneOut,
    scale: FloatArray,
    noise: FloatArray,
    interval: float,
    groups: int | None = None,
) -> FloatArray:
    """Fit the half width of each output's interval to rows left out: (k,), in standard deviations.

    It is the ceil((s + 1) interval)-th smallest of the s values |residual_i| / std_i, the rank of conformal
    prediction, or the largest. It is infinite where that row has variance 0 and a residual that is not 0.

    Args:
        unseen: residuals (s, k) and variances (s,) of rows left out.
        scale: factor of the variances, (k,).
        noise: what is added to them then, (k,).
        interval: coverage to reach, between 0 and 1.
        groups: of the rows; None for rows by themselves.

    Vovk et al. 2005, chapter 2.
    """
    distance = _distance(unseen, scale, noise)
    return np.asarray(np.sort(distance, axis=0)[interval_rank(len(distance), interval, groups) - 1])


def _distance(unseen: LeaveOneOut, scale: FloatArray, noise: FloatArray) -> FloatArray:
    """|residual| / std, (s, k)."""
    with np.errstate(invalid="ignore", over="ignore"):
        std = np.sqrt(unseen.variance[:, None] * scale + noise)
        return quotient(np.abs(unseen.residual), std)


def temperature(deleted: LeaveOneOut, outputs: FloatArray, labels: IntArray) -> float:
    """Fit the temperature to leave-one-out scores (see `fit_temperature`).

    Args:
        deleted: leave-one-out residuals of s rows and C classes, (s, C).
        outputs: standardised training targets of these rows, (s, C).
        labels: their classes (s,), from 0 to C - 1.
    """
    return fit_temperature(outputs - deleted.residual, labels)
