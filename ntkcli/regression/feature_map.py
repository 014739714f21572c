"""The features of any rows: their kernels with some centres, whitened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple, Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.kernels.evaluator import Evaluator, Values
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.tiling import strips
from ntkcli.linalg.whitening import Whitening
from ntkcli.regression.reach import Reach

# Rows whose features a thread makes at once.
STRIP_ROWS = 256


class RowFeatures(NamedTuple):
    """The features of some rows, by the name of a Gram matrix.

    values: (c, r).
    diagonals: their kernels with themselves, (c,).
    """

    values: Values
    diagonals: Values


class Strip(NamedTuple):
    """Some rows, and what their kernels take.

    rows: their places.
    evaluator: computes kernels of a network whose tables reach to them.
    support: the centres as this network sees them.
    """

    rows: IntArray
    evaluator: Evaluator
    support: Rows


@dataclass(frozen=True)
class FeatureMap:
    """phi(x) = L^{-1} k(C, x) with L L^T = k(C, C): phi(x) . phi(x') is k(x, x') where x or x' is a centre.

    evaluator: computes kernels of the network that is fitted.
    centres: C (m, d).
    whitenings: by the name of a Gram matrix.
    """

    evaluator: Evaluator
    centres: FloatArray
    whitenings: Mapping[GramName, Whitening]

    @classmethod
    def of(cls, evaluator: Evaluator, centres: FloatArray, grams: Sequence[GramName]) -> Self:
        """Whiten the kernels with some centres.

        Args:
            evaluator: computes kernels; its network's tables reach to the centres.
            centres: (m, d).
            grams: the Gram matrices whose features are wanted.

        Raises:
            NumericalError: the kernel of every centre is 0.

        Williams & Seeger 2001.
        """
        exact = replace(evaluator, dtype=np.float64)
        matrices = exact.symmetric(exact.network.rows(centres), grams)
        whitenings = {gram: Whitening.of(matrices.pop(gram).to_array()) for gram in grams}
        return cls(exact, centres, whitenings)

    def features(self, x: FloatArray) -> RowFeatures:
        """The features of rows x (c, d), which do not depend on rows before them.

        Raises:
            KernelRangeError, VarianceLimitError: a row's kernel leaves the range of floating point, or that
                of an activation.
            PrecisionError: an activation cannot be had to 1e-9 for these rows.
        """
        found = RowFeatures(
            {gram: np.empty((len(x), whitening.rank)) for gram, whitening in self.whitenings.items()},
            {gram: np.empty(len(x)) for gram in self.whitenings},
        )
        task = partial(strip_features, self.whitenings, x)
        for _ in self.evaluator.executor.run(task, self._strips(x), partial(_put, found)):
            pass
        return found

    @cached_property
    def alone(self) -> Self:
        """These features, made by the thread that asks for them."""
        return replace(self, evaluator=self.evaluator.alone)

    def _strips(self, x: FloatArray) -> list[Strip]:
        own = self.evaluator.network
        return [
            Strip(rows[cut], replace(self.evaluator.alone, network=network), support)
            for rows, network in Reach(own, np.float64).networks_for(x)
            for support in [self._support if network is own else network.rows(self.centres)]
            for cut in strips(slice(0, len(rows)), STRIP_ROWS)
        ]

    @cached_property
    def _support(self) -> Rows:
        """The centres as the network sees them."""
        return self.evaluator.network.rows(self.centres)


def strip_features(whitenings: Mapping[GramName, Whitening], x: FloatArray, strip: Strip) -> RowFeatures:
    """The features of some of the rows x."""
    rows = strip.evaluator.network.rows(x[strip.rows])
    kernels = strip.evaluator.rectangle(rows, strip.support, [*whitenings])
    diagonals = {gram: rows.diagonal(gram) for gram in whitenings}
    return RowFeatures({gram: whitenings[gram].apply(kernels.pop(gram)) for gram in whitenings}, diagonals)


def _put(all_rows: RowFeatures, strip: Strip, found: RowFeatures) -> None:
    for whole, part in zip(all_rows, found, strict=True):
        for gram, values in whole.items():
            values[strip.rows] = part[gram]
