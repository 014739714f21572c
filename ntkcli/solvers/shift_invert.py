"""Functions of G as functions of Z = s (G + s I)^{-1}, whose eigenvalues mu = s / (g + s) are in (0, 1].

With z = g / s = (1 - mu) / mu and k = s t,

    F_t(G) = (G + s I)^{-1} p(Z),    p(mu) = (1 - exp(-k z)) / z / mu.

For k from about 4 to 75, polynomials of degree 20 to 40 are p to 1e-10 on all of [0, 1], whatever the
spectrum. The last solve, outside of p, is what makes the predictions Theta F_t(G) b as exact as F_t(G) b
itself when t times the largest eigenvalue is huge.

Moret & Novati 2004, van den Eshof & Hochbruck 2006.
"""

import math
from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.inference.contour import ComplexArray
from ntkcli.inference.flow import relaxation, survival

# The best value of k = s t is about 12, but a wide range around it will do.
BEST_PRODUCT = 12.0
WIDEST_RATIO = 10.0


def near_times(times: Collection[float]) -> list[list[float]]:
    """Finite times > 0 in groups that one pole serves well."""
    groups: list[list[float]] = []
    for time in sorted(times):
        if groups and time <= WIDEST_RATIO * groups[-1][0]:
            groups[-1].append(time)
        else:
            groups.append([time])
    return groups


def pole(times: Collection[float], dtype: npt.DTypeLike = np.float64) -> float:
    """The pole s that serves a group of near times.

    It stays well within the range of `dtype`; for shorter times, F_t is t anyway.
    """
    largest: float = float(np.finfo(np.dtype(dtype)).max) ** 0.75
    time = math.sqrt(min(times)) * math.sqrt(max(times))
    return min(largest, BEST_PRODUCT / time) if time > 0 else largest


def excess(mu: FloatArray, product: float) -> FloatArray:
    """p(mu), with `product` = k."""
    mu = np.maximum(mu, np.finfo(np.float64).tiny)
    return relaxation((1 - mu) / mu, product) / mu


def remainder(mu: FloatArray, product: float) -> FloatArray:
    """exp(-k z), with `product` = k."""
    mu = np.maximum(mu, np.finfo(np.float64).tiny)
    return survival((1 - mu) / mu, product)


def resolvent(mu: FloatArray, scale: float, shift: complex, power: int = 0) -> ComplexArray:
    """h^p / (h + shift), where h = scale (1 - mu) / mu, for a power p of 0 or 1."""
    rest = scale * (1 - mu)
    return np.asarray((rest if power else mu) / (rest + shift * mu))
