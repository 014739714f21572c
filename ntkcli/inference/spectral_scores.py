"""What many ridges and times would predict, all from one eigendecomposition."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.contour import PAIRS, deletion_contour
from ntkcli.inference.flow import relaxation
from ntkcli.inference.leave_groups_out import groups_in_the_limit, members, rotated_group_weights
from ntkcli.inference.leave_one_out import (
    LeaveOneOut,
    left_out_in_the_limit,
    left_out_residuals,
    rotated_weights,
)
from ntkcli.linalg.product import product
from ntkcli.linalg.spectrum import Spectrum

ROWS_AT_ONCE = 1024
# Numbers in an array that has a column for every node of many times, and every output.
MOST_NODES = 2_000_000


class Regularisation(NamedTuple):
    """A ridge in absolute terms, and a time t >= 0 or inf in units of the exponent."""

    ridge: float
    time: float


class SpectralSmoother:
    """Scores of any ridge and time, from the training rows' Gram matrix M = V diag(g) V^T.

    Throughout, G = M + ridge I; ridge is absolute, and time t >= 0 or inf, in units of the exponent.
    Leave-one-out is exact at every time: each row is predicted as by training without it (see `contour`).

    What is of one ridge or one setting raises SingularMatrixError where time is inf and G is singular to
    rounding; of many settings, those have NaN.

    Args:
        spectrum: of M (n, n).
        y: targets (n, k).
    """

    def __init__(self, spectrum: Spectrum, y: FloatArray) -> None:
        self._spectrum = spectrum
        self._eigenvalues = spectrum.eigenvalues.astype(np.float64)
        self._targets = spectrum.rotate(y).astype(np.float64)

    def left_out(
        self,
        settings: Sequence[Regularisation],
        rotated_prior: FloatArray | None = None,
        *,
        with_variance: bool = True,
        groups: IntArray | None = None,
    ) -> Iterator[LeaveOneOut]:
        """Each row predicted by training without it, at every setting; NaN where there is no answer.

            residual = w^T y,    variance = w^T P w

        For the posteriors P is G, and the variance that of a noisy observation. At t = inf these are
        [G^{-1} y]_i / [G^{-1}]_ii and 1 / [G^{-1}]_ii, two products of matrices for all settings.

        Args:
            settings: p of them.
            rotated_prior: V^T K V (n, n) with the NNGP matrix K, for the ensemble: P is K, without noise.
            with_variance: whether the variance is wanted; else it is NaN or that of the posteriors.
            groups: labels (n,) of the rows that are left out together; None for each by itself.

        Rasmussen & Williams 2006, equation (5.12), for t = inf.
        """
        if groups is not None:
            each = members(groups)
            yield from (self._left_out_groups(at, each, rotated_prior, with_variance) for at in settings)
            return
        at_once = MOST_NODES // (2 * PAIRS * self._targets.size + 1) + 1
        for start in range(0, len(settings), at_once):
            some = settings[start : start + at_once]
            for at, found in zip(some, self._left_out(some), strict=True):
                if not with_variance or not self.is_regular(at):
                    yield found
                elif rotated_prior is not None or at.time < math.inf:
                    yield replace(found, variance=self._left_out_variance(at, rotated_prior))
                else:
                    yield found

    def _left_out_groups(
        self, at: Regularisation, groups: Sequence[IntArray], prior: FloatArray | None, with_variance: bool
    ) -> LeaveOneOut:
        """The rows of all groups, at one setting."""
        n, k = self._targets.shape
        if not self.is_regular(at):
            return LeaveOneOut(np.full((n, k), np.nan), np.full(n, np.nan))
        eigenvalues, vectors = self._shifted(at.ridge, at.time), self._spectrum.vectors
        if at.time == math.inf and (prior is None or not with_variance):
            return groups_in_the_limit(vectors, eigenvalues, self._targets, groups)
        residuals, variances = np.empty((n, k)), np.full(n, np.nan)
        for own in groups:
            weights = rotated_group_weights(vectors[own], eigenvalues, deletion_contour(at.time))
            residuals[own] = weights @ self._targets
            variances[own] = _variances(weights, eigenvalues, prior) if with_variance else np.nan
        return LeaveOneOut(residuals, variances)

    def _left_out(self, settings: Sequence[Regularisation]) -> list[LeaveOneOut]:
        """Residuals at some settings, and the posteriors' variances where t = inf; otherwise NaN."""
        shape = (len(settings), *self._targets.shape)
        residuals, variances = np.full(shape, np.nan), np.full(shape[:2], np.nan)
        regular = np.array([self.is_regular(at) for at in settings])
        ends = np.array([at.time == math.inf for at in settings])
        limits, others = np.flatnonzero(regular & ends), np.flatnonzero(~ends)
        shifted = self._eigenvalues + np.array([[at.ridge] for at in settings])
        contours = [deletion_contour(at.time) for at in settings if at.time < math.inf]
        for first in range(0, len(self._eigenvalues), ROWS_AT_ONCE):
            rows = slice(first, first + ROWS_AT_ONCE)
            some = self._spectrum.vectors[rows]
            if limits.size:
                residuals[limits, rows], variances[limits, rows] = left_out_in_the_limit(
                    some, shifted[limits], self._targets
                )
            if others.size:
                residuals[others, rows] = left_out_residuals(some, shifted[others], self._targets, contours)
        return [LeaveOneOut(*found) for found in zip(residuals, variances, strict=True)]

    def _left_out_variance(self, at: Regularisation, rotated_prior: FloatArray | None) -> FloatArray:
        """w^T P w at each row, (n,)."""
        eigenvalues, contour = self._shifted(at.ridge, at.time), deletion_contour(at.time)
        variances = []
        for first in range(0, len(eigenvalues), ROWS_AT_ONCE):
            rows = self._spectrum.vectors[first : first + ROWS_AT_ONCE]
            weights = rotated_weights(rows, eigenvalues, contour)
            variances.append(_variances(weights, eigenvalues, rotated_prior))
        return np.concatenate(variances)

    def evidence(self, ridge: float) -> float:
        """The log marginal likelihood of y under N(0, G), summed over the outputs.

            -1/2 (sum of y^T G^{-1} y + k log det G + n k log 2 pi)

        Rasmussen & Williams 2006, equation (2.30).
        """
        misfit, volume = self._misfit_and_volume(ridge)
        return -0.5 * (misfit + volume + self._targets.size * math.log(2 * math.pi))

    def evidence_scaled(self, ridge: float) -> float:
        """The evidence under N(0, s G) with the best s, y^T G^{-1} y / (n k): inf where y is 0."""
        misfit, volume = self._misfit_and_volume(ridge)
        count = self._targets.size
        if misfit == 0.0:
            return math.inf
        return -0.5 * (count + volume + count * math.log(2 * math.pi * misfit / count))

    def means(self, rotated: FloatArray, settings: Sequence[Regularisation]) -> FloatArray:
        """Predictions M(x*, X) F_t(M + ridge I) y for every setting, (p, m, k); NaN where there are none.

        Args:
            rotated: M(x*, X) V (m, n).
            settings: p of them.
        """
        n, k = self._targets.shape
        factors = self._relaxations(settings, 1.0)
        weights = (factors[:, :, None] * self._targets[:, None, :]).reshape(n, -1)
        means = product(rotated, weights).reshape(len(rotated), len(settings), k)
        return np.asarray(means.transpose(1, 0, 2))

    def posterior_variances(
        self, rotated: FloatArray, prior: FloatArray, settings: Sequence[Regularisation]
    ) -> FloatArray:
        """Variances of the noise-free function, as `posterior` has them, for every setting: (p, m).

        Args:
            rotated: M(x*, X) V (m, n).
            prior: M(x*, x*), its diagonal (m,).
            settings: p of them.
        """
        spent = product(rotated**2, self._relaxations(settings, 2.0))
        # A NaN stays one.
        return np.asarray(np.maximum(prior - spent.T, 0.0))

    def ensemble_variance(
        self,
        rotated: FloatArray,
        rotated_cross: FloatArray,
        prior: FloatArray,
        rotated_prior: FloatArray,
        ridge: float,
        time: float,
    ) -> FloatArray:
        """Variances over the ensemble's networks, as `ensemble` has them: (m,).

        Args:
            rotated: Theta(x*, X) V (m, n).
            rotated_cross: K(x*, X) V (m, n).
            prior: K(x*, x*), its diagonal (m,).
            rotated_prior: V^T K V (n, n).
            ridge, time: as everywhere.
        """
        weights = rotated * self._relaxation(ridge, time)
        cross = np.einsum("ij,ij->i", weights, rotated_cross)
        return np.asarray(np.maximum(prior - 2 * cross + _forms(weights, rotated_prior), 0.0))

    def is_regular(self, setting: Regularisation) -> bool:
        """Whether a setting has an answer: time is finite, or G can be inverted."""
        return setting.time < math.inf or self._spectrum.is_positive(setting.ridge)

    def _relaxation(self, ridge: float, time: float) -> FloatArray:
        return relaxation(self._shifted(ridge, time), time)

    def _relaxations(self, settings: Sequence[Regularisation], factor: float) -> FloatArray:
        """F_(factor t) of the eigenvalues, (n, p); NaN where there is no answer."""
        out = np.full((len(self._eigenvalues), len(settings)), np.nan)
        for j, setting in enumerate(settings):
            if self.is_regular(setting):
                out[:, j] = relaxation(self._eigenvalues + setting.ridge, factor * setting.time)
        return out

    def _shifted(self, ridge: float, time: float) -> FloatArray:
        """The eigenvalues of G, which are checked where they are inverted."""
        if time == math.inf:
            self._spectrum.check_positive(ridge)
        return self._eigenvalues + ridge

    def _misfit_and_volume(self, ridge: float) -> tuple[float, float]:
        """The sum of y^T G^{-1} y over the outputs, and k log det G."""
        eigenvalues = self._shifted(ridge, math.inf)
        misfit = float(np.sum(self._targets**2 / eigenvalues[:, None]))
        return misfit, self._targets.shape[1] * float(np.sum(np.log(eigenvalues)))


def _forms(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """r^T A r of every row r."""
    return np.asarray(np.einsum("ij,ij->i", product(rows, matrix), rows))


def _variances(weights: FloatArray, eigenvalues: FloatArray, prior: FloatArray | None) -> FloatArray:
    """w^T P w of weights V^T w as rows, with P = G of these eigenvalues, or P = V prior V^T."""
    found = weights**2 @ eigenvalues if prior is None else _forms(weights, prior)
    return np.asarray(np.maximum(found, 0.0))
