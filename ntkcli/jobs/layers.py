"""The layers of a spec's network with the numbers that they got, for people and for run.json."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import setting_text, weights_of
from ntkcli.kernels.activations.numerical import Tabulated
from ntkcli.kernels.network import Network
from ntkcli.kernels.propagation import ALIKE, LayerSignal, propagation
from ntkcli.spec.activation import ActivationSetting
from ntkcli.spec.network import NetworkSpec

# Rows of which all correlations are computed.
SAMPLE_ROWS = 256


@dataclass(frozen=True)
class NetworkLayer:
    """One weight layer, and the activation behind it.

    sigma_w, sigma_b: the standard deviations of weights and biases.
    activation: None behind the readout.
    dual: how the activation's dual kernels are computed; None behind the readout.
    """

    sigma_w: float
    sigma_b: float
    activation: ActivationSetting | None
    dual: dict[str, Any] | None


def network_layers(spec: NetworkSpec, network: Network) -> list[NetworkLayer]:
    """Return the layers of a network, first to last.

    Args:
        spec: of the network.
        network: the same, with its activations' tables.
    """
    duals: list[dict[str, Any] | None] = [
        step.activation.report if isinstance(step.activation, Tabulated) else {"method": "closed form"}
        for step in network.activations
    ]
    layers = zip(
        weights_of(spec), spec.per_layer("sigma_b"), [*spec.activations, None], [*duals, None], strict=True
    )
    return [NetworkLayer(*layer) for layer in layers]


def sampled_propagation(network: Network, x: FloatArray) -> list[LayerSignal]:
    """Return how the signals of some rows of x (n, d), evenly spaced, travel through the layers."""
    rows = np.unique(np.linspace(0, len(x) - 1, min(len(x), SAMPLE_ROWS)).astype(int))
    return propagation(network, x[rows])


def degeneracy(signals: list[LayerSignal]) -> str | None:
    """Return a warning if a network maps all rows to the same point at its depth, or None."""
    if not signals[-1].is_degenerate:
        return None
    first = next(i for i, signal in enumerate(signals, 1) if signal.is_degenerate)
    return (
        f"from layer {first} on, all correlations of rows are within {ALIKE:g} of 1, so that the kernel "
        "tells nothing apart: use a lower network.depth, a higher sigma_w or a lower sigma_b"
    )


def dual_text(layer: NetworkLayer) -> str:
    """Return in words how the dual kernels of a layer's activation are computed."""
    dual = layer.dual or {}
    if dual.get("method") == "hermite":
        return f"Hermite expansion to degree {dual['degree']}, residual {dual['residual']:.0e}"
    if dual.get("method") == "polar":
        return f"quadrature in polar coordinates, residual {dual['residual']:.0e}"
    return "closed form"


def activation_text(layer: NetworkLayer) -> str:
    """Return the name of a layer's activation with its parameters; empty behind the readout."""
    return "" if layer.activation is None else setting_text(layer.activation)
