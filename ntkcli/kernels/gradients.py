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
from ntkcli.kernels.tiling import TILE_ROWS, Tile, strips, upper_tiles


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


def input_gradients(
    network: Network, x: FloatArray, support: FloatArray, coefficients: FloatArray, executor: Executor
) -> FloatArray:
    """The gradients of f_j(x) = sum_k K(x, s_k) a_kj at every row x, (m, d, outputs).

    Args:
        network: of weight layers and homogeneous activations.
        x: (m, d) rows.
        support: (n, d), the rows s.
        coefficients: a (n, outputs).
        executor: computes the tiles.

    Raises:
        ValueError: the network has other steps.
        KernelRangeError: a variance leaves the range of float64.
    """
    rows, others = DerivedRows.of(network, x), DerivedRows.of(network, support)
    tasks = executor.map(
        partial(input_gradients_strip, network, rows, others, coefficients),
        list(strips(slice(0, len(x)), TILE_ROWS)),
    )
    return np.asarray(np.concatenate(list(tasks)) / np.sqrt(x.shape[1]))


def input_gradients_strip(
    network: Network, rows: DerivedRows, support: DerivedRows, coefficients: FloatArray, strip: slice
) -> FloatArray:
    """The gradients at some of the rows, times sqrt(d): (r, d, outputs)."""
    own, scratch = rows[strip], thread_scratch()
    (r, d), outputs = own.rows.x.shape, coefficients.shape[1]
    by_product, by_own = np.zeros((r, d * outputs)), np.zeros((r, outputs))
    for columns in strips(slice(0, len(support)), TILE_ROWS):
        found = pair_derivatives(network, own, support[columns], scratch)
        weights = coefficients[columns]
        sources = support[columns].rows.x[:, :, None] * weights[:, None, :]
        by_product += found.by_product @ sources.reshape(len(weights), -1)
        by_own += found.by_own @ weights
    gradients = by_product.reshape(r, d, outputs)
    gradients += 2 * own.rows.x[:, :, None] * by_own[:, None, :]
    return gradients
