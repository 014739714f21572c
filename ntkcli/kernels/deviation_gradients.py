"""The exact gradient of an NNGP Gram matrix by the logarithms of sigma_w and sigma_b of all layers alike.

With homogeneous activations of degree p, a change of all weights is one of the kernel's scale and biases:

    K(s w, s^e[l] b[l]) = s^e[L] K(w, b),    e[1] = 1,  e[l+1] = 1 + p[l] e[l]    (w, b: variances)

so that the derivatives along two directions of the biases' variances give both (Euler's theorem):

    dK/dlog sigma_b = 2 sum_l b[l] dK/db[l],    dK/dlog sigma_w = 2 (e[L] K - sum_l e[l] b[l] dK/db[l])
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.derivatives import DerivedRows, pair_derivatives
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.network import Network
from ntkcli.kernels.scratch import thread_scratch
from ntkcli.kernels.steps import Activate, Affine
from ntkcli.kernels.tiling import TILE_ROWS, Tile, upper_tiles


def deviation_gradients(
    network: Network, x: FloatArray, values: FloatArray, executor: Executor
) -> tuple[FloatArray, FloatArray]:
    """The derivatives of K(X, X) by log sigma_w and by log sigma_b, (n, n) each.

    Args:
        network: of weight layers and homogeneous activations.
        x: (n, d) inputs X.
        values: K(X, X), (n, n).
        executor: computes the tiles.

    Raises:
        ValueError: the network has other steps.
        KernelRangeError: a variance leaves the range of float64.
    """
    biases = np.array([step.bias for step in network.steps if isinstance(step, Affine)])
    degrees = _degrees(network)
    by_bias = _along(network, x, biases, executor)
    by_scaled_bias = _along(network, x, degrees * biases, executor)
    return 2 * (degrees[-1] * values - by_scaled_bias), 2 * by_bias


def _degrees(network: Network) -> FloatArray:
    """e of every weight layer: the power of s with which the kernel behind it grows."""
    degrees = [1.0]
    for step in network.steps:
        if isinstance(step, Activate):
            degrees.append(1.0 + (step.activation.homogeneity or 0) * degrees[-1])
    return np.array(degrees)


def _along(
    network: Network, x: FloatArray, direction: Sequence[float] | FloatArray, executor: Executor
) -> FloatArray:
    """The derivative of K(X, X) along a direction of the biases' variances, (n, n)."""
    rows = DerivedRows.of(network, x, tuple(map(float, direction)))
    found = np.empty((len(x), len(x)))
    tiles = upper_tiles(len(x), TILE_ROWS)
    for tile, part in zip(tiles, executor.map(partial(_tile, network, rows), tiles), strict=True):
        found[tile.rows, tile.columns] = part
        found[tile.columns, tile.rows] = part.T
    return found


def _tile(network: Network, rows: DerivedRows, tile: Tile) -> FloatArray:
    return pair_derivatives(network, rows[tile.rows], rows[tile.columns], thread_scratch()).by_bias
