"""F_t(G) at finite times near each other, from one Cholesky factorisation: shift-invert Lanczos.

With a pole s > 0, the operator Z = s (G + s I)^{-1} has eigenvalues mu = s / (g + s) in (0, 1], and

    F_t(G) = (G + s I)^{-1} p(Z),    p(mu) = (1 - exp(-k z)) / z / mu,    z = g / s = (1 - mu) / mu,

with k = s t.
For k from about 4 to 75, polynomials of degree 20 to 40 are p to 1e-10 on all of [0, 1], whatever the
spectrum. The last solve, outside of p, is what makes the predictions Theta F_t(G) b as exact as F_t(G) b
itself when t times the largest eigenvalue is huge.

Moret & Novati 2004, van den Eshof & Hochbruck 2006.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Action, relaxation, survival
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.contraction import contract
from ntkcli.linalg.lanczos import Function, KrylovSpaces, Map, Values

# The best value of k = s t is about 12, but a wide range around it will do.
BEST_PRODUCT = 12.0
WIDEST_RATIO = 10.0
COLUMNS_AT_ONCE = 128


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


@dataclass
class LanczosFlow:
    """F_t for times near each other.

    factor: of G + pole I.
    tolerance: relative, of every column.
    rounding: of a solve, relative: the error of Z v for |v| = 1.
    steps, error: the most that any column took so far, and the largest estimate of its error.
    """

    factor: Cholesky
    pole: float
    tolerance: float
    rounding: float = 0.0
    steps: int = field(default=0, init=False)
    error: float = field(default=0.0, init=False)

    @property
    def health(self) -> dict[str, float]:
        """The pole, and what the iterations took."""
        return {
            "pole": self.pole,
            "tolerance": self.tolerance,
            "steps": self.steps,
            "estimated_error": self.error,
        }

    def on(self, b: FloatArray) -> Action:
        """The Krylov spaces of b's columns, which grow as times ask for more."""
        return _LanczosAction(self, b)

    def spaces(self, b: FloatArray) -> KrylovSpaces:
        """Krylov spaces of Z."""
        return KrylovSpaces(lambda v: self.factor.solve(v) * self.pole, b, self.rounding)

    def apply(self, function: Function, spaces: KrylovSpaces, floor: float) -> Values:
        """f(Z) b on the spaces of b, its error relative to it or to `floor` |b|.

        Raises:
            ConvergenceError: neither the tolerance is reached nor what rounding allows.
        """
        applied = spaces.apply(function, self.tolerance, floor)
        self.steps, self.error = max(self.steps, applied.steps), max(self.error, applied.error)
        return applied.value


class _LanczosAction:
    """Works on some columns at a time, because each takes a vector for every step; one group is kept."""

    def __init__(self, flow: LanczosFlow, b: FloatArray) -> None:
        self._flow = flow
        self._b = b
        starts = range(0, b.shape[1], COLUMNS_AT_ONCE)
        self._groups = [b[:, start : start + COLUMNS_AT_ONCE] for start in starts]
        self._kept = flow.spaces(b) if len(self._groups) == 1 else None

    def product(self, time: float) -> FloatArray:
        function = partial(_excess, product=self._flow.pole * time)
        return self._apply(function, 0.0, finish=self._flow.factor.solve)

    def decay(self, time: float) -> FloatArray:
        # What has died out is zero beside what it was, and needs no digits of its own.
        return self._apply(partial(_survival, product=self._flow.pole * time), 1.0, finish=np.asarray)

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        form = contract(self._b, self.product(time), full=full)
        # Symmetric up to the tolerance; now exactly.
        return (form + form.T) / 2

    def _apply(self, function: Map, floor: float, finish: Map) -> FloatArray:
        flow = self._flow
        if self._kept is not None:
            return finish(flow.apply(function, self._kept, floor))
        return np.hstack([finish(flow.apply(function, flow.spaces(group), floor)) for group in self._groups])


def _excess(mu: FloatArray, product: float) -> FloatArray:
    """p(mu), with `product` = k."""
    mu = np.maximum(mu, np.finfo(np.float64).tiny)
    return relaxation((1 - mu) / mu, product) / mu


def _survival(mu: FloatArray, product: float) -> FloatArray:
    """exp(-k z)."""
    mu = np.maximum(mu, np.finfo(np.float64).tiny)
    return survival((1 - mu) / mu, product)
