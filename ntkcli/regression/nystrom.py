"""A fit by the features of some centres, from sums over any number of rows: Nystrom's approximation.

    K ~ Phi Phi^T,    A = Phi^T Phi = U diag(s) U^T

One eigendecomposition for each Gram matrix gives every kernel, time and ridge. Where every row is a centre,
the answer is the exact one.

Williams & Seeger 2001; Rudi, Camoriano & Rosasco 2015.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.features import FeatureFlow, evidence_bound
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.product import product
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.regression.feature_sums import FeatureSums
from ntkcli.regression.feature_support import FeatureSupport
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.fitted_stage import FittedStage
from ntkcli.regression.kernel import KERNELS
from ntkcli.regression.question import Question
from ntkcli.regression.stages import Stage, ways


@dataclass(frozen=True)
class FeatureSpectrum:
    """A of one Gram matrix, decomposed, and the targets in its coordinates.

    spectrum: U (r, r) and s (r,).
    targets: U^T Phi^T Y (r, k).
    """

    spectrum: Spectrum
    targets: FloatArray


@dataclass(frozen=True)
class Nystrom:
    """What the sums over some rows answer.

    sums: over the rows.
    spectra: of each Gram matrix that is inverted.
    """

    sums: FeatureSums
    spectra: dict[GramName, FeatureSpectrum]

    @classmethod
    def of(cls, sums: FeatureSums, grams: Sequence[GramName]) -> Self:
        """Decompose the sums of some Gram matrices; they stay as they are, so that rows can be added.

        Raises:
            NumericalError: LAPACK's iteration does not converge.
        """
        spectra = {}
        for gram in grams:
            spectrum = Spectrum.of(sums.grams[gram].square.copy(order="F"))
            spectra[gram] = FeatureSpectrum(spectrum, spectrum.rotate(sums.grams[gram].targets))
        return cls(sums, spectra)

    def mean_diagonal(self, gram: GramName) -> FloatArray:
        """The mean of k(x, x) over the rows, (1,)."""
        return np.array([self.sums.grams[gram].trace / self.sums.rows])

    def evidence_bound(self, gram: GramName, ridge: float) -> float:
        """A lower bound of the log marginal likelihood of the targets; ridge > 0 is absolute.

        Titsias 2009.
        """
        own, sums = self.spectra[gram], self.sums.grams[gram]
        left_out = sums.trace - float(sums.square.diagonal().sum())
        squares, rows = self.sums.squares, self.sums.rows
        return evidence_bound(own.spectrum.eigenvalues, own.targets, squares, rows, ridge, max(0.0, left_out))

    def model(self, question: Question) -> FittedModel:
        """The answer to a question, for any rows.

        Raises:
            SingularMatrixError: time is inf, there is no ridge, and A is singular to rounding.
        """
        features = self.sums.features
        model = FittedModel(features.centres, features.evaluator, question)
        model.stages += [self._fitted(stage, question) for stage in next(ways(question, "eigh"))]
        return model

    def _fitted(self, stage: Stage, question: Question) -> FittedStage:
        ridge = question.absolute_ridge(stage.gram, self.mean_diagonal(stage.gram))
        support = self._support(stage, question)
        fitted = FittedStage(stage, question, support, ridge, len(self.sums.squares))
        if stage.solver.reads_gram:
            own = self.spectra[stage.gram]
            if np.inf in stage.times:
                own.spectrum.check_positive(ridge)
            fitted.flow = FeatureFlow(own.spectrum.eigenvalues, ridge)
            action = fitted.flow.on(own.targets)
            for time in stage.times:
                fitted.coefficients[time] = action.product(question.exponent(time))
        return fitted

    def _support(self, stage: Stage, question: Question) -> FeatureSupport:
        """The features in the coordinates of U, and the prior's in theirs."""
        features, prior = self.sums.features, None
        maps: dict[GramName, FloatArray] = {}
        if stage.solver.reads_gram:
            vectors, whitenings = self.spectra[stage.gram].spectrum.vectors, features.whitenings
            maps[stage.gram] = whitenings[stage.gram].followed_by(vectors)
            others = {*stage.matrices(question)} - {stage.gram}
            if others and self.sums.cross is not None:
                between = product(vectors.T, self.sums.cross)
                maps |= {gram: whitenings[gram].followed_by(between.T) for gram in others}
                prior = product(between, between.T)
        rows = features.evaluator.network.rows(features.centres)
        return FeatureSupport(features.evaluator, rows, maps=maps, prior=prior)


def read_grams(question: Question) -> list[GramName]:
    """The Gram matrices whose features a question reads."""
    return question.read_grams([*question.times])


def needs_cross(question: Question) -> bool:
    """Whether a question asks for the variance of an ensemble."""
    return question.has_uncertainty and any(not KERNELS[kernel].is_posterior for kernel in question.times)
