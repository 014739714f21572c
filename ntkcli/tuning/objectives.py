"""What tuning makes small, or large: scores of predictions for rows that took no part in them.

Scores of all held out rows together count; those of every fold by itself tell how sure they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.results.class_metrics import log_loss
from ntkcli.results.number_metrics import joined_roots
from ntkcli.results.temperature import fit_temperature, probabilities
from ntkcli.tuning.splits import Indices

# Objectives of which more is better.
LARGER_IS_BETTER = ("accuracy", "log_marginal_likelihood")


@dataclass(frozen=True)
class Score:
    """An objective's value, and its standard error over the folds; None where there is none."""

    value: float | None
    error: float | None = None


# The rows that a fold holds out, and what is kept of their predictions, one for each candidate.
Fold = tuple[Indices, FloatArray]


class Criterion(Protocol):
    """An objective of held out rows, for some candidates at once."""

    def of_fold(self, rows: Indices, mean: FloatArray, variance: FloatArray | None) -> FloatArray:
        """What to keep of predictions of rows (m,): mean (p, m, k), variance of observations (p, m, k)."""

    def scores(self, folds: Sequence[Fold]) -> list[Score]:
        """One for every candidate."""


@dataclass(frozen=True)
class RootMeanSquare:
    """rmse. y: (n, k) targets; scale: (k,) their units."""

    y: FloatArray
    scale: FloatArray

    def of_fold(self, rows: Indices, mean: FloatArray, variance: FloatArray | None) -> FloatArray:
        """The mean squares, (p, k)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.mean((mean - self.y[rows]) ** 2, axis=1))

    def scores(self, folds: Sequence[Fold]) -> list[Score]:
        """Roots of the mean over all rows."""
        roots = [joined_roots(np.sqrt(squares), self.scale) for _, squares in folds]
        return _scores(joined_roots(np.sqrt(_pooled(folds)), self.scale), roots)


@dataclass(frozen=True)
class LogDensity:
    """nll: the mean negative log density of an observation. y: (n, k) targets; scale: (k,) their units."""

    y: FloatArray
    scale: FloatArray

    def of_fold(self, rows: Indices, mean: FloatArray, variance: FloatArray | None) -> FloatArray:
        """The means, (p,)."""
        if variance is None:
            raise ValueError("nll needs variances")
        return negative_log_density(self.y[rows] - mean, variance, self.scale)

    def scores(self, folds: Sequence[Fold]) -> list[Score]:
        """Means over all rows."""
        return _scores(_pooled(folds), [losses for _, losses in folds])


@dataclass(frozen=True)
class Accuracy:
    """accuracy: the share of rows whose largest score is that of their class. labels: (n,)."""

    labels: Indices

    def of_fold(self, rows: Indices, mean: FloatArray, variance: FloatArray | None) -> FloatArray:
        """The shares, (p,); NaN where there are no scores."""
        right = np.mean(mean.argmax(axis=2) == self.labels[rows], axis=1)
        return np.where(np.isnan(mean).any(axis=(1, 2)), np.nan, right)

    def scores(self, folds: Sequence[Fold]) -> list[Score]:
        """Shares of all rows."""
        return _scores(_pooled(folds), [shares for _, shares in folds])


@dataclass(frozen=True)
class LogLoss:
    """log_loss of the probabilities at the temperature that fits all held out rows. labels: (n,)."""

    labels: Indices

    def of_fold(self, rows: Indices, mean: FloatArray, variance: FloatArray | None) -> FloatArray:
        """The scores themselves, (p, m, C)."""
        return mean

    def scores(self, folds: Sequence[Fold]) -> list[Score]:
        """Each candidate at its own temperature."""
        rows = np.concatenate([rows for rows, _ in folds])
        return [self._score(rows, folds, i) for i in range(len(folds[0][1]))]

    def _score(self, rows: Indices, folds: Sequence[Fold], i: int) -> Score:
        scores = np.concatenate([mean[i] for _, mean in folds])
        if not np.isfinite(scores).all():
            return Score(None)
        temperature = fit_temperature(scores, self.labels[rows])
        losses = [self._loss(fold_rows, mean[i], temperature) for fold_rows, mean in folds]
        return _score(self._loss(rows, scores, temperature), losses)

    def _loss(self, rows: Indices, scores: FloatArray, temperature: float) -> float:
        loss = log_loss(self.labels[rows], probabilities(scores, temperature))
        return math.nan if loss is None else loss


def negative_log_density(error: FloatArray, variance: FloatArray, scale: FloatArray) -> FloatArray:
    """The mean over rows of -log N(error; 0, variance), (...,), for errors and variances (..., m, k).

    Of one target in its own unit; of several, the mean of the standardised ones'. NaN where a variance is 0.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        losses = 0.5 * (np.log(2 * np.pi * variance) + error**2 / variance)
    means = np.where(variance > 0, losses, np.nan).mean(axis=(-2, -1))
    return np.asarray(means + math.log(scale[0]) if len(scale) == 1 else means)


def _pooled(folds: Sequence[Fold]) -> FloatArray:
    """The mean of means, each with its number of rows."""
    total = sum(len(rows) for rows, _ in folds)
    return np.asarray(sum(len(rows) / total * means for rows, means in folds))


def _scores(values: FloatArray, folds: Sequence[FloatArray]) -> list[Score]:
    return [_score(float(value), [float(fold[i]) for fold in folds]) for i, value in enumerate(values)]


def _score(value: float, folds: Sequence[float]) -> Score:
    """With the standard error of the folds' mean, where there are several."""
    if not math.isfinite(value):
        return Score(None)
    if len(folds) < 2 or not np.isfinite(folds).all():
        return Score(value)
    return Score(value, float(np.std(folds, ddof=1) / math.sqrt(len(folds))))
