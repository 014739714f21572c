"""A logarithmic axis of training times, with a place for time inf at its right end."""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes

from ntkcli.arrays import FloatArray
from ntkcli.reports.axes import log_labels, log_ticks, positive, set_log_scale, set_ticks

MOST_MARKERS = 10
LABEL = "training time (learning rate x steps)"


@dataclass(frozen=True)
class TimeAxis:
    """The times above 0 of a table, and how far they reach on paper.

    first: the least finite time above 0; 1 if there is none.
    last: the largest finite time; 1 if there is none.
    finite: whether there is one.
    infinite: whether there is a time inf.
    """

    first: float
    last: float
    finite: bool
    infinite: bool

    @classmethod
    def of(cls, times: Any) -> Self:
        """Return the axis for times, of which 0 has no place on it."""
        finite = positive(times)
        first, last = (float(finite.min()), float(finite.max())) if finite.size else (1.0, 1.0)
        return cls(first, last, bool(finite.size), bool(np.isinf(np.asarray(times, dtype=np.float64)).any()))

    @property
    def margin(self) -> float:
        """A small step on the axis, as a factor."""
        return float(max(self.last / self.first, 10.0) ** 0.04)

    @property
    def infinity(self) -> float:
        """Where on the axis time inf is."""
        return self.last * self.margin**3

    def places(self, times: Any) -> FloatArray:
        """Return where on the axis times are: NaN for 0."""
        times = np.asarray(times, dtype=np.float64)
        return np.where(times == 0, math.nan, np.where(np.isinf(times), self.infinity, times))

    def set_up(self, axes: Axes) -> None:
        """Give a panel this axis."""
        low = self.first / self.margin
        high = (self.infinity if self.infinite else self.last) * self.margin**1.5
        set_log_scale(axes, "x", (low, high))
        axes.set_xlabel(LABEL)
        ticks = self._finite_ticks
        labels = log_labels(ticks)
        if self.infinite:
            ticks, labels = [*ticks, self.infinity], [*labels, "inf"]
        set_ticks(axes, "x", ticks, labels)

    @property
    def _finite_ticks(self) -> list[float]:
        """None so far right that its label would touch that of inf."""
        if self.first < self.last:
            return log_ticks(self.first / self.margin, self.last * self.margin)
        return [self.first] if self.finite else []

    def draw(self, axes: Axes, times: Any, values: Any, curve: dict[str, Any], label: str) -> None:
        """Draw a series: a line through the finite times, and a short level line at time inf."""
        times, values = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
        finite = np.isfinite(times) & (times > 0)
        every = max(1, int(finite.sum()) // MOST_MARKERS)
        axes.plot(times[finite], values[finite], label=label, markevery=every, **curve)
        for value in values[np.isinf(times)]:
            ends = [self.infinity / self.margin, self.infinity, self.infinity * self.margin]
            axes.plot(ends, [value] * 3, **curve | {"markevery": [1]})
