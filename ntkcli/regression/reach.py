"""How far the tables of a network's activations reach, and a wider network for rows beyond."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import BoolArray, FloatArray, IntArray
from ntkcli.kernels.network import Network

SLACK = 1e-12


@dataclass
class Reach:
    """A network with tables, and one with wider tables where rows ask for it.

    So a row is predicted the same whatever rows come with it.

    network: as it was fitted.
    dtype: that kernels are stored in.
    """

    network: Network
    dtype: npt.DTypeLike
    _wider: Network | None = field(default=None, init=False)

    def networks_for(self, x: FloatArray, *, together: bool = False) -> list[tuple[IntArray, Network]]:
        """Which network predicts which rows of x (m, d): the fit's own, where its tables reach.

        Args:
            x: (m, d).
            together: whether one network has to predict all rows.

        Raises:
            KernelRangeError, VarianceLimitError: a row's kernel leaves the range of an activation.
            PrecisionError: an activation cannot be had to 1e-9 there.
        """
        spans = self.network.spans(x, self.dtype)
        if not self.network.has_tables or _reaches(self.network, spans):
            return [(np.arange(len(x)), self.network)]
        if together:
            return [(np.arange(len(x)), self._wider_network(spans))]
        inside = [
            _within(rows.q, limits)
            for rows, limits in zip(self.network.walk(x), self.network.tabulated_for, strict=False)
        ]
        near = np.all(inside, axis=0)
        parts = [(np.flatnonzero(near), self.network), (np.flatnonzero(~near), self._wider_network(spans))]
        return [(rows, network) for rows, network in parts if rows.size]

    def _wider_network(self, spans: Sequence[FloatArray]) -> Network:
        widest = self._wider or self.network
        if not _reaches(widest, spans):
            joined = [np.concatenate(both) for both in zip(spans, widest.tabulated_for, strict=True)]
            widest = self.network.tabulated(joined)
        self._wider = widest
        return widest


def _reaches(network: Network, spans: Sequence[FloatArray]) -> bool:
    """Whether a network's tables reach as far as some variances, one array for each step."""
    return all(_within(q, limits).all() for q, limits in zip(spans, network.tabulated_for, strict=True))


def _within(q: FloatArray, limits: FloatArray) -> BoolArray:
    """Which variances are 0 or between the ends of a table; what rounding adds to an end is not beyond."""
    if not limits.size:
        return np.asarray(q == 0)
    inside = (limits[0] * (1 - SLACK) <= q) & (q <= limits[-1] * (1 + SLACK))
    return np.asarray((q == 0) | inside)
