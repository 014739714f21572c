"""How good predicted classes and their probabilities are."""

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray

BINS = 10

IntArray = npt.NDArray[np.integer]


def class_metrics(labels: IntArray, probabilities: FloatArray) -> dict[str, float | None]:
    """Scores of probabilities (m, C) for labels (m,) from 0 to C - 1; the predicted class is the likeliest.

    accuracy: share of rows whose predicted class is right.
    balanced_accuracy: mean of that over the classes that occur among the labels, each alone.
    log_loss: mean of -log p(label); None where a label had no probability at all.
    brier: mean of sum_c (p(c) - [c = label])^2, from 0 to 2.
    ece: expected calibration error (see `calibration_error`).
    """
    rows = np.arange(len(labels))
    predicted = probabilities.argmax(axis=1)
    right = predicted == labels
    own = probabilities[rows, labels]
    error = probabilities.astype(np.float64)
    error[rows, labels] -= 1.0
    return {
        "accuracy": float(np.mean(right)),
        "balanced_accuracy": float(np.mean([np.mean(right[labels == c]) for c in np.unique(labels)])),
        "log_loss": float(-np.mean(np.log(own))) if np.all(own > 0) else None,
        "brier": float(np.mean(np.sum(error**2, axis=1))),
        "ece": calibration_error(right, probabilities.max(axis=1)),
    }


def calibration_error(right: npt.NDArray[np.bool_], confidence: FloatArray) -> float:
    """How far the share of right predictions is from what was promised, on average.

        sum_b |sum_{i in b} right_i - confidence_i| / m

    over 10 bins b of equal width, [0, 0.1), ..., [0.9, 1].

    Args:
        right: (m,).
        confidence: probability of the predicted class, (m,).

    Guo et al. 2017, equation (3).
    """
    bins = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    gaps = np.bincount(bins, weights=right - confidence.astype(np.float64), minlength=BINS)
    return float(np.sum(np.abs(gaps)) / len(right))


def confusion_matrix(labels: IntArray, predicted: IntArray, count: int) -> npt.NDArray[np.intp]:
    """How many rows of each true class (row) were predicted to be of each class (column), (C, C).

    Args:
        labels: true classes (m,), from 0 to C - 1.
        predicted: (m,), likewise.
        count: C.
    """
    cells = labels.astype(np.intp) * count + predicted
    return np.bincount(cells, minlength=count**2).reshape(count, count)
