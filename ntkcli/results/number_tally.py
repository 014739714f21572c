"""What metrics of predicted numbers are made of, added up part by part."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.results.means import Means
from ntkcli.results.number_metrics import IntervalMetrics, NumberMetrics, PointMetrics, json_number


@dataclass(frozen=True)
class PointTally:
    """Sums of the errors of predicted means, and how far the observations are from theirs.

    squares: sum of the squared errors.
    absolute: sum of the errors' absolute values.
    observed: means of the observations.
    deviations: sum of the observations' squared distances from their mean.
    """

    squares: float
    absolute: float
    observed: Means
    deviations: float

    @classmethod
    def of(cls, y: FloatArray, mean: FloatArray) -> Self:
        """Compare predicted means with observations.

        Args:
            y: observations (m,).
            mean: predictions (m,).
        """
        with np.errstate(over="ignore", invalid="ignore"):
            error = y - mean
            observed, centred = Means.of(y)
            return cls(
                float(np.sum(error**2)), float(np.sum(np.abs(error))), observed, float(np.sum(centred**2))
            )

    def __add__(self, other: Self) -> Self:
        """The tally of both parts' rows."""
        with np.errstate(over="ignore", invalid="ignore"):
            between = float(self.observed.between(other.observed) ** 2)
            return type(self)(
                self.squares + other.squares,
                self.absolute + other.absolute,
                self.observed + other.observed,
                self.deviations + other.deviations + between,
            )

    @property
    def metrics(self) -> PointMetrics:
        """The metrics of all rows, of which there is at least one.

            rmse = sqrt(mean_i e_i^2),    mae = mean_i |e_i|
            r2 = 1 - sum_i e_i^2 / sum_i (y_i - mean(y))^2

        with e = y - mean.
        """
        rows, has_r2 = self.observed.rows, np.isfinite(self.deviations) and self.deviations > 0
        return PointMetrics(
            rmse=json_number(np.sqrt(self.squares / rows)),
            mae=json_number(self.absolute / rows),
            r2=json_number(1.0 - self.squares / self.deviations) if has_r2 else None,
        )


@dataclass(frozen=True)
class IntervalTally:
    """Sums over normal predictive distributions, and over the intervals mean -+ half.

    rows: number of rows.
    losses: sum of the negative log densities, times 2.
    has_density: whether every variance is above 0.
    inside: number of the observations inside their interval.
    width: sum of the intervals' widths.
    """

    rows: int
    losses: float
    has_density: bool
    inside: int
    width: float

    @classmethod
    def of(cls, y: FloatArray, mean: FloatArray, variance: FloatArray, half: FloatArray) -> Self:
        """Compare predictive distributions and intervals with observations.

        Args:
            y: observations (m,).
            mean: predictions (m,).
            variance: of an observation, noise included, (m,).
            half: distance of an interval's ends from the mean, (m,).
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            error = y - mean
            return cls(
                rows=len(y),
                losses=float(np.sum(np.log(2 * np.pi * variance) + error**2 / variance)),
                has_density=bool(np.all(variance > 0)),
                inside=int(np.count_nonzero(np.abs(error) <= half)),
                width=float(np.sum(2 * half)),
            )

    def __add__(self, other: Self) -> Self:
        """The tally of both parts' rows."""
        return type(self)(
            self.rows + other.rows,
            self.losses + other.losses,
            self.has_density and other.has_density,
            self.inside + other.inside,
            self.width + other.width,
        )

    @property
    def metrics(self) -> IntervalMetrics:
        """The metrics of all rows, of which there is at least one.

            nll = -mean_i log N(y_i; mean_i, variance_i)

        Where a variance is 0 there is no density, and so no nll. Of two kinds of interval with the coverage
        that was asked for, the narrower one is better.
        """
        return IntervalMetrics(
            nll=json_number(self.losses / self.rows / 2) if self.has_density else None,
            coverage=self.inside / self.rows,
            width=json_number(self.width / self.rows),
        )


@dataclass(frozen=True)
class NumberTally:
    """The tally of the predictions of one numeric target.

    point: of the means.
    interval: of the variances; None where there are none.
    """

    point: PointTally
    interval: IntervalTally | None

    def __add__(self, other: Self) -> Self:
        """The tally of both parts' rows."""
        interval = None
        if self.interval is not None and other.interval is not None:
            interval = self.interval + other.interval
        return type(self)(self.point + other.point, interval)

    @property
    def metrics(self) -> NumberMetrics | None:
        """The metrics of all rows; None where there are none."""
        if not self.point.observed.rows:
            return None
        return NumberMetrics(self.point.metrics, None if self.interval is None else self.interval.metrics)
