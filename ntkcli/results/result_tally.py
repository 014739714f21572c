"""What the scores of one kernel at one time, or of a baseline, are made of, added up part by part."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import pandas as pd

from ntkcli.results.presentation import Presentation, TargetTally
from ntkcli.results.relative_errors import RelativeErrors
from ntkcli.results.result import Result
from ntkcli.results.score import BaselineScore, KernelScore, TargetMetrics


@dataclass(frozen=True)
class ResultTally:
    """The tally of what one kernel, or a baseline, predicts at one time, without the predictions.

    kernel: name of the kernel or of the baseline.
    time: training time; 0 for a baseline.
    ready: seconds from the start of the run until the last prediction was there.
    is_fitted: whether intervals are fitted; else they are normal ones.
    errors: of the calibration; None where nothing was fitted.
    targets: the tally of every target by its name; None where it was not observed.
    """

    kernel: str
    time: float
    ready: float
    is_fitted: bool
    errors: RelativeErrors | None
    targets: Mapping[str, TargetTally | None]

    @classmethod
    def of(cls, presentation: Presentation, result: Result, observed: pd.DataFrame) -> Self:
        """Compare predictions with observations.

        Args:
            presentation: of the targets.
            result: predictions of m rows.
            observed: the observed targets, a column each, in their units.
        """
        is_fitted = result.half_width is not None
        targets = presentation.tallies(result, observed)
        return cls(result.kernel, result.time, result.ready, is_fitted, result.errors, targets)

    def __add__(self, later: Self) -> Self:
        """The tally of both parts' rows; a target counts only if it was observed in both."""
        targets = {
            name: None if own is None or other is None else own + other
            for (name, own), other in zip(self.targets.items(), later.targets.values(), strict=True)
        }
        return type(self)(later.kernel, later.time, later.ready, later.is_fitted, later.errors, targets)

    @property
    def kernel_scores(self) -> list[KernelScore]:
        """The scores of a kernel, one for every target."""
        return [
            KernelScore(self.kernel, self.time, target, metrics, self.ready)
            for target, metrics in self._metrics.items()
        ]

    @property
    def baseline_scores(self) -> list[BaselineScore]:
        """The scores of a baseline, one for every target."""
        return [BaselineScore(self.kernel, target, metrics) for target, metrics in self._metrics.items()]

    @property
    def _metrics(self) -> dict[str, TargetMetrics | None]:
        return {name: None if tally is None else tally.metrics for name, tally in self.targets.items()}
