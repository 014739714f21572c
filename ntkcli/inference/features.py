"""The flow of a Gram matrix that is Phi Phi^T, from the eigenvalues of A = Phi^T Phi = U diag(s) U^T.

With the features z(x) = U^T phi(x) of a row (r,), b = U^T Phi^T Y and G = Phi Phi^T + ridge I,

    mean(x*) = z* . F_t(s + ridge) b
    k(x*, X) F_2t(G) k(X, x*) = sum s F_2t(s + ridge) z*^2

so that nothing is as long as there are rows. What acts on rows is written in the coordinates of the features:
F_t(G) Phi v is Phi U F_t(s + ridge) U^T v.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from ntkcli.arrays import ArraySink, FloatArray, IntArray
from ntkcli.inference.flow import Health, relaxation, survival
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.spectral_scores import Regularisation
from ntkcli.inference.target_power import degrees_of_freedom
from ntkcli.linalg.contraction import contract
from ntkcli.linalg.product import product
from ntkcli.linalg.spectrum import Spectrum


@dataclass(frozen=True)
class FeatureHealth(Health):
    """What the eigenvalues of A show.

    features: r.
    smallest_eigenvalue: of A; 0 where rounding made it negative.
    effective_degrees_of_freedom: the trace of the smoother Phi Phi^T G^{-1}.
    """

    features: int
    smallest_eigenvalue: float
    effective_degrees_of_freedom: float


@dataclass(frozen=True)
class FeatureFlow:
    """F_t(G) for G = Phi Phi^T + ridge I, on vectors Phi v, at every time.

    eigenvalues: s (r,) of A, ascending and not negative.
    ridge: lambda >= 0, absolute.
    """

    eigenvalues: FloatArray
    ridge: float

    @property
    def health(self) -> FeatureHealth:
        """Of G on the span of the features."""
        learned = degrees_of_freedom(self.eigenvalues, self.ridge)
        return FeatureHealth(len(self.eigenvalues), float(self.eigenvalues[0]), learned)

    def on(self, b: FloatArray) -> "FeatureAction":
        """The flow acting on Phi U b for features b (r, c)."""
        return FeatureAction(self.eigenvalues, self.ridge, b)

    def deletion(self, rows: IntArray, time: float, *, with_quadratic: bool) -> NoReturn:
        """Rows cannot be deleted: they are not kept.

        Raises:
            TypeError: always.
        """
        raise TypeError("features do not keep the rows that they were summed over")

    def save(self, name: str, arrays: ArraySink) -> dict[str, float]:
        """Keep s."""
        arrays.write(name, self.eigenvalues)
        return {}


@dataclass(frozen=True)
class FeatureAction:
    """A flow acting on features b (r, c) in the coordinates of U; arguments as for `FeatureFlow`."""

    eigenvalues: FloatArray
    ridge: float
    b: FloatArray

    def product(self, time: float) -> FloatArray:
        """F_t(s + ridge) b, (r, c)."""
        return relaxation(self._shifted, time)[:, None] * self.b

    def decay(self, time: float) -> FloatArray:
        """exp(-t (s + ridge)) b, (r, c)."""
        return survival(self._shifted, time)[:, None] * self.b

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        """b^T s F_t(s + ridge) b, (c, c), or its diagonal (c,) alone."""
        root = np.sqrt(self.eigenvalues * relaxation(self._shifted, time))[:, None] * self.b
        return contract(root, root, full=full)

    @property
    def _shifted(self) -> FloatArray:
        return self.eigenvalues + self.ridge


def evidence_bound(
    eigenvalues: FloatArray,
    targets: FloatArray,
    squares: FloatArray,
    rows: int,
    ridge: float,
    left_out: float,
) -> float:
    """A lower bound of the log marginal likelihood under N(0, K + ridge I), summed over the outputs.

        log N(Y; 0, Phi Phi^T + ridge I) - k tr(K - Phi Phi^T) / (2 ridge)

    Args:
        eigenvalues: s (r,) of A.
        targets: U^T Phi^T Y (r, k).
        squares: y^T y of every output, (k,).
        rows: n.
        ridge: lambda > 0, absolute.
        left_out: tr(K - Phi Phi^T).

    Titsias 2009, equation (9).
    """
    outputs, shifted = len(squares), eigenvalues + ridge
    misfit = float(np.sum(squares) - np.sum(targets**2 / shifted[:, None])) / ridge
    volume = float(np.sum(np.log1p(eigenvalues / ridge))) + rows * math.log(ridge * 2 * math.pi)
    return -0.5 * (misfit + outputs * (volume + left_out / ridge))


@dataclass(frozen=True)
class FeatureSmoother:
    """Unseen rows predicted at any ridge and time.

    spectrum: U and s of the rows that are fitted.
    targets: U^T Phi^T Y of these (r, k).
    features: z (h, r) of the unseen rows.
    y: their targets (h, k).
    """

    spectrum: Spectrum
    targets: FloatArray
    features: FloatArray
    y: FloatArray

    def left_out(
        self, settings: Sequence[Regularisation], *, with_variance: bool = True
    ) -> Iterator[LeaveOneOut]:
        """The residuals of the unseen rows at every setting, NaN where there is no answer; no variances."""
        for at in settings:
            residual = np.full_like(self.y, np.nan)
            if at.time < math.inf or self.spectrum.is_positive(at.ridge):
                factor = relaxation(self.spectrum.eigenvalues + at.ridge, at.time)
                residual = self.y - product(self.features, factor[:, None] * self.targets)
            yield LeaveOneOut(residual, np.full(len(self.y), np.nan))
