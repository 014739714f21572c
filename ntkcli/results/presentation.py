"""What is told of predictions: the columns of a table, and scores where there are observations.

One class for each kind of target.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.targets import Targets
from ntkcli.results.class_metrics import class_metrics, confusion_matrix
from ntkcli.results.number_metrics import half_interval, normal_quantile, point_metrics, spread_metrics
from ntkcli.results.result import Result
from ntkcli.results.temperature import probabilities
from ntkcli.spec.spec import OutputSpec

Column = tuple[str, Any]
Score = dict[str, Any]


@dataclass(frozen=True)
class Presentation(ABC):
    """Tells of predictions for some targets, as the spec's output section wants it."""

    targets: Targets
    output: OutputSpec

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """Every column that a table could have for the targets."""

    @abstractmethod
    def columns(self, result: Result, observed: pd.DataFrame) -> Iterator[Column]:
        """The columns of a result; of a target, what was observed comes last.

        observed: the targets that there are, a column each, in their units.
        """

    @abstractmethod
    def scores(self, result: Result, observed: pd.DataFrame) -> Iterator[Score]:
        """For every target: its name and, where it was observed, the metrics."""

    def spread(self, result: Result, i: int) -> FloatArray | None:
        """The standard deviation (m,) to be told of output i."""
        if not self.output.std or result.variance is None:
            return None
        noise = result.noise[i] if self.output.noise else 0.0
        return np.asarray(np.sqrt(result.variance[:, i] + noise))


class NumberPresentation(Presentation):
    """Mean, std and interval of every target."""

    @property
    def names(self) -> list[str]:
        """As `columns`."""
        suffixes = ("", "_mean", "_std", "_lower", "_upper")
        return [name + suffix for name in self.targets.names for suffix in suffixes]

    def columns(self, result: Result, observed: pd.DataFrame) -> Iterator[Column]:
        """Target after target."""
        for i, name in enumerate(self.targets.names):
            mean, std = result.mean[:, i], self.spread(result, i)
            yield f"{name}_mean", mean
            if std is not None:
                half = half_interval(self._half_width(result, i), std)
                yield from (
                    (f"{name}_std", std),
                    (f"{name}_lower", mean - half),
                    (f"{name}_upper", mean + half),
                )
            if name in observed:
                yield name, observed[name]

    def scores(self, result: Result, observed: pd.DataFrame) -> Iterator[Score]:
        """nll, coverage and width judge observations, so the noise is in them."""
        for i, name in enumerate(self.targets.names):
            score: Score = {"target": name}
            if name in observed:
                y, mean = observed[name].to_numpy(), result.mean[:, i]
                score |= point_metrics(y, mean)
                if result.variance is not None:
                    variance = result.variance[:, i] + result.noise[i]
                    score |= spread_metrics(y, mean, variance, self._half_width(result, i))
            yield score

    def _half_width(self, result: Result, i: int) -> float:
        """Of the interval of target i, in standard deviations."""
        if result.half_width is None:
            return normal_quantile(self.output.interval)
        return float(result.half_width[i])


class ClassPresentation(Presentation):
    """The likeliest class, and every class's score and probability."""

    @property
    def names(self) -> list[str]:
        """As `columns`."""
        (name,) = self.targets.names
        kinds = [f"{name}_{kind}_{c}" for kind in ("score", "probability") for c in self.targets.classes]
        return [name, f"{name}_class", *kinds, f"{name}_std"]

    def columns(self, result: Result, observed: pd.DataFrame) -> Iterator[Column]:
        """The class first; `std` is that of every score."""
        (name,) = self.targets.names
        chances = self._probabilities(result)
        yield f"{name}_class", np.array(self.targets.classes, dtype=object)[chances.argmax(axis=1)]
        for kind, values in (("score", result.mean), ("probability", chances)):
            for i, label in enumerate(self.targets.classes):
                yield f"{name}_{kind}_{label}", values[:, i]
        std = self.spread(result, 0)
        if std is not None:
            yield f"{name}_std", std
        if name in observed:
            yield name, observed[name]

    def scores(self, result: Result, observed: pd.DataFrame) -> Iterator[Score]:
        """The confusion matrix has a row for every true class, in the classes' order."""
        (name,) = self.targets.names
        score: Score = {"target": name}
        if name in observed:
            labels, chances = self.targets.labels(observed), self._probabilities(result)
            matrix = confusion_matrix(labels, chances.argmax(axis=1), len(self.targets.classes))
            score |= class_metrics(labels, chances)
            score["classes"], score["confusion_matrix"] = self.targets.classes, matrix.tolist()
        yield score

    def _probabilities(self, result: Result) -> FloatArray:
        if result.temperature is not None:
            return probabilities(result.mean, result.temperature)
        shares = np.maximum(result.mean + 1.0 / len(self.targets.classes), 0.0)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def presentation_of(targets: Targets, output: OutputSpec) -> Presentation:
    """The report for a kind of targets."""
    return (
        ClassPresentation(targets, output)
        if targets.is_classification
        else NumberPresentation(targets, output)
    )
