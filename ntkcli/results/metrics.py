"""Scores of all results, beside those of models without a kernel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.scaling import Scaling
from ntkcli.data.targets import Targets
from ntkcli.regression.question import time_text
from ntkcli.results.baselines import Baseline
from ntkcli.results.presentation import Presentation, Score
from ntkcli.results.result import Result


@dataclass(frozen=True)
class Metrics:
    """How good predictions are.

    rows: that were predicted.
    interval: that coverage and width are of.
    scores: for every kernel, time and target: the metrics there are.
    baselines: for every model without a kernel, and target.
    ready: for every one of `scores`, seconds until it was there.
    """

    rows: int
    interval: float
    scores: list[Score]
    baselines: list[Score]
    ready: list[float]

    @classmethod
    def of(
        cls, report: Presentation, observed: pd.DataFrame, results: Sequence[Result], plain: Sequence[Result]
    ) -> Self:
        """Judge results.

        Args:
            report: of the targets.
            observed: the targets that there are, a column each.
            results: of kernels.
            plain: of models without a kernel.
        """
        scores, ready = [], []
        for result in results:
            for score in report.scores(result, observed):
                scores.append({"kernel": result.kernel, "time": time_text(result.time), **score})
                ready.append(result.ready)
        baselines = [
            {"model": result.kernel, **score} for result in plain for score in report.scores(result, observed)
        ]
        return cls(len(observed), report.output.interval, scores, baselines, ready)

    @property
    def content(self) -> dict[str, Any]:
        """What metrics.json holds: scores of what was observed only."""
        return {
            "interval": self.interval,
            "scores": [score for score in self.scores if _is_scored(score)],
            "baselines": [score for score in self.baselines if _is_scored(score)],
        }


def _is_scored(score: Score) -> bool:
    return len(score.keys() - {"kernel", "time", "model", "target"}) > 0


def plain_results(targets: Targets, baselines: Sequence[Baseline], x: FloatArray) -> list[Result]:
    """What models without a kernel predict for inputs x (m, d); all of their variance is noise."""
    return [_result(baseline, targets.scaling, x) for baseline in baselines]


def _result(baseline: Baseline, scaling: Scaling, x: FloatArray) -> Result:
    with np.errstate(over="ignore", invalid="ignore"):
        mean = scaling.undo(baseline.predict(x))
        noise = baseline.variance * scaling.scale**2
    return Result(baseline.name, 0.0, mean, np.zeros_like(mean), noise, temperature=None)
