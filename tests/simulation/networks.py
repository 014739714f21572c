"""Finite networks of every kind, with their Jacobians written out, for the tests of the simulation."""

from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import network_of
from ntkcli.kernels.network import Network
from ntkcli.simulation.empirical import sensitivities
from ntkcli.simulation.finite_network import FiniteNetwork
from ntkcli.spec.network import NetworkSpec

from ..kernels.inputs import FEATURES, normal_rows

WIDTH = 7

# Settings of the network section. Among them: a first trained layer in the middle of a residual block, and
# residual blocks that leave a layer over.
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "one layer": {"depth": 1},
    "per layer": {
        "activation": ["softplus", "tanh", "sin"],
        "sigma_w": [1.1, 0.8, 1.3, 0.9],
        "sigma_b": [0.1, 0.3, 0.0, 0.2],
    },
    "readout of its own": {"readout": {"sigma_w": 0.5, "sigma_b": 0.4}},
    "two frozen": {"train": {"first_frozen": 2}},
    "readout trained": {"train": "readout"},
    "biases from 0": {"bias_init": "zero"},
    "no biases": {"sigma_b": 0.0},
    "residual": {"residual": {"scale": 0.7}},
    "residual, layer left over": {"depth": 5, "residual": {"every": 2, "scale": 0.6}},
    "residual, frozen into a block": {
        "depth": 6,
        "residual": {"every": 2, "scale": 1.3},
        "train": {"first_frozen": 2},
    },
    "layer norm": {"layer_norm": True},
    "dropout": {"keep_probability": 0.7},
    "standard": {"parameterization": "standard", "width": WIDTH},
    "standard, of another width": {"parameterization": "standard", "width": 20},
    "standard, frozen, biases from 0": {
        "parameterization": "standard",
        "width": 20,
        "bias_init": "zero",
        "train": {"first_frozen": 1},
    },
    "together": {
        "depth": 5,
        "activation": ["gelu", "erf", "swish", "cos"],
        "sigma_w": [1.1, 0.8, 1.3, 0.9, 1.2],
        "bias_init": "zero",
        "residual": {"every": 1, "scale": 0.8},
        "layer_norm": True,
        "keep_probability": 0.8,
        "parameterization": "standard",
        "width": 9,
        "train": {"first_frozen": 1},
    },
}
every_kind = pytest.mark.parametrize("settings", KINDS.values(), ids=KINDS)


def network_with(**settings: Any) -> Network:
    """A network by the settings of a spec; by default of four layers of a smooth activation."""
    spec = {"depth": 4, "activation": "gelu", "sigma_w": 1.4, "sigma_b": 0.3} | settings
    return network_of(NetworkSpec.model_validate(spec), FEATURES)


def drawn(
    network: Network,
    x: FloatArray | None = None,
    *,
    width: int = WIDTH,
    outputs: int = 1,
    seed: int | list[int] = 0,
) -> FiniteNetwork:
    """A finite network, by default on a few rows."""
    rng = np.random.default_rng(seed)
    rows = normal_rows(5, seed=3) if x is None else x
    return FiniteNetwork.draw(network, rows, width=width, outputs=outputs, rng=rng)


def parameters(network: FiniteNetwork) -> list[FloatArray]:
    """The arrays of all weights and biases that are trained, the last layer first, as they are."""
    return [
        array for dense in network.trained[::-1] for array in _trained_arrays(dense.affine.ntk_bias, dense)
    ]


def _trained_arrays(ntk_bias: float, dense: Any) -> list[FloatArray]:
    return [dense.weights, dense.biases] if ntk_bias > 0 else [dense.weights]


def flat(network: FiniteNetwork) -> FloatArray:
    """A copy of all trained parameters (p,)."""
    return np.concatenate([array.ravel() for array in parameters(network)])


def layer_jacobians(network: FiniteNetwork, rows: slice = slice(None)) -> list[FloatArray]:
    """df / dtheta (r k, p) of every trained layer, the last one first, outputs innermost.

    The gradient of one row's output by W is gain h^T delta, and by b it is bias_gain delta.
    """
    done = network.forward(rows)
    r, k = done.outputs.shape
    by_output = [[_gradients(found) for found in sensitivities(network, done, output)] for output in range(k)]
    return [np.stack(layer, axis=1).reshape(r * k, -1) for layer in zip(*by_output, strict=True)]


def _gradients(found: Any) -> FloatArray:
    weights = found.dense.gain * found.inputs[:, :, None] * found.delta[:, None, :]
    parts = [weights.reshape(len(weights), -1)]
    if found.dense.affine.ntk_bias > 0:
        parts.append(found.dense.bias_gain * found.delta)
    return np.concatenate(parts, axis=1)


def jacobian(network: FiniteNetwork, rows: slice = slice(None)) -> FloatArray:
    """df / dtheta (r k, p), parameters in the order of `flat`."""
    return np.concatenate(layer_jacobians(network, rows), axis=1)


def differences(network: FiniteNetwork, step: float = 1e-5) -> FloatArray:
    """The same by central differences of the outputs."""
    columns = []
    for array in parameters(network):
        values = array.reshape(-1)
        assert np.shares_memory(values, array)
        for i, value in enumerate(values.tolist()):
            outputs = []
            for moved in (value + step, value - step):
                values[i] = moved
                outputs.append(network.forward(slice(None)).outputs.ravel())
            values[i] = value
            columns.append((outputs[0] - outputs[1]) / (2 * step))
    return np.array(columns).T
