"""What one kernel predicts at one time, in the user's units."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.scaling import Scaling
from ntkcli.errors import NumericalError
from ntkcli.regression.fitted_stage import Answer
from ntkcli.regression.question import time_text
from ntkcli.results.calibration import Calibration


@dataclass(frozen=True)
class Result:
    """What one kernel predicts at one time, in the targets' units.

    mean: (m, k).
    variance: (m, k) of the function, or None.
    noise: (k,), variance of an observation around the function.
    half_width: (k,), of the interval, in standard deviations; None for a normal distribution's.
    temperature: of classes' scores; None for what are probabilities less 1 / C already.
    ready: seconds since the start of the run.
    """

    kernel: str
    time: float
    mean: FloatArray
    variance: FloatArray | None
    noise: FloatArray
    half_width: FloatArray | None = None
    temperature: float | None = 1.0
    ready: float = 0.0

    @classmethod
    def of(cls, answer: Answer, scaling: Scaling, calibration: Calibration) -> Self:
        """A prediction taken back from standardised targets.

        Raises:
            NumericalError: a prediction is not finite.
        """
        squared, prediction = scaling.scale**2 * calibration.variance_scale, answer.prediction
        variance = None
        with np.errstate(over="ignore", invalid="ignore"):
            if prediction.variance is not None:
                variance = prediction.variance.astype(np.float64)[:, None] * squared
            mean = scaling.undo(prediction.mean.astype(np.float64))
            noise = answer.noise * squared
            result = cls(*answer.pair, mean, variance, noise, calibration.half_width, calibration.temperature)
        result._check_finite()
        return result

    def _check_finite(self) -> None:
        """A singular Gram matrix has finite answers at finite times; float64 may not have them."""
        if not all(np.isfinite(part).all() for part in (self.mean, self.variance) if part is not None):
            raise NumericalError(
                f"predictions of kernel {self.kernel} at time {time_text(self.time)} leave the range of "
                "float64: give inference.ridge a value above 0, or a time nearer to 1"
            )


def joined(parts: Sequence[Result]) -> Result:
    """Results of consecutive rows as one."""
    variances = [part.variance for part in parts if part.variance is not None]
    return replace(
        parts[0],
        mean=np.concatenate([part.mean for part in parts]),
        variance=np.concatenate(variances) if variances else None,
    )
