"""Metrics of predicted classes and their probabilities."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ntkcli.arrays import BoolArray, FloatArray, IntArray
from ntkcli.results.number_metrics import json_number

BINS = 10

Labels = IntArray


@dataclass(frozen=True)
class ClassMetrics:
    """Metrics of predicted probabilities of C classes; the predicted class is the most probable one.

    accuracy: share of the rows whose class is predicted.
    balanced_accuracy: mean recall of the classes that occur.
    log_loss: mean negative log probability of the true class; None where one has probability 0.
    brier: mean squared distance of the probabilities from the true class's indicator, from 0 to 2.
    ece: expected calibration error: how far accuracy is from confidence, bin by bin (see `calibration_gaps`).
    classes: names of the C classes, in the order of the confusion matrix.
    confusion_matrix: number of rows of each true class (row) and predicted class (column), C lists of C.
    """

    accuracy: float
    balanced_accuracy: float
    log_loss: float | None
    brier: float
    ece: float
    classes: list[str]
    confusion_matrix: list[list[int]]

    @property
    def content(self) -> dict[str, Any]:
        """All metrics by the names that they have in metrics.json."""
        return asdict(self)

    @property
    def summary(self) -> dict[str, float | None]:
        """The three metrics that a table has room for, by name."""
        return {"accuracy": self.accuracy, "log_loss": self.log_loss, "brier": self.brier}


def log_loss(labels: Labels, probabilities: FloatArray) -> float | None:
    """Return -mean_i log p_i(label_i), or None where a true class has probability 0.

    Args:
        labels: true classes (m,), from 0 to C - 1.
        probabilities: (m, C).
    """
    return json_number(summed_log_loss(labels, probabilities) / len(labels))


def summed_log_loss(labels: Labels, probabilities: FloatArray) -> float:
    """Return -sum_i log p_i(label_i), infinite where a true class has probability 0.

    Args:
        labels: true classes (m,), from 0 to C - 1.
        probabilities: (m, C).
    """
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    with np.errstate(divide="ignore"):
        # Certainty that is right costs 0, not -0.
        return float(0.0 - np.sum(np.log(own)))


def calibration_gaps(right: BoolArray, confidence: FloatArray) -> FloatArray:
    """Return by how many rows accuracy exceeds confidence in each bin of confidence, (10,).

        sum_{i in b} right_i - confidence_i

    over 10 bins b of equal width, [0, 0.1), ..., [0.9, 1].

    Args:
        right: whether each predicted class is the true one, (m,).
        confidence: probability of the predicted class, (m,).

    Guo et al. 2017, equation (3).
    """
    bins = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence.astype(np.float64), minlength=BINS)
    # Of no rows they are counted in integers.
    return gaps.astype(np.float64)


def confusion_matrix(labels: Labels, predicted: Labels, count: int) -> IntArray:
    """Return the number of rows of each true class (row) and predicted class (column), (C, C).

    Args:
        labels: true classes (m,), from 0 to C - 1.
        predicted: predicted classes (m,), from 0 to C - 1.
        count: C.
    """
    # Labels of few bits would overflow.
    cells = labels.astype(np.intp) * count + predicted
    return np.bincount(cells, minlength=count**2).reshape(count, count)
