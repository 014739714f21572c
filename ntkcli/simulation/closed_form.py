"""What the infinitely wide network does at the same times: its ensemble's predictions and mean loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import survival
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.inference.time_course import TimeCourse
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.linalg.product import product
from ntkcli.linalg.singular import rounding_level
from ntkcli.linalg.spectrum import Spectrum

# Training is as good as over when the outputs are so near to their end, in norms of the targets.
LEFT = 0.01


@dataclass(frozen=True)
class InfiniteWidth:
    """The infinitely wide network on some training rows, from one eigendecomposition.

    exact: the Gram matrices (n, n) of the training rows.
    spectrum: of the NTK among them.
    rotated_prior: V^T K V (n, n), with the NNGP matrix K.
    y: (n, k) targets.
    ridge: absolute.
    """

    exact: dict[GramName, FloatArray]
    spectrum: Spectrum
    rotated_prior: FloatArray
    y: FloatArray
    ridge: float

    @classmethod
    def of(cls, evaluator: Evaluator, train: Rows, y: FloatArray, ridge: float) -> Self:
        """Compute the kernels of the training rows, and decompose the NTK."""
        grams: list[GramName] = ["nngp", "ntk"]
        exact = {gram: blocks.to_array() for gram, blocks in evaluator.symmetric(train, grams).items()}
        spectrum = Spectrum.of(exact["ntk"].copy(order="F"))
        vectors = spectrum.vectors
        return cls(exact, spectrum, product(vectors.T, product(exact["nngp"], vectors)), y, ridge)

    @property
    def eigenvalues(self) -> FloatArray:
        """Of the NTK's Gram matrix, ridge included, ascending."""
        return self.spectrum.eigenvalues + self.ridge

    def losses(self, times: Sequence[float]) -> FloatArray:
        """The expected training losses (t,) over initialisations, E 1/2 sum |f_t(X) - y|^2."""
        prior = self.rotated_prior.diagonal()
        course = TimeCourse(self.spectrum.eigenvalues, self.spectrum.rotate(self.y), prior, self.ridge)
        return np.array([course.loss_mean(time) for time in times])

    def left(self, time: float) -> float:
        """How far the training outputs are from where training ends, |f_inf - f_t| / |y| for f_0 = 0.

        f_inf - f_t = Theta G^{-1} exp(-t G) y, in which modes that are 0 to rounding never move.
        """
        size, g = float(np.linalg.norm(self.y)), self.spectrum.eigenvalues
        moves = g > rounding_level(len(g), g.dtype, float(g[-1]))
        share = np.divide(g, self.eigenvalues, out=np.zeros_like(g), where=moves)
        left = (share * survival(self.eigenvalues, time))[:, None] * self.spectrum.rotate(self.y)
        return float(np.linalg.norm(left)) / size if size else 0.0

    def end(self, longest: float) -> float:
        """The first of some times up to `longest` by which no more than a hundredth is left, or `longest`."""
        times = longest * np.geomspace(1e-6, 1.0, 601)
        return float(next((time for time in times if self.left(time) <= LEFT), longest))

    def predictions(
        self, cross: Mapping[GramName, FloatArray], prior: FloatArray, times: Sequence[float]
    ) -> tuple[FloatArray, FloatArray]:
        """The ensemble's means (t, m, k) and variances (t, m) at test rows.

        Args:
            cross: k(x*, X) (m, n), of the NNGP kernel and the NTK.
            prior: K(x*, x*) (m,).
            times: in units of the exponent.

        Lee et al. 2019, equation (16).
        """
        ntk, nngp = (product(cross[gram], self.spectrum.vectors) for gram in ("ntk", "nngp"))
        smoother = SpectralSmoother(self.spectrum, self.y)
        means = smoother.means(ntk, [Regularisation(self.ridge, time) for time in times])
        variances = [
            smoother.ensemble_variance(ntk, nngp, prior, self.rotated_prior, self.ridge, time)
            for time in times
        ]
        return means, np.array(variances)


@dataclass(frozen=True)
class ClosedForm:
    """What the closed form says at t times, in scaled units.

    means: (t, m, k) and variances: (t, m) at the test rows.
    losses: (t,) expected training losses, 1/2 sum |f - y|^2.
    left: how far the training outputs are from their end at the last time, in norms of the targets.
    """

    means: FloatArray
    variances: FloatArray
    losses: FloatArray
    left: float

    @classmethod
    def of(
        cls, infinite: InfiniteWidth, evaluator: Evaluator, rows: tuple[Rows, Rows], times: Sequence[float]
    ) -> Self:
        """Evaluate it for (training rows, test rows) at times in units of the exponent."""
        train, test = rows
        cross = evaluator.rectangle(test, train, ["nngp", "ntk"])
        means, variances = infinite.predictions(cross, test.diagonal("nngp"), times)
        return cls(means, variances, infinite.losses(times), infinite.left(times[-1]))
