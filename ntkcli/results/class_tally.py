"""What metrics of predicted classes are made of, added up part by part."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.results.class_metrics import (
    ClassMetrics,
    Labels,
    calibration_gaps,
    confusion_matrix,
    summed_log_loss,
)
from ntkcli.results.number_metrics import json_number


@dataclass(frozen=True)
class ClassTally:
    """The tally of the predicted probabilities of C classes.

    classes: names of the C classes.
    confusion: number of rows of each true class (row) and predicted class (column), (C, C).
    loss: sum of the negative log probabilities of the true classes; infinite where one is 0.
    brier: sum of the squared distances of the probabilities from the true classes' indicators.
    gaps: by how many rows accuracy exceeds confidence, bin by bin, (10,).
    """

    classes: list[str]
    confusion: IntArray
    loss: float
    brier: float
    gaps: FloatArray

    @classmethod
    def of(cls, labels: Labels, probabilities: FloatArray, classes: list[str]) -> Self:
        """Compare predicted probabilities with true classes.

        Args:
            labels: true classes (m,), from 0 to C - 1.
            probabilities: (m, C).
            classes: names of the C classes.
        """
        predicted = probabilities.argmax(axis=1)
        error = probabilities.astype(np.float64)
        error[np.arange(len(labels)), labels] -= 1.0
        return cls(
            classes=classes,
            confusion=confusion_matrix(labels, predicted, len(classes)),
            loss=summed_log_loss(labels, probabilities),
            brier=float(np.sum(error**2)),
            gaps=calibration_gaps(predicted == labels, probabilities.max(axis=1)),
        )

    def __add__(self, other: Self) -> Self:
        """The tally of both parts' rows."""
        return type(self)(
            self.classes,
            self.confusion + other.confusion,
            self.loss + other.loss,
            self.brier + other.brier,
            self.gaps + other.gaps,
        )

    @property
    def metrics(self) -> ClassMetrics | None:
        """The metrics of all rows; None where there are none.

        brier = mean_i sum_c (p_i(c) - [c = label_i])^2,    ece = sum_b |gap_b| / m
        """
        right, counts = self.confusion.diagonal(), self.confusion.sum(axis=1)
        rows, occurs = int(counts.sum()), counts > 0
        if not rows:
            return None
        return ClassMetrics(
            accuracy=float(right.sum() / rows),
            balanced_accuracy=float(np.mean(right[occurs] / counts[occurs])),
            log_loss=json_number(self.loss / rows),
            brier=self.brier / rows,
            ece=float(np.sum(np.abs(self.gaps)) / rows),
            classes=self.classes,
            confusion_matrix=self.confusion.tolist(),
        )
