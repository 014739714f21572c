"""The metrics of one target, with the kernel and time, or the baseline, that predicted it."""

from dataclasses import dataclass
from typing import Any

from ntkcli.regression.question import time_text
from ntkcli.results.class_metrics import ClassMetrics
from ntkcli.results.number_metrics import NumberMetrics

TargetMetrics = NumberMetrics | ClassMetrics


@dataclass(frozen=True)
class KernelScore:
    """Metrics of what one kernel predicts of one target at one time.

    kernel: name of the kernel.
    time: training time t >= 0 or inf.
    target: name of the target.
    metrics: None where the target was not observed.
    ready: seconds from the start of the run until the prediction was there.
    """

    kernel: str
    time: float
    target: str
    metrics: TargetMetrics | None
    ready: float

    @property
    def content(self) -> dict[str, Any]:
        """The score as metrics.json has it."""
        time = time_text(self.time)
        return {"kernel": self.kernel, "time": time, "target": self.target, **_content(self.metrics)}


@dataclass(frozen=True)
class BaselineScore:
    """Metrics of what a baseline predicts of one target.

    baseline: name of the baseline.
    target: name of the target.
    metrics: None where the target was not observed.
    """

    baseline: str
    target: str
    metrics: TargetMetrics | None

    @property
    def content(self) -> dict[str, Any]:
        """The score as metrics.json has it."""
        return {"model": self.baseline, "target": self.target, **_content(self.metrics)}


def _content(metrics: TargetMetrics | None) -> dict[str, Any]:
    return {} if metrics is None else metrics.content
