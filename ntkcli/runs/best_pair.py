"""The kernel and time of a fit that predict best, by the scores in its metrics.json."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from ntkcli.runs.records import ScoreRecord

# What is made small, for numbers and for classes.
MADE_SMALL = ("rmse", "log_loss")


@dataclass(frozen=True)
class PairScores:
    """The scores of a kernel at a time, one for each target that was observed."""

    kernel: str
    time: str
    scores: list[ScoreRecord]

    def mean(self, metric: str, scales: dict[str, float] | None = None) -> float | None:
        """Return the mean of a metric over the targets; None where one has none.

        Args:
            metric: its name.
            scales: what each target's is divided by; None where they are in no unit.
        """
        values = [getattr(score, metric) for score in self.scores]
        if not values or None in values:
            return None
        of = scales or {}
        return fmean(
            value / of.get(score.target, 1.0) for value, score in zip(values, self.scores, strict=True)
        )

    def loss(self, scales: dict[str, float]) -> float:
        """Return the rmse, or the log loss of classes; infinite where there is none."""
        found = [self.mean(metric, scales) for metric in MADE_SMALL]
        return next((value for value in found if value is not None), math.inf)


def best_pair(scores: Iterable[ScoreRecord], scales: dict[str, float]) -> PairScores | None:
    """Return the pair with the least loss, the first of equals; None where no target was observed.

    Args:
        scores: of all pairs and targets.
        scales: of several targets, what makes their rmse comparable; empty for one.
    """
    found: dict[tuple[str, str], list[ScoreRecord]] = {}
    for score in scores:
        found.setdefault((score.kernel, score.time), []).append(score)
    pairs = [PairScores(*pair, of_pair) for pair, of_pair in found.items()]
    return min(pairs, key=lambda pair: pair.loss(scales), default=None)
