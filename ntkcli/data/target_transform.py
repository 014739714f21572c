"""Transforms of a target: increasing functions, whose values a kernel is fitted to."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field

from ntkcli.arrays import FloatArray
from ntkcli.spec.data import TransformName
from ntkcli.spec.section import Section
from ntkcli.spec.types import Finite

Positive = Annotated[Finite, Field(gt=0)]
# Knots of ranks between which lines are straight; more of them would be chance.
MOST_KNOTS = 1000


class LogTransform(Section):
    """The transform z = log y, of targets above 0."""

    kind: Literal["log"] = "log"

    def __str__(self) -> str:
        return "logarithm"

    def apply(self, values: FloatArray) -> FloatArray:
        """Transform targets."""
        return np.log(values)

    def undo(self, values: FloatArray) -> FloatArray:
        """Return the targets that `apply` maps to these."""
        with np.errstate(over="ignore"):
            return np.exp(values)

    def log_slope(self, values: FloatArray) -> FloatArray:
        """Return log(dz / dy) at some targets."""
        return -np.log(values)


class YeoJohnsonTransform(Section):
    """The transform of Yeo & Johnson 2000, with a power p from 0 to 2, behind a shift and a scale.

        z = sign(x) ((1 + |x|)^q - 1) / q,    x = (y - origin) / unit,    q = p for x > 0, 2 - p for x < 0

    and sign(x) log(1 + |x|) where q is 0. With these powers, every z has a y.

    power: p; 1 leaves targets as they are, less bends the large ones down.
    origin: the median in training.
    unit: the median distance from it or, where that is 0, the standard deviation.
    """

    kind: Literal["yeo-johnson"] = "yeo-johnson"
    power: Annotated[Finite, Field(ge=0, le=2)]
    origin: Finite
    unit: Positive

    @classmethod
    def of(cls, values: FloatArray) -> Self:
        """Return the transform with the power that makes targets (n,) most likely under a normal."""
        # Not at the top, as few need it.
        from scipy.optimize import minimize_scalar

        with np.errstate(over="ignore", invalid="ignore"):
            origin = float(np.median(values))
            unit = float(np.median(np.abs(values - origin))) or float(values.std())
        if not 0 < unit < np.inf:
            # A constant, or too large a target, which is told where it is standardised.
            return cls(power=1.0, origin=origin if unit == 0 else 0.0, unit=1.0)

        def loss(power: float) -> float:
            return -log_likelihood(cls(power=power, origin=origin, unit=unit), values)

        found = minimize_scalar(loss, bounds=(0.0, 2.0), method="bounded", options={"xatol": 1e-9})
        power = min((float(found.x), 0.0, 2.0), key=loss)
        return cls(power=power, origin=origin, unit=unit)

    def __str__(self) -> str:
        return f"Yeo-Johnson with power {self.power:.3g}"

    def apply(self, values: FloatArray) -> FloatArray:
        """Transform targets."""
        x = self._standard(values)
        logs, q = np.log1p(np.abs(x)), self._power(x)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return np.asarray(np.sign(x) * np.where(q > 0, np.expm1(q * logs) / q, logs))

    def undo(self, values: FloatArray) -> FloatArray:
        """Return the targets that `apply` maps to these."""
        size, q = np.abs(values), self._power(values)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            logs = np.where(q > 0, np.log1p(q * size) / q, size)
            return np.asarray(self.origin + self.unit * np.sign(values) * np.expm1(logs))

    def log_slope(self, values: FloatArray) -> FloatArray:
        """Return log(dz / dy) at some targets."""
        x = self._standard(values)
        return np.asarray((self._power(x) - 1) * np.log1p(np.abs(x)) - np.log(self.unit))

    def _standard(self, values: FloatArray) -> FloatArray:
        with np.errstate(over="ignore"):
            return np.asarray((values - self.origin) / self.unit)

    def _power(self, x: FloatArray) -> FloatArray:
        return np.where(x < 0, 2.0 - self.power, self.power)


class QuantileTransform(Section):
    """The transform of targets by rank to a standard normal, by straight lines between at most 1,000 knots.

    It has no values beyond the targets of training, which those beyond are mapped to.

    values: of the target at the knots, ascending.
    places: of the knots, ascending.
    """

    kind: Literal["quantile"] = "quantile"
    values: Annotated[list[Finite], Field(min_length=1)]
    places: Annotated[list[Finite], Field(min_length=1)]

    @classmethod
    def of(cls, values: FloatArray) -> Self:
        """Return the transform of targets (n,); those that repeat have the mean of their places."""
        # Not at the top, as few need it.
        from scipy.special import ndtri

        count = min(len(values), MOST_KNOTS)
        knots = np.quantile(values, np.linspace(0.0, 1.0, count))
        distinct, which, repeats = np.unique(knots, return_inverse=True, return_counts=True)
        places = np.bincount(which, ndtri((np.arange(count) + 0.5) / count)) / repeats
        return cls(values=distinct.tolist(), places=places.tolist())

    def __str__(self) -> str:
        return f"normal by rank, from {self.values[0]:g} to {self.values[-1]:g}"

    def apply(self, values: FloatArray) -> FloatArray:
        """Transform targets."""
        return np.interp(values, self.values, self.places)

    def undo(self, values: FloatArray) -> FloatArray:
        """Return the targets that `apply` maps to these."""
        return np.interp(values, self.places, self.values)

    def log_slope(self, values: FloatArray) -> FloatArray:
        """Return minus infinity: between ranks, a density would be as jagged as the targets of training."""
        return np.full(np.shape(values), -np.inf)


TargetTransform = Annotated[
    LogTransform | YeoJohnsonTransform | QuantileTransform, Field(discriminator="kind")
]


def fit_transform(name: TransformName, values: FloatArray) -> TargetTransform | None:
    """Return a transform by its name in the spec, fitted to targets (n,); None for `none` and `auto`."""
    match name:
        case "log":
            return LogTransform()
        case "yeo-johnson":
            return YeoJohnsonTransform.of(values)
        case "quantile":
            return QuantileTransform.of(values)
    return None


def log_likelihood(transform: TargetTransform, values: FloatArray) -> float:
    """Return the log density of targets (n,) that are normal once transformed, but for a constant.

    -n / 2 log var(z) + sum_i log(dz / dy)_i
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        spread = -0.5 * len(values) * float(np.log(np.var(transform.apply(values))))
        return spread + float(np.sum(transform.log_slope(values)))
