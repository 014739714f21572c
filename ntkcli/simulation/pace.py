"""The pace of training: the steps of gradient descent, and the times that they lead to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ntkcli.errors import SpecError
from ntkcli.regression.question import time_text
from ntkcli.simulation.closed_form import InfiniteWidth
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.simulate import SimulateSpec

# Where training has no end (time inf), it takes so many steps at most.
MOST_STEPS = 2000
# Elsewhere so many: as many would take days.
MOST_FINITE_STEPS = 1e9
# Gradient descent takes this share of the largest stable step.
SHARE = 0.5
# Where training is looked at before its end, in shares of that; its digits, which are for people to read.
ON_THE_WAY = (1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3)
DIGITS = 4


@dataclass(frozen=True)
class Pace:
    """How fast networks are trained.

    learning_rate: of gradient descent on the spec's loss.
    largest: the largest learning rate that is stable, 2 / the largest eigenvalue of the Gram matrix.
    loss_scale: what the spec's loss is of 1/2 sum |f - y|^2.
    rate: what turns a time of the spec into units of the exponent.
    """

    learning_rate: float
    largest: float
    loss_scale: float
    rate: float

    @classmethod
    def of(
        cls, settings: SimulateSpec, inference: InferenceSpec, targets: int, largest_eigenvalue: float
    ) -> Self:
        """The pace for n k = `targets` numbers.

        Raises:
            SpecError: the spec's learning rate is above the largest that is stable.
        """
        rate = inference.rate(targets)
        loss_scale = rate / inference.learning_rate
        largest = 2 / (loss_scale * largest_eigenvalue) if largest_eigenvalue > 0 else math.inf
        if settings.learning_rate == "auto":
            chosen = SHARE * largest if largest_eigenvalue > 0 else 1.0
            return cls(chosen, largest, loss_scale, rate)
        if settings.learning_rate > largest:
            raise SpecError(
                f"simulate.learning_rate: {settings.learning_rate:g} is above {largest:.4g}, the largest at "
                "which gradient descent is stable (2 / the largest eigenvalue of the Gram matrix): use auto "
                "or a smaller one"
            )
        return cls(settings.learning_rate, largest, loss_scale, rate)

    @property
    def step(self) -> float:
        """The length of a step, in units of the exponent."""
        return self.learning_rate * self.loss_scale

    def times(self, wanted: Sequence[float], infinite: InfiniteWidth) -> list[float]:
        """Return the times to train to, in the spec's units, ascending from 0; the last stands for inf.

        Training to inf ends when the closed form is nearly where it would end, or after MOST_STEPS steps, and
        no earlier than at any other time that is wanted. Without such, it is looked at on the way too.

        Raises:
            SpecError: there are more steps on the way than anyone can wait for.
        """
        times = {0.0} | {time for time in wanted if math.isfinite(time)}
        if math.inf in wanted:
            end = _rounded(infinite.end(MOST_STEPS * self.step) / self.rate)
            if times == {0.0}:
                times |= {_rounded(end * share) for share in ON_THE_WAY}
            times.add(max(end, *times))
        self._check_steps(max(times))
        return sorted(times)

    def _check_steps(self, end: float) -> None:
        steps = end * self.rate / self.step if self.step > 0 else math.inf
        if not steps <= MOST_FINITE_STEPS:
            raise SpecError(
                f"inference.time: {time_text(end)} takes {steps:.2g} steps of gradient descent at the "
                f"learning rate {self.learning_rate:.4g}: use smaller times, or a larger learning rate"
            )


def _rounded(time: float) -> float:
    return float(f"{time:.{DIGITS}g}")
