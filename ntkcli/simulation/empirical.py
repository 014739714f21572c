"""The kernels that the weights of one finite network give."""

from collections.abc import Iterator, Sequence

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.simulation.finite_network import FiniteNetwork, Pass, Sensitivity


def empirical_nngp(network: FiniteNetwork, done: Pass) -> FloatArray:
    """The covariance (r, r) of the outputs over draws of the readout alone, at the rows of a pass.

        K = sigma_w^2 h h^T / width + sigma_b^2

    Its expectation tends to the NNGP kernel (Lee et al. 2018).
    """
    readout, h = network.dense[-1], done.saved[-1]
    return np.asarray(readout.affine.weight / h.shape[1] * (h @ h.T) + readout.affine.bias)


def sensitivities(network: FiniteNetwork, done: Pass, output: int) -> list[Sensitivity]:
    """How one output at the rows of a pass depends on every trained weight layer, the last layer first."""
    unit = np.zeros_like(done.outputs)
    unit[:, output] = 1.0
    return list(network.backward(done, unit))


def layer_kernels(a: Sequence[Sensitivity], b: Sequence[Sensitivity]) -> Iterator[FloatArray]:
    """What every trained layer adds to the empirical tangent kernel between two outputs, (r_a, r_b) each.

        (gain^2 h h'^T + bias_gain^2) * (delta delta'^T)

    which is the product of the Jacobians by the layer's weights and biases, without forming either.

    Args:
        a: of one output at r_a rows.
        b: of the same or another output at r_b rows.

    Jacot et al. 2018; Novak et al. 2022 for the contraction.
    """
    for one, other in zip(a, b, strict=True):
        dense = one.dense
        kernel = np.zeros((len(one.delta), len(other.delta)))
        if dense.affine.ntk_weight > 0:
            kernel += dense.gain**2 * (one.inputs @ other.inputs.T)
        if dense.affine.ntk_bias > 0:
            kernel += dense.affine.ntk_bias
        kernel *= one.delta @ other.delta.T
        yield kernel


def empirical_ntk(a: Sequence[Sensitivity], b: Sequence[Sensitivity]) -> FloatArray:
    """The empirical tangent kernel (r_a, r_b) between two outputs; arguments as of `layer_kernels`."""
    kernels = layer_kernels(a, b)
    total = next(kernels)
    for kernel in kernels:
        total += kernel
    return total
