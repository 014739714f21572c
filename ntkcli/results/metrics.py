"""Scores of all kernels and times, beside those of the baselines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.cells import is_missing
from ntkcli.data.scaling import Scaling
from ntkcli.data.targets import Targets
from ntkcli.results.baselines import Baseline
from ntkcli.results.presentation import Presentation
from ntkcli.results.relative_errors import RelativeErrors
from ntkcli.results.result import Result
from ntkcli.results.result_tally import ResultTally
from ntkcli.results.score import BaselineScore, KernelScore
from ntkcli.results.unseen_rows import UnseenRows


@dataclass(frozen=True)
class Metrics:
    """Scores of the predictions of some rows.

    rows: number of rows predicted.
    interval: probability of the intervals that coverage and width are of.
    scores: one for every kernel, time and target, in this order.
    baselines: one for every baseline and target, in this order.
    unseen: the training rows that the model is calibrated by; None where nothing is.
    are_fitted: whether intervals are fitted to these rows; else they are normal ones.
    errors: of the calibration of each kernel and time; none where nothing is calibrated.
    scored: number of the rows with a value of each target that was observed, by its name.
    """

    rows: int
    interval: float
    scores: list[KernelScore]
    baselines: list[BaselineScore]
    unseen: UnseenRows | None = None
    are_fitted: bool = False
    errors: Sequence[RelativeErrors] = ()
    scored: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def of(
        presentation: Presentation,
        observed: pd.DataFrame,
        results: Sequence[Result],
        baselines: Sequence[Result],
        unseen: UnseenRows | None = None,
    ) -> "Metrics":
        """Score predictions against observations.

        Args:
            presentation: of the targets.
            observed: the observed targets, a column each, in their units.
            results: predictions of the kernels.
            baselines: predictions of the baselines.
            unseen: the training rows that calibrations are fitted to.
        """
        tally = MetricsTally(presentation)
        tally.add(observed, results, baselines)
        return tally.metrics(unseen)

    @property
    def content(self) -> dict[str, Any]:
        """What metrics.json holds: the scores of the targets that were observed."""
        return {
            "interval": self.interval,
            "interval_from": self.unseen.by if self.unseen and self.are_fitted else "normal",
            "scores": [score.content for score in self.scores if score.metrics is not None],
            "baselines": [score.content for score in self.baselines if score.metrics is not None],
        }


@dataclass
class MetricsTally:
    """What metrics are made of, added up part by part, in memory that does not grow with the rows.

    presentation: of the targets.
    rows: number of rows so far.
    scored: those of them with a value of each target, by its name.
    of_results, of_baselines: the tally of every kernel and time, and of every baseline, in order.
    """

    presentation: Presentation
    rows: int = 0
    scored: Counter[str] = field(default_factory=Counter)
    of_results: list[ResultTally] = field(default_factory=list)
    of_baselines: list[ResultTally] = field(default_factory=list)

    def add(self, observed: pd.DataFrame, results: Sequence[Result], baselines: Sequence[Result]) -> None:
        """Add the predictions of some rows.

        Args:
            observed: the observed targets, a column each, in their units.
            results: predictions of the kernels; the same kernels and times in every part.
            baselines: predictions of the baselines.
        """
        self.of_results = self._with(self.of_results, results, observed)
        self.of_baselines = self._with(self.of_baselines, baselines, observed)
        self.rows += len(observed)
        known = {str(name): int((~is_missing(cells)).sum()) for name, cells in observed.items()}
        self.scored.update(known)

    def metrics(self, unseen: UnseenRows | None = None) -> Metrics:
        """Return the metrics of all rows; without any part there are no scores.

        Args:
            unseen: the training rows that calibrations are fitted to.
        """
        return Metrics(
            self.rows,
            self.presentation.output.interval,
            [score for tally in self.of_results for score in tally.kernel_scores],
            [score for tally in self.of_baselines for score in tally.baseline_scores],
            unseen,
            any(tally.is_fitted for tally in self.of_results),
            [tally.errors for tally in self.of_results if tally.errors is not None],
            self.scored,
        )

    def _with(
        self, tallies: list[ResultTally], results: Sequence[Result], observed: pd.DataFrame
    ) -> list[ResultTally]:
        part = [ResultTally.of(self.presentation, result, observed) for result in results]
        return [one + other for one, other in zip(tallies, part, strict=True)] if tallies else part


def baseline_results(targets: Targets, baselines: Sequence[Baseline], x: FloatArray) -> list[Result]:
    """Predict with the baselines, in the targets' units.

    The variance of the function is 0: a baseline's residual variance is all noise.

    Args:
        targets: what is predicted, with its scaling.
        baselines: fitted to the standardised targets.
        x: encoded features (m, d) of the rows to predict.
    """
    return [_result(baseline, targets.scaling, x) for baseline in baselines]


def _result(baseline: Baseline, scaling: Scaling, x: FloatArray) -> Result:
    with np.errstate(over="ignore", invalid="ignore"):
        mean = scaling.undo(baseline.predict(x))
        noise = baseline.variance * scaling.scale**2
    return Result(baseline.name, 0.0, mean, np.zeros_like(mean), noise, temperature=None)
