"""What a fold's training rows predict for the held out ones, by many candidates at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.spec.inference import InferenceSpec
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.decomposed import Decomposed
from ntkcli.tuning.splits import Indices
from ntkcli.tuning.stack import Pair, Stack


@dataclass(frozen=True)
class HeldOut:
    """The held out rows of a fold, and its training rows' Gram matrix decomposed."""

    fold: Decomposed
    rows: Indices
    asked: InferenceSpec

    def means(self, candidates: Sequence[Candidate]) -> FloatArray:
        """(p, m, k)."""
        return self._stack.means(self._pairs(candidates))

    def variances(self, candidates: Sequence[Candidate]) -> FloatArray:
        """Of observations, by candidates of one kernel: (p, m, k)."""
        kernel, pairs = candidates[0].kernel, self._pairs(candidates)
        if kernel == "ntk":
            variances = np.stack([self._ensemble(pair) for pair in pairs])
        else:
            noise = np.array([ridge for ridge, _ in pairs])[:, None]
            variances = self._stack.posterior_variances(self._prior(self.fold.gram), pairs) + noise
        return variances[:, :, None] * np.stack([self._scale(kernel, pair) for pair in pairs])[:, None, :]

    def _pairs(self, candidates: Sequence[Candidate]) -> list[Pair]:
        return [self.fold.pair(candidate, self.asked) for candidate in candidates]

    @cached_property
    def _stack(self) -> Stack:
        spectrum = self.fold.spectrum
        return Stack(spectrum, spectrum.rotate(self.fold.y), self._rotated(self.fold.gram))

    @cached_property
    def _rotated_cross(self) -> FloatArray:
        return self._rotated("nngp")

    def _rotated(self, gram: str) -> FloatArray:
        """k(x*, X) V, (m, n)."""
        between = self.fold.kernels.of(gram, self.rows, self.fold.rows)
        return np.asarray(between @ self.fold.spectrum.vectors)

    def _prior(self, gram: str) -> FloatArray:
        return self.fold.kernels.diagonals[gram][self.rows]

    def _ensemble(self, pair: Pair) -> FloatArray:
        """Variances over the ensemble's networks, (m,)."""
        if not self._stack.is_regular(pair):
            return np.full(len(self.rows), np.nan)
        rotated, prior, fold = self._stack.rotated, self._prior("nngp"), self.fold
        return fold.smoother.ensemble_variance(rotated, self._rotated_cross, prior, fold.rotated_prior, *pair)

    def _scale(self, kernel: str, pair: Pair) -> FloatArray:
        """What variances are multiplied with, (k,)."""
        if not self._stack.is_regular(pair):
            return np.full(self.fold.y.shape[1], np.nan)
        return self.fold.variance_scale(kernel, pair, self.asked.variance_scale)
