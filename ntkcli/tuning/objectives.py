"""The objectives of a search that hold out rows: rmse, nll, accuracy and log_loss.

A score is that of all held-out rows together. Its standard error comes from the scores of the single folds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.results.class_metrics import log_loss
from ntkcli.results.number_metrics import joined_roots
from ntkcli.results.temperature import fit_temperature, probabilities

# Objectives of which more is better.
LARGER_IS_BETTER = ("accuracy", "log_marginal_likelihood")


@dataclass(frozen=True)
class Score:
    """The value of an objective.

    value: None where the candidate has no score, as its matrix is singular.
    error: the standard error over the folds, or over the rows that are left out; None where it is not known,
        as of one fold.
    """

    value: float | None
    error: float | None = None


class FoldSummary(NamedTuple):
    """What `of_fold` kept of a fold.

    rows: indices of the rows held out.
    kept: its first axis is that of the candidates.
    """

    rows: IntArray
    kept: FloatArray


class Criterion(Protocol):
    """An objective of held-out rows, computed for p candidates at once."""

    def of_fold(self, rows: IntArray, mean: FloatArray, variance: FloatArray | None) -> FloatArray:
        """Reduce the predictions of one fold to what the scores need, so that no fold's have to be kept.

        Args:
            rows: indices (m,) of the rows held out.
            mean: (p, m, k) predictions of them.
            variance: (p, m, k), of observations; None unless the objective is nll.

        Returns:
            An array whose first axis is that of the p candidates.
        """

    def scores(self, folds: Sequence[FoldSummary]) -> list[Score]:
        """Return the score of every candidate from what `of_fold` kept of all folds."""


@dataclass(frozen=True)
class RootMeanSquare:
    """rmse: the root mean square of the residuals; of several targets, the mean of the standardised ones'.

    y: (n, k) targets.
    scale: (k,), their units.
    """

    y: FloatArray
    scale: FloatArray

    def of_fold(self, rows: IntArray, mean: FloatArray, variance: FloatArray | None) -> FloatArray:
        """Return the mean squares of the residuals, (p, k)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.mean((mean - self.y[rows]) ** 2, axis=1))

    def scores(self, folds: Sequence[FoldSummary]) -> list[Score]:
        """Return the roots of the mean squares over all folds' rows."""
        roots = [joined_roots(np.sqrt(squares), self.scale) for _, squares in folds]
        return _scores(joined_roots(np.sqrt(_pooled(folds)), self.scale), roots)


@dataclass(frozen=True)
class LogDensity:
    """nll: the mean negative log density of an observation.

    y: (n, k) targets.
    scale: (k,), their units.
    """

    y: FloatArray
    scale: FloatArray

    def of_fold(self, rows: IntArray, mean: FloatArray, variance: FloatArray | None) -> FloatArray:
        """Return the mean negative log densities, (p,).

        Raises:
            ValueError: there is no variance.
        """
        if variance is None:
            raise ValueError("nll needs variances")
        return negative_log_density(self.y[rows] - mean, variance, self.scale)

    def scores(self, folds: Sequence[FoldSummary]) -> list[Score]:
        """Return the means over all folds' rows."""
        return _scores(_pooled(folds), [losses for _, losses in folds])


@dataclass(frozen=True)
class Accuracy:
    """accuracy: the share of rows whose largest output is that of their class.

    labels: (n,), the classes as integers from 0.
    """

    labels: IntArray

    def of_fold(self, rows: IntArray, mean: FloatArray, variance: FloatArray | None) -> FloatArray:
        """Return the shares of rows that are classified correctly, (p,); NaN where an output is NaN."""
        right = np.mean(mean.argmax(axis=2) == self.labels[rows], axis=1)
        return np.where(np.isnan(mean).any(axis=(1, 2)), np.nan, right)

    def scores(self, folds: Sequence[FoldSummary]) -> list[Score]:
        """Return the shares among all folds' rows."""
        return _scores(_pooled(folds), [shares for _, shares in folds])


@dataclass(frozen=True)
class LogLoss:
    """log_loss: that of the probabilities at the temperature that fits all held-out rows best.

    labels: (n,), the classes as integers from 0.
    """

    labels: IntArray

    def of_fold(self, rows: IntArray, mean: FloatArray, variance: FloatArray | None) -> FloatArray:
        """Return the outputs of the C classes as they are, (p, m, C): the temperature is not known yet."""
        return mean

    def scores(self, folds: Sequence[FoldSummary]) -> list[Score]:
        """Return the log loss of each candidate at its own temperature."""
        rows = np.concatenate([rows for rows, _ in folds])
        return [self._score(rows, folds, i) for i in range(len(folds[0][1]))]

    def _score(self, rows: IntArray, folds: Sequence[FoldSummary], i: int) -> Score:
        scores = np.concatenate([mean[i] for _, mean in folds])
        if not np.isfinite(scores).all():
            return Score(None)
        temperature = fit_temperature(scores, self.labels[rows])
        losses = [self._loss(fold_rows, mean[i], temperature) for fold_rows, mean in folds]
        return _score(self._loss(rows, scores, temperature), losses)

    def _loss(self, rows: IntArray, scores: FloatArray, temperature: float) -> float:
        loss = log_loss(self.labels[rows], probabilities(scores, temperature))
        return math.nan if loss is None else loss


def negative_log_density(error: FloatArray, variance: FloatArray, scale: FloatArray) -> FloatArray:
    """Return the mean over rows and targets of -log N(error; 0, variance), (...,).

    A single target is taken in its own unit, several are standardised. The result is NaN where a variance
    is 0.

    Args:
        error: (..., m, k).
        variance: (..., m, k).
        scale: (k,), the units of the targets.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        losses = 0.5 * (np.log(2 * np.pi * variance) + error**2 / variance)
    means = np.where(variance > 0, losses, np.nan).mean(axis=(-2, -1))
    return np.asarray(means + math.log(scale[0]) if len(scale) == 1 else means)


def _pooled(folds: Sequence[FoldSummary]) -> FloatArray:
    """Return the mean of the folds' means, weighted by their numbers of rows."""
    total = sum(len(rows) for rows, _ in folds)
    return np.asarray(sum(len(rows) / total * means for rows, means in folds))


def _scores(values: FloatArray, folds: Sequence[FloatArray]) -> list[Score]:
    return [_score(float(value), [float(fold[i]) for fold in folds]) for i, value in enumerate(values)]


def _score(value: float, folds: Sequence[float]) -> Score:
    """Return a score with the standard error of the folds' mean, where there are several folds."""
    if not math.isfinite(value):
        return Score(None)
    if len(folds) < 2 or not np.isfinite(folds).all():
        return Score(value)
    return Score(value, float(np.std(folds, ddof=1) / math.sqrt(len(folds))))
