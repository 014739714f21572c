"""The features of any rows: their kernels with some centres, whitened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.kernels.evaluator import Evaluator, Values
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.linalg.whitening import Whitening
from ntkcli.regression.reach import Reach


class RowFeatures(NamedTuple):
    """The features of some rows, by the name of a Gram matrix.

    values: (c, r).
    diagonals: their kernels with themselves, (c,).
    """

    values: Values
    diagonals: Values


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
        """The features of rows x (c, d).

        Raises:
            KernelRangeError, VarianceLimitError: a row's kernel leaves the range of floating point, or that
                of an activation.
            PrecisionError: an activation cannot be had to 1e-9 for these rows.
        """
        groups = self._reach.networks_for(x)
        if len(groups) == 1:
            kernels, diagonals = self._kernels(x, groups[0][1])
        else:
            order = np.argsort(np.concatenate([rows for rows, _ in groups]))
            parts = [self._kernels(x[rows], network) for rows, network in groups]
            kernels, diagonals = (_joined([part[i] for part in parts], order) for i in range(2))
        whitened = {gram: self.whitenings[gram].apply(kernels.pop(gram)) for gram in self.whitenings}
        return RowFeatures(whitened, diagonals)

    def _kernels(self, x: FloatArray, network: Network) -> tuple[Values, Values]:
        """The kernels of rows (c, d) with the centres, (c, m), and with themselves, (c,), by a network."""
        grams, rows = [*self.whitenings], network.rows(x)
        kernels = replace(self.evaluator, network=network).rectangle(rows, self._support(network), grams)
        return kernels, {gram: rows.diagonal(gram) for gram in grams}

    def _support(self, network: Network) -> Rows:
        """The centres as a network sees them."""
        return self._own_support if network is self.evaluator.network else network.rows(self.centres)

    @cached_property
    def _own_support(self) -> Rows:
        return self.evaluator.network.rows(self.centres)

    @cached_property
    def _reach(self) -> Reach:
        return Reach(self.evaluator.network, np.float64)


def _joined(parts: Sequence[Values], order: IntArray) -> Values:
    """Values of consecutive rows, put into another order of all of them."""
    return {gram: np.concatenate([part[gram] for part in parts])[order] for gram in parts[0]}
