"""How signals travel through a network: the variance, the slope and the correlations of each layer."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.network import Network
from ntkcli.kernels.scratch import Scratch
from ntkcli.kernels.steps import Activate

# The kernel cannot tell rows apart whose correlations are all this close to 1.
ALIKE = 1e-6


@dataclass(frozen=True)
class LayerSignal:
    """What comes out of one weight layer, normalisation and skip included.

    variance: (n,) K(x, x).
    chi: (n,) chi_1, the slope dK' / dK of the next layer's K at equal rows; None of the last layer.
    correlations: those of all pairs of rows whose variance is not 0.
    """

    variance: FloatArray
    chi: FloatArray | None
    correlations: FloatArray

    @property
    def is_degenerate(self) -> bool:
        """Whether the kernel cannot tell any rows apart."""
        return self.correlations.size > 0 and bool(self.correlations.min() >= 1 - ALIKE)


def propagation(network: Network, x: FloatArray) -> list[LayerSignal]:
    """Follow the kernels of some rows (n, d) through a network, layer by layer.

    Poole et al. 2016; Schoenholz et al. 2017.
    """
    states = list(network.walk(x))
    ends = [i for i, step in enumerate(network.steps) if isinstance(step, Activate)] + [len(network.steps)]
    rows, scratch = network.rows(x), Scratch()
    correlations = [
        _correlations(pairs.k, states[i].q)
        for i, pairs in enumerate(network.walk_pairs(rows, rows, scratch, ntk=False))
        if i in ends
    ]
    gains = [states[i].gain for i in ends]
    chis: list[FloatArray | None] = [_ratio(after, before) for before, after in pairwise(gains)]
    signals = zip([states[i].q for i in ends], [*chis, None], correlations, strict=True)
    return [LayerSignal(*signal) for signal in signals]


def _ratio(after: FloatArray, before: FloatArray) -> FloatArray:
    return np.divide(after, before, out=np.zeros_like(after), where=before > 0)


def _correlations(k: FloatArray, q: FloatArray) -> FloatArray:
    """k / sqrt(q q') below the diagonal, of the rows with q > 0."""
    kept = q > 0
    root = np.sqrt(q[kept])
    matrix = k[np.ix_(kept, kept)] / np.multiply.outer(root, root)
    return np.asarray(matrix[np.tril_indices(len(matrix), -1)])
