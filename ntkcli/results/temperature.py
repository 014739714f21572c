"""Temperature scaling: from scores to calibrated probabilities of classes."""

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.results.number_metrics import json_number


def probabilities(scores: FloatArray, temperature: float) -> FloatArray:
    """Return softmax(scores / temperature) of every row, (m, C).

    Args:
        scores: of m rows and C classes, (m, C).
        temperature: T > 0.
    """
    # The largest of a row is 0, so that nothing overflows.
    with np.errstate(over="ignore"):
        odds = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def fit_temperature(scores: FloatArray, labels: IntArray) -> float:
    """Fit the temperature T by the log loss of m labels and of one pseudo-observation.

        loss(1/T) = sum_i -log p_i(label_i) + mean_i mean_c -log p_i(c),    p_i = softmax(scores_i / T)

    The loss is convex in 1/T. Its second term is one label more, uniform over rows and classes: like
    Laplace's rule of succession, it keeps T above 0 where every row is right. T is at most m times the widest
    range of a row's scores, since m labels cannot resolve log odds below 1/m; so labels that contradict the
    scores give nearly equal probabilities, in the scores' order. Where the scores of every row are equal, any
    T fits, and T is 1.

    Args:
        scores: of rows that were not trained with, or leave-one-out scores, (m, C).
        labels: true classes (m,), from 0 to C - 1.

    Guo et al. 2017, section 4.2.
    """
    # Not at the top: it takes 20 MiB of memory, which only classes need.
    from scipy.optimize import brentq

    below = scores - scores.max(axis=1, keepdims=True)
    widest = -float(below.min())
    if widest == 0.0:
        return 1.0
    below = below / widest
    own = below[np.arange(len(labels)), labels]

    def slope(sharpness: float) -> float:
        """The derivative of the loss by 1/T, which increases with 1/T."""
        expected = np.sum(probabilities(below, 1 / sharpness) * below, axis=1)
        return float(np.sum(expected - own) + np.mean(expected - below.mean(axis=1)))

    least = 1 / len(labels)
    most = least
    # The pseudo-observation makes the slope positive in the end, even where every row is right.
    while slope(most) < 0:
        least, most = most, 2 * most
    return widest / (most if least == most else float(brentq(slope, least, most, rtol=1e-12)))


def temperature_error(scores: FloatArray, labels: IntArray, temperature: float) -> float | None:
    """Return the relative standard error of a temperature that was fitted; None where the rows do not tell.

        sqrt(m / (m - 1) sum_i g_i^2) / (T H)

    with g_i the derivative of a row's loss by 1/T, and H the second one of all, pseudo-observation included.

    Args:
        scores: of the rows that it was fitted to, (m, C).
        labels: true classes (m,), from 0 to C - 1.
        temperature: T, as `fit_temperature` gives it.

    Huber 1967.
    """
    rows = len(labels)
    below = (scores - scores.max(axis=1, keepdims=True)) / temperature
    odds = probabilities(below, 1.0)
    expected = np.sum(odds * below, axis=1)
    slopes = expected - below[np.arange(rows), labels]
    curvature = (1 + 1 / rows) * float(np.sum(odds * (below - expected[:, None]) ** 2))
    if rows < 2 or curvature == 0:
        return None
    with np.errstate(over="ignore"):
        return json_number(np.sqrt(rows / (rows - 1) * np.sum(slopes**2)) / curvature)
