"""Gram matrices of one network after another, where the steps that they begin with are computed once."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.executor import Executor, Threads
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.scratch import thread_scratch
from ntkcli.kernels.steps import Step
from ntkcli.kernels.tiling import TILE_ROWS, Tile, upper_tiles


@dataclass(frozen=True)
class BegunTile(Tile):
    """A tile with the kernels of its pairs of rows behind the first steps of a network.

    k, theta: (a, b) kernels; theta is None while it is 0. Before the first step, k has the inner products.
    """

    k: FloatArray
    theta: FloatArray | None


@dataclass
class IncrementalEvaluator:
    """Computes the Gram matrices of some rows for one network after another, and keeps the last ones.

    If a network's steps begin with all those of the last network, only its further steps are computed, from
    the matrices that are kept. Any other network starts from the inner products of the rows, which are
    computed once. Every matrix is (n, n), with both its triangles, in float64.

    ntk: whether Theta is wanted.
    tile_rows: rows and columns of a tile.
    executor: computes the tiles.
    steps: the steps of the network that the matrices are of.
    """

    ntk: bool = True
    tile_rows: int = TILE_ROWS
    executor: Executor = field(default_factory=Threads)
    steps: tuple[Step, ...] = field(default=(), init=False)
    _products: FloatArray | None = field(default=None, init=False, repr=False)
    _matrices: dict[GramName, FloatArray] = field(default_factory=dict, init=False, repr=False)

    def advance(self, network: Network, rows: Rows) -> dict[GramName, FloatArray]:
        """Gram matrices (n, n) by kernel ("nngp", and "ntk" if wanted), overwritten by the next call.

        Their entries are those of `Evaluator.symmetric`.

        Args:
            network: the network with its tables; steps whose tables differ are different steps.
            rows: the rows as prepared for this network; they must be the same rows in every call.
        """
        if self._products is None:
            self._products = self._inner_products(rows)
            self._matrices = {name: np.empty_like(self._products) for name in _grams(self.ntk)}
        goes_on = network.steps[: len(self.steps)] == self.steps
        done = len(self.steps) if goes_on else 0
        tiles = self._begun_tiles(self._matrices if done else {"nngp": self._products})
        task = partial(continued_tile, network, rows, done, self.ntk)
        # If this is interrupted, some tiles are behind the new steps and others are not.
        self.steps = ()
        for _ in self.executor.run(task, tiles, self._put):
            pass
        self.steps = network.steps
        return dict(self._matrices)

    def _inner_products(self, rows: Rows) -> FloatArray:
        products = np.empty((len(rows), len(rows)))

        def put(tile: Tile, values: FloatArray) -> None:
            products[tile.rows, tile.columns] = values

        tiles = upper_tiles(len(rows), self.tile_rows)
        for _ in self.executor.run(partial(inner_products, rows), tiles, put):
            pass
        return products

    def _begun_tiles(self, before: dict[GramName, FloatArray]) -> list[BegunTile]:
        """The tiles of the upper triangle, each with views of its part of the kernels so far."""
        k, theta = before["nngp"], before.get("ntk")
        return [
            BegunTile(a, b, k[a, b], None if theta is None else theta[a, b])
            for a, b in ((tile.rows, tile.columns) for tile in upper_tiles(len(k), self.tile_rows))
        ]

    def _put(self, tile: Tile, values: tuple[FloatArray, ...]) -> None:
        """Copy a tile of every matrix to its place, and its transpose to the other triangle."""
        for matrix, part in zip(self._matrices.values(), values, strict=True):
            matrix[tile.rows, tile.columns] = part
            matrix[tile.columns, tile.rows] = part.T


def _grams(ntk: bool) -> list[GramName]:
    return ["nngp", "ntk"] if ntk else ["nngp"]


def inner_products(rows: Rows, tile: Tile) -> FloatArray:
    """The inner products of some of the rows with some others."""
    return np.asarray(rows.x[tile.rows] @ rows.x[tile.columns].T)


def continued_tile(
    network: Network, rows: Rows, done: int, ntk: bool, tile: BegunTile
) -> tuple[FloatArray, ...]:
    """K, and Theta if wanted, of a tile, from its kernels behind the first `done` steps."""
    a, b = rows[tile.rows], rows[tile.columns]
    values = network.tile_from(done, tile.k, tile.theta, a, b, thread_scratch(), ntk=ntk)
    kernels = dict(zip(_grams(ntk), values, strict=False))
    if tile.is_diagonal:
        for kernel, matrix in kernels.items():
            # Rounding depends on which row comes first: the upper triangle counts, as in `Evaluator`.
            upper = np.triu(matrix, 1)
            np.add(upper, upper.T, out=matrix)
            np.fill_diagonal(matrix, a.diagonal(kernel))
    return tuple(kernels.values())
