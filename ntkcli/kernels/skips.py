"""Skip connections, as two steps: a branch before a block, and a join behind it."""

from dataclasses import dataclass

import numpy as np

from ntkcli.kernels.steps import Diagonal, Pairs, Step


@dataclass(frozen=True)
class Branch(Step):
    """The start of a residual block: keep what the block is added to."""

    def on_diagonal(self, rows: Diagonal) -> None:
        """Keep the arrays: no step changes them in place."""
        rows.saved.append((rows.q, rows.theta, rows.gain))

    def on_pairs(self, pairs: Pairs) -> None:
        """Keep copies."""
        k = pairs.work.pop()
        np.copyto(k, pairs.k)
        theta = None
        if pairs.theta is not None:
            theta = pairs.work.pop()
            np.copyto(theta, pairs.theta)
        pairs.saved.append((k, theta))


@dataclass(frozen=True)
class Join(Step):
    """The end of a residual block: h + scale block(h), whose kernels add (He et al. 2016)."""

    scale: float

    def on_diagonal(self, rows: Diagonal) -> None:
        """Add what was kept."""
        q, theta, gain = rows.saved.pop()
        rows.q = q + self.scale**2 * rows.q
        rows.theta = theta + self.scale**2 * rows.theta
        rows.gain = gain + self.scale**2 * rows.gain

    def on_pairs(self, pairs: Pairs) -> None:
        """Add what was kept, and give its arrays back."""
        k, theta = pairs.saved.pop()
        for kernel, kept in ((pairs.k, k), (pairs.theta, theta)):
            if kernel is not None and self.scale != 1:
                kernel *= self.scale**2
            if kernel is not None and kept is not None:
                kernel += kept
        pairs.work += [array for array in (k, theta) if array is not None]
