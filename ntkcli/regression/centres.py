"""The choice of centres: rows whose kernels with any other row tell most of what all rows would."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName
from ntkcli.kernels.tiled_operator import TiledOperator
from ntkcli.linalg.pivoted_cholesky import randomly_pivoted_cholesky

# Centres are chosen from so many rows for each of them, and from so many at least.
ROWS_PER_CENTRE, FEWEST_ROWS = 2, 5000


@dataclass(frozen=True)
class Centres:
    """Centres chosen from a sample of rows.

    rows: their indices in the sample, (m,), in the order of their choice.
    left_out: (m,), the share of the kernel's trace over the other rows that the first j centres leave out, at
        j - 1.
    """

    rows: IntArray
    left_out: FloatArray

    @classmethod
    def chosen(cls, evaluator: Evaluator, sample: FloatArray, gram: GramName, count: int, seed: int) -> Self:
        """Choose centres by randomly pivoted Cholesky factorisation of the sample's Gram matrix.

        There are fewer than asked for where the rows, to rounding, are no more.

        Args:
            evaluator: computes the kernels; its network reaches to all rows of the sample.
            sample: (s, d) rows, which are all in memory.
            gram: the Gram matrix.
            count: of centres, at most s.
            seed: of the choice.

        Chen, Epperly, Tropp & Webber 2024.
        """
        rows = evaluator.network.rows(sample)
        found = randomly_pivoted_cholesky(TiledOperator(evaluator, rows, gram), count, seed)
        return cls(found.pivots, _left_out(found.factor, found.pivots, rows.diagonal(gram)))

    def left_out_by(self, count: int) -> float:
        """The share of the trace that so many centres leave out; 0 by as many as there are rows."""
        known = self.left_out[:count]
        # Without centres the kernel of every row is 0.
        return float(known[-1]) if known.size else 0.0


def sample_rows(centres: int, rows: int) -> int:
    """The rows that so many centres are chosen from, of so many."""
    return min(rows, max(FEWEST_ROWS, ROWS_PER_CENTRE * centres))


def _left_out(factor: FloatArray, pivots: IntArray, diagonal: FloatArray) -> FloatArray:
    """The share left out by the first j columns, (m,), over the rows that are no centres."""
    others = np.ones(len(diagonal), bool)
    others[pivots] = False
    total = float(diagonal[others].sum())
    if total == 0:
        return np.zeros(len(pivots))
    known = np.array([float(column[others] @ column[others]) for column in factor.T])
    # Where nothing is left, rounding says less than that.
    return np.asarray(np.maximum(1 - np.cumsum(known) / total, 0.0))
