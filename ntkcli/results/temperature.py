"""From scores to probabilities of classes, with the one number that makes them honest."""

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray


def probabilities(scores: FloatArray, temperature: float) -> FloatArray:
    """softmax(scores / temperature) of every row, (m, C).

    Args:
        scores: (m, C).
        temperature: T > 0.
    """
    # The largest of a row is 0, so that nothing overflows.
    with np.errstate(over="ignore"):
        odds = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def fit_temperature(scores: FloatArray, labels: npt.NDArray[np.integer]) -> float:
    """T with the least log loss on the m labels and one more, which is uniform.

        loss(1/T) = sum_i -log p_i(label_i) + mean_i mean_c -log p_i(c),    p_i = softmax(scores_i / T)

    It is convex in 1/T. The label that is one too many is of any class and belongs to any row, as likely to
    each: it is why T stays above 0 where every row is right, as Laplace's rule of succession does.
    T is at most m times the widest row of scores. Log odds that are all below 1/m are no different from 0 by
    m labels; so labels that contradict the scores give nearly equal probabilities in the scores' order.
    Scores that are equal in every row fit any T, and get 1.

    Args:
        scores: (m, C), not those of training rows unless left out.
        labels: (m,), from 0 to C - 1.

    Guo et al. 2017, section 4.2.
    """
    # Not at the top: it takes 20 MiB, which only classes need.
    from scipy.optimize import brentq

    below = scores - scores.max(axis=1, keepdims=True)
    widest = -float(below.min())
    if widest == 0.0:
        return 1.0
    below = below / widest
    own = below[np.arange(len(labels)), labels]

    def slope(sharpness: float) -> float:
        """The loss's derivative, which grows."""
        expected = np.sum(probabilities(below, 1 / sharpness) * below, axis=1)
        return float(np.sum(expected - own) + np.mean(expected - below.mean(axis=1)))

    least = 1 / len(labels)
    most = least
    # The slope ends above 0: where all labels are at the top of their rows, by the one label more.
    while slope(most) < 0:
        least, most = most, 2 * most
    return widest / (most if least == most else float(brentq(slope, least, most, rtol=1e-12)))
