"""The prediction of one kernel at one time, in the targets' units, but for their transforms."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ntkcli.arrays import BoolArray, FloatArray
from ntkcli.data.scaling import Scaling
from ntkcli.errors import NumericalError
from ntkcli.regression.fitted_stage import Answer
from ntkcli.regression.question import time_text
from ntkcli.results.calibration import Calibration
from ntkcli.results.relative_errors import RelativeErrors


@dataclass(frozen=True)
class Result:
    """A result is what one kernel, or a baseline, predicts of k outputs at m rows, in the targets' units.

    Of a target with a transform, it is of the transformed one.

    kernel: name of the kernel or of the baseline.
    time: training time t >= 0 or inf; 0 for a baseline.
    mean: (m, k).
    variance: of the function, (m, k); None where it was not asked for.
    noise: variance of an observation around the function, (k,), or (m, k) where rows have their own.
    half_width: of the interval, in standard deviations of an observation, (k,); None for a normal interval.
    temperature: divides the scores of classes before the softmax; None where the means are probabilities
        less 1 / C already.
    errors: of the calibration; None where nothing was fitted.
    ready: seconds from the start of the run until the prediction was there.
    """

    kernel: str
    time: float
    mean: FloatArray
    variance: FloatArray | None
    noise: FloatArray
    half_width: FloatArray | None = None
    temperature: float | None = 1.0
    errors: RelativeErrors | None = None
    ready: float = 0.0

    @classmethod
    def of(
        cls,
        answer: Answer,
        scaling: Scaling,
        calibration: Calibration,
        noise: FloatArray | float = 1.0,
    ) -> Self:
        """Transform the prediction of standardised targets into their units, and calibrate it.

            mean' = scaling.mean + scaling.scale mean
            variance' = scaling.scale^2 variance_scale variance

        The noise is scaled like the variance; what the calibration found beyond it is added.

        Args:
            answer: kernel, time, prediction of the standardised targets, and noise variance.
            scaling: of the targets.
            calibration: of this kernel at this time.
            noise: variances of the rows' noise, (m,) or one for all, in units of the answer's.

        Raises:
            NumericalError: a prediction is not finite.
        """
        prediction, variance = answer.prediction, None
        with np.errstate(over="ignore", invalid="ignore"):
            squared = scaling.scale**2 * calibration.variance_scale
            if prediction.variance is not None:
                variance = prediction.variance.astype(np.float64)[:, None] * squared
            mean = scaling.undo(prediction.mean.astype(np.float64))
            own = answer.noise * np.asarray(noise)[..., None] * squared
            observed = own + scaling.scale**2 * calibration.noise
            half_width, temperature = calibration.half_width, calibration.temperature
            result = cls(*answer.pair, mean, variance, observed, half_width, temperature, calibration.errors)
        result._check_finite()
        return result

    def of_rows(self, chosen: BoolArray) -> Self:
        """Return the result of some of the rows, (m,)."""
        if chosen.all():
            return self
        variance = None if self.variance is None else self.variance[chosen]
        return replace(self, mean=self.mean[chosen], variance=variance)

    def _check_finite(self) -> None:
        """A singular Gram matrix has finite answers at finite times; float64 may not have them."""
        if not all(np.isfinite(part).all() for part in (self.mean, self.variance) if part is not None):
            raise NumericalError(
                f"predictions of kernel {self.kernel} at time {time_text(self.time)} leave the range of "
                "float64: give inference.ridge a value above 0, or a time nearer to 1"
            )
