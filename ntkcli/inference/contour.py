"""Exact leave-one-out of a gradient flow: a contour integral over Gram matrices with shifts.

Delete row i from the training rows, train for a time t, and predict the row. Its residual is w^T y, with
w_i = 1 and the other weights those of the prediction, negative. After Laplace's transform in time, training
is a solve with G + s I, and deleting a row from that is the textbook's formula:

    w(s) = (G + s I)^{-1} e_i / [(G + s I)^{-1}]_ii / s.

Its singularities are at s <= 0, where Talbot's contour takes it back to w(t) by a sum over a few nodes z:

    w(t) = Re sum_z weight (t G + z I)^{-1} e_i / [(t G + z I)^{-1}]_ii.

At t = inf one node, 0, is enough: G^{-1} e_i / [G^{-1}]_ii.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

ComplexArray = npt.NDArray[np.complexfloating[Any, Any]]

# The error falls as 3.89^(-2 PAIRS): 12 pairs of conjugate nodes reach float64's rounding.
PAIRS = 12


@dataclass(frozen=True)
class Contour:
    """The nodes of one time: w(t) = Re sum_l weights_l x_l / [x_l]_i, x_l = (scale G + shifts_l I)^{-1} e_i.

    scale: of G, from 0 (at t = 0) to 1 (from t = 1 to inf).
    shifts: (L,), 0 at t = inf, otherwise none on the negative real axis.
    weights: (L,), the sum of their real parts is 1.
    """

    scale: float
    shifts: ComplexArray
    weights: ComplexArray


def deletion_contour(time: float) -> Contour:
    """The contour for the weights of a prediction without the row that is predicted.

    Args:
        time: t >= 0 or inf, in units of the exponent.

    Talbot 1979; the constants are from Weideman 2006 and Trefethen, Weideman & Schmelzer 2006.
    """
    one = np.ones(1, np.complex128)
    if time in (0.0, math.inf):
        return Contour(float(time > 0), one * (time == 0), one)
    count = 2 * PAIRS
    angle = np.pi * (np.arange(PAIRS) + 0.5) / PAIRS
    bent = 0.6407 * angle
    node: ComplexArray = count * (0.5017 * angle / np.tan(bent) - 0.6122 + 0.2645j * angle)
    slope = 0.5017 / np.tan(bent) - 0.5017 * bent / np.sin(bent) ** 2 + 0.2645j
    # Times 2 for the conjugate nodes.
    weight = 2 * np.exp(node) * slope / (1j * node)
    # Common factors of G and the shifts cancel, and with this one nothing overflows.
    return Contour(min(time, 1.0), node / max(time, 1.0), weight)
