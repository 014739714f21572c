"""Gradients by input rows of what depends on them through the NNGP kernel, exact and tile by tile.

By the chain rule through c = x.x' / d, q = x.x / d and q' = x'.x' / d: two products of matrices a tile,
however many inputs there are.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.derivatives import DerivedRows, pair_derivatives
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.network import Network
from ntkcli.kernels.scratch import thread_scratch
from ntkcli.kernels.tiling import TILE_ROWS, Tile, upper_tiles


@dataclass(frozen=True)
class GramGradient:
    """The gradient of a function L of a Gram matrix.

    inputs: (n, d), dL/dX.
    bias: by the variance sigma_b^2 of all layers' biases.
    """

    inputs: FloatArray
    bias: float


def gram_gradient(network: Network, x: FloatArray, slope: FloatArray, executor: Executor) -> GramGradient:
    """The gradient of L(K(X, X)) by X and sigma_b^2, where dL = trace(S dK).

    Args:
        network: of weight layers and homogeneous activations.
        x: (n, d) inputs X.
        slope: S (n, n), symmetric.
        executor: computes the tiles.

    Raises:
        ValueError: the network has other steps.
        KernelRangeError: a variance leaves the range of float64.
    """
    rows, inputs, bias = DerivedRows.of(network, x), np.zeros(x.shape), 0.0
    tiles = upper_tiles(len(x), TILE_ROWS)
    parts = executor.map(partial(gram_gradient_tile, network, rows, slope), tiles)
    for tile, (own, other, by_bias) in zip(tiles, parts, strict=True):
        inputs[tile.rows] += own
        inputs[tile.columns] += other
        bias += by_bias
    # What the rows hold is x over sqrt(d).
    return GramGradient(inputs / np.sqrt(x.shape[1]), bias)


def gram_gradient_tile(
    network: Network, rows: DerivedRows, slope: FloatArray, tile: Tile
) -> tuple[FloatArray, FloatArray, float]:
    """The parts of a tile in the gradient: of its rows, of its columns, and by the biases' variance."""
    a, b = rows[tile.rows], rows[tile.columns]
    found = pair_derivatives(network, a, b, thread_scratch())
    # A tile above the diagonal stands for the one below as well.
    found.scale((1.0 if tile.is_diagonal else 2.0) * slope[tile.rows, tile.columns])
    own = found.by_product @ b.rows.x + 2 * found.by_own.sum(axis=1)[:, None] * a.rows.x
    other = found.by_product.T @ a.rows.x + 2 * found.by_other.sum(axis=0)[:, None] * b.rows.x
    return own, other, float(found.by_bias.sum())
