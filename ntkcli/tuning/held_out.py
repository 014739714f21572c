"""Predictions for the rows that a fold holds out, for many candidates at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.spectral_scores import Regularisation
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.product import product
from ntkcli.regression.kernel import KERNELS, Kernel
from ntkcli.spec.inference import InferenceSpec
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.decomposed import Decomposed


@dataclass(frozen=True)
class HeldOut:
    """The m rows that a fold holds out, predicted from its r training rows.

    fold: the decomposed Gram matrix of the training rows.
    rows: indices (m,) of the rows held out.
    inference: the spec's variance scale and learning rate.
    """

    fold: Decomposed
    rows: IntArray
    inference: InferenceSpec

    def means(self, candidates: Sequence[Candidate]) -> FloatArray:
        """Return the predictive means of p candidates, (p, m, k); NaN where a matrix is singular."""
        return self.fold.smoother.means(self._rotated_own, self._settings(candidates))

    def variances(self, candidates: Sequence[Candidate]) -> FloatArray:
        """Return the predictive variances of observations by p candidates of one kernel, (p, m, k).

        They are NaN where a matrix is singular.
        """
        kernel, settings = KERNELS[candidates[0].kernel], self._settings(candidates)
        if kernel.is_posterior:
            prior = self._prior(kernel.prior)
            variances = self.fold.smoother.posterior_variances(self._rotated_own, prior, settings)
        else:
            variances = np.stack([self._ensemble(at, kernel) for at in settings])
        targets = self.fold.targets
        noise = np.array([targets.noise(kernel.name, at.ridge) for at in settings])[:, None]
        variances += noise if targets.weights is None else noise / targets.weights[self.rows]
        scales = self.fold.variance_scales(kernel.name, settings, self.inference.variance_scale)
        return np.asarray(variances[:, :, None] * scales[:, None, :])

    def _settings(self, candidates: Sequence[Candidate]) -> list[Regularisation]:
        return [self.fold.regularisation(candidate, self.inference) for candidate in candidates]

    @cached_property
    def _rotated_own(self) -> FloatArray:
        return self._rotated(self.fold.gram)

    @cached_property
    def _rotated_cross(self) -> FloatArray:
        return self._rotated("nngp")

    def _rotated(self, gram: GramName) -> FloatArray:
        """Return k(x*, X) V, (m, r)."""
        return product(self.fold.kernels_with(self.rows, gram), self.fold.spectrum.vectors)

    def _prior(self, gram: GramName) -> FloatArray:
        return self.fold.kernels.diagonals[gram][self.rows]

    def _ensemble(self, at: Regularisation, kernel: Kernel) -> FloatArray:
        """Return the variances over the ensemble's networks, (m,)."""
        fold, prior = self.fold, self._prior(kernel.prior)
        if not fold.smoother.is_regular(at):
            return np.full(len(self.rows), np.nan)
        return fold.smoother.ensemble_variance(
            self._rotated_own, self._rotated_cross, prior, fold.rotated_prior, *at
        )
