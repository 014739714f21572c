"""Predictions as columns of a table, and as tallies where there are observations.

There is one class for each kind of target.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.cells import is_missing
from ntkcli.data.targets import Targets
from ntkcli.errors import NumericalError
from ntkcli.regression.question import time_text
from ntkcli.results.class_tally import ClassTally
from ntkcli.results.forecast import Forecast, NormalForecast, TransformedForecast
from ntkcli.results.number_metrics import normal_quantile
from ntkcli.results.number_tally import NumberTally
from ntkcli.results.result import Result
from ntkcli.results.score import TargetMetrics
from ntkcli.results.temperature import probabilities
from ntkcli.spec.spec import OutputSpec

Column = tuple[str, Any]


class TargetTally(Protocol):
    """What the metrics of one target are made of; tallies of one target are added up part by part."""

    def __add__(self, other: Self) -> Self:
        """The tally of both parts' rows."""

    @property
    def metrics(self) -> TargetMetrics | None:
        """The metrics of all rows; None where there are none."""


@dataclass(frozen=True)
class Presentation(ABC):
    """A presentation lays out and scores predictions of some targets, as the spec's output section asks.

    targets: what is predicted.
    output: the spec's output section.
    """

    targets: Targets
    output: OutputSpec

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """The names of all columns that a table could have for the targets."""

    @abstractmethod
    def columns(self, result: Result, observed: pd.DataFrame) -> Iterator[Column]:
        """Yield name and values (m,) of the columns of a result; a target's observations come last.

        Args:
            result: predictions of m rows.
            observed: the observed targets, a column each, in their units, indexed as in the file.

        Raises:
            NumericalError: a transform has no inverse in float64 at a prediction.
        """

    def tallies(self, result: Result, observed: pd.DataFrame) -> dict[str, TargetTally | None]:
        """Compare a result with observations: the tally of every target by its name, None without any.

        Args:
            result: predictions of m rows.
            observed: the observed targets, a column each, in their units.
        """
        found: dict[str, TargetTally | None] = {}
        for i, name in enumerate(self.targets.names):
            found[name] = None
            if name in observed:
                # Rows without this target are predicted, but there is nothing to compare with.
                known = ~is_missing(observed[name])
                found[name] = self._tally(result.of_rows(known), i, observed[known])
        return found

    @abstractmethod
    def _tally(self, result: Result, i: int, observed: pd.DataFrame) -> TargetTally:
        """The tally of target i, which was observed."""

    def _variance(self, result: Result, i: int) -> FloatArray | None:
        """The variance (m,) of output i that a table shows, or None where it shows none.

        It is that of an observation where `output.noise` is true, and that of the function otherwise.
        """
        if not self.output.std or result.variance is None:
            return None
        noise = result.noise[..., i] if self.output.noise else 0.0
        return np.asarray(result.variance[:, i] + noise)


class NumberPresentation(Presentation):
    """A presentation of numeric targets: each has a mean or a median, a std and an interval."""

    @property
    def names(self) -> list[str]:
        """The names of all columns that a table could have for the targets."""
        of = self.targets.transforms.of
        centres = {name: "_median" if of.get(name) else "_mean" for name in self.targets.names}
        suffixes = ("_std", "_lower", "_upper")
        return [name + suffix for name in centres for suffix in ("", centres[name], *suffixes)]

    def columns(self, result: Result, observed: pd.DataFrame) -> Iterator[Column]:
        """Yield the columns of a target after another: mean or median, std, lower, upper, observed value."""
        for i, name in enumerate(self.targets.names):
            forecast = self._forecast(result, i, self._variance(result, i))
            self._check_range(name, forecast.centre, result, observed.index)
            yield f"{name}_{forecast.kind}", forecast.centre
            if spread := forecast.spread:
                yield from ((f"{name}_{key}", values) for key, values in spread._asdict().items())
            if name in observed:
                yield name, observed[name]

    def _tally(self, result: Result, i: int, observed: pd.DataFrame) -> NumberTally:
        y = observed[self.targets.names[i]].to_numpy()
        if result.variance is None:
            return self._forecast(result, i, None).tally(y)
        # An observation has the noise in it, whether or not the table's std has.
        return self._forecast(result, i, result.variance[:, i] + result.noise[..., i]).tally(y)

    def _check_range(self, name: str, centre: FloatArray, result: Result, rows: pd.Index) -> None:
        """Check that what is predicted is in the range of float64; intervals and std may well not be."""
        if np.isfinite(centre).all():
            return
        row = rows[int(np.argmin(np.isfinite(centre)))]
        transform = self.targets.transforms.of[name]
        kind = transform.kind if transform else "none"
        raise NumericalError(
            f"predictions of kernel {result.kernel} at time {time_text(result.time)} leave the range of "
            f"float64 once data.target_transform: {kind} of {name!r} is undone (first in row {row}): look at "
            "what is unlike the training rows there, or use data.target_transform: quantile"
        )

    def _forecast(self, result: Result, i: int, variance: FloatArray | None) -> Forecast:
        """The forecast of target i, with a variance (m,) of the function or of an observation, if any."""
        half = None if variance is None else self._half(result, i, np.sqrt(variance))
        normal = NormalForecast(result.mean[:, i], variance, half)
        transform = self.targets.transforms.of.get(self.targets.names[i])
        return TransformedForecast(normal, transform) if transform else normal

    def _half(self, result: Result, i: int, std: FloatArray) -> FloatArray:
        """Half the intervals of target i, (m,): as fitted to observations, else normal ones by std (m,)."""
        if result.half_width is None or result.variance is None:
            return normal_quantile(self.output.interval) * std
        observed = np.sqrt(result.variance[:, i] + result.noise[..., i])
        return np.asarray(result.half_width[i] * observed)


class ClassPresentation(Presentation):
    """A presentation of one categorical target: predicted class, and the scores and probabilities of all."""

    @property
    def names(self) -> list[str]:
        """The names of all columns that a table could have for the target."""
        (name,) = self.targets.names
        kinds = [f"{name}_{kind}_{c}" for kind in ("score", "probability") for c in self.targets.classes]
        return [name, f"{name}_class", *kinds, f"{name}_std"]

    def columns(self, result: Result, observed: pd.DataFrame) -> Iterator[Column]:
        """Yield predicted class, scores, probabilities, std (the same for every score) and true class."""
        (name,) = self.targets.names
        class_probabilities = self._probabilities(result)
        predicted = class_probabilities.argmax(axis=1)
        yield f"{name}_class", np.array(self.targets.classes, dtype=object)[predicted]
        for kind, values in (("score", result.mean), ("probability", class_probabilities)):
            for i, label in enumerate(self.targets.classes):
                yield f"{name}_{kind}_{label}", values[:, i]
        # The outputs of all classes have one variance.
        variance = self._variance(result, 0)
        if variance is not None:
            yield f"{name}_std", np.sqrt(variance)
        if name in observed:
            yield name, observed[name]

    def _tally(self, result: Result, i: int, observed: pd.DataFrame) -> ClassTally:
        labels = self.targets.labels(observed)
        return ClassTally.of(labels, self._probabilities(result), self.targets.classes)

    def _probabilities(self, result: Result) -> FloatArray:
        """Probabilities (m, C): softmax of a kernel's scores, or the shares that a baseline predicts."""
        if result.temperature is not None:
            return probabilities(result.mean, result.temperature)
        # Targets are indicators less 1 / C; a linear baseline may leave [0, 1].
        share = 1.0 / len(self.targets.classes)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            shares = np.maximum(result.mean + share, 0.0)
            total = shares.sum(axis=1, keepdims=True)
            # Shares of which none is above 0, or that leave float64, say nothing of the classes.
            return np.where(np.isfinite(total) & (total > 0.0), shares / total, share)


def presentation_of(targets: Targets, output: OutputSpec) -> Presentation:
    """Return the presentation for the kind of the targets.

    Args:
        targets: what is predicted.
        output: the spec's output section.
    """
    return (
        ClassPresentation(targets, output)
        if targets.is_classification
        else NumberPresentation(targets, output)
    )
