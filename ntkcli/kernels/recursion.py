"""Gram matrices of one network after another, each going on from where the one before it ended."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.gram import TILE_ROWS, in_threads, strips
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import Rows
from ntkcli.kernels.scratch import Scratch
from ntkcli.kernels.steps import Activate, Step


@dataclass
class Recursion:
    """The kernels of all pairs of some rows, behind the steps of the network that was asked for last.

    A network whose steps begin with those of the last one goes on from there; any other begins with the inner
    products, which are computed once. Every matrix is (n, n), whole and in float64.

    ntk: whether Theta is wanted.
    threads: number of tiles computed at once.
    tile_rows: rows and columns of a tile.
    steps: those that the matrices are behind.
    """

    ntk: bool = True
    threads: int = 1
    tile_rows: int = TILE_ROWS
    steps: tuple[Step, ...] = field(default=(), init=False)
    _products: FloatArray | None = field(default=None, init=False, repr=False)
    _matrices: dict[str, FloatArray] = field(default_factory=dict, init=False, repr=False)
    _local: threading.local = field(default_factory=threading.local, init=False, repr=False)

    def advance(self, network: Network, rows: Rows) -> dict[str, FloatArray]:
        """Gram matrices (n, n) by kernel ("nngp", and "ntk" if wanted), overwritten by the next call.

        They have the numbers of `Gram.symmetric`.

        Args:
            network: tabulated. It goes on from the last one as far as their activations are the same objects.
            rows: prepared for the network; always the same ones.
        """
        if self._products is None:
            self._products = self._inner_products(rows)
            kernels = ["nngp", "ntk"] if self.ntk else ["nngp"]
            self._matrices = {kernel: np.empty_like(self._products) for kernel in kernels}
        done = len(self.steps) if self._goes_on(network) else 0
        before = self._matrices if done else {"nngp": self._products}
        # What is interrupted half way must not be gone on from.
        self.steps = ()
        self._for_tiles(rows, partial(self._fill, network, rows, before, done))
        self.steps = network.steps
        return dict(self._matrices)

    def _inner_products(self, rows: Rows) -> FloatArray:
        products = np.empty((len(rows), len(rows)))

        def multiply(a: slice, b: slice) -> None:
            products[a, b] = rows.x[a] @ rows.x[b].T

        self._for_tiles(rows, multiply)
        return products

    def _goes_on(self, network: Network) -> bool:
        beginning = network.steps[: len(self.steps)]
        return len(beginning) == len(self.steps) and all(map(_same, self.steps, beginning))

    def _for_tiles(self, rows: Rows, work: Callable[[slice, slice], None]) -> None:
        """Do some work for every tile of the upper triangle, given as rows and columns."""
        cuts = list(strips(slice(0, len(rows)), self.tile_rows))
        tiles = [partial(work, a, b) for j, b in enumerate(cuts) for a in cuts[: j + 1]]
        for _ in in_threads(tiles, self.threads):
            pass

    def _fill(
        self, network: Network, rows: Rows, before: dict[str, FloatArray], done: int, a: slice, b: slice
    ) -> None:
        """One tile of every matrix and, for the other triangle, its transpose."""
        if not hasattr(self._local, "scratch"):
            self._local.scratch = Scratch(self.tile_rows, self.tile_rows)
        k, theta = before["nngp"][a, b], before["ntk"][a, b] if "ntk" in before else None
        tile = network.tile_from(done, k, theta, rows[a], rows[b], self._local.scratch, ntk=self.ntk)
        for (kernel, matrix), values in zip(self._matrices.items(), tile, strict=False):
            if a == b:
                # Rounding depends on which row comes first: the upper triangle counts, as in `Gram`.
                upper = np.triu(values, 1)
                np.add(upper, upper.T, out=values)
                np.fill_diagonal(values, rows[a].diagonal(kernel))
            matrix[a, b] = values
            matrix[b, a] = values.T


def _same(a: Step, b: Step) -> bool:
    """Whether two steps are one; activations with tables cannot be compared but by identity."""
    if isinstance(a, Activate) and isinstance(b, Activate):
        return a.activation is b.activation and a.keep == b.keep
    return a == b
