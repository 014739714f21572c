"""`ntk network`: how signals travel through a spec's network, layer by layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.commands.request import Request
from ntkcli.jobs.layers import (
    NetworkLayer,
    activation_text,
    degeneracy,
    dual_text,
    network_layers,
    sampled_propagation,
)
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.kernels.propagation import LayerSignal
from ntkcli.layout import aligned_left

HEAD = [
    "layer",
    "sigma_w",
    "sigma_b",
    "q",
    "least q",
    "largest q",
    "chi_1",
    "correlation",
    "activation",
    "dual",
]


@dataclass(frozen=True)
class LayerReport:
    """The report of a layer.

    number: of the layer, from 1.
    layer: as the spec has it.
    signal: of some training rows.
    """

    number: int
    layer: NetworkLayer
    signal: LayerSignal

    @property
    def cells(self) -> list[str]:
        """The cells of its line."""
        layer, content = self.layer, self.content
        q = content["q"]
        numbers = [f"{layer.sigma_w:.6g}", f"{layer.sigma_b:.6g}"]
        numbers += [f"{q[name]:.4g}" for name in ("median", "least", "largest")]
        chi = "" if self.signal.chi is None else _text(content["chi_1"])
        dual = "" if layer.activation is None else dual_text(layer)
        correlation = _text(content["correlation"])
        return [f"{self.number}", *numbers, chi, correlation, activation_text(layer), dual]

    @property
    def content(self) -> dict[str, Any]:
        """The same with all digits; None where there is no activation, or a single row."""
        layer, signal = self.layer, self.signal
        q = signal.variance
        return {
            "layer": self.number,
            "sigma_w": layer.sigma_w,
            "sigma_b": layer.sigma_b,
            "q": {"median": float(np.median(q)), "least": float(q.min()), "largest": float(q.max())},
            "chi_1": None if signal.chi is None else _median(signal.chi),
            "correlation": _median(signal.correlations),
            "activation": activation_text(layer) or None,
            "dual": layer.dual,
        }


@dataclass(frozen=True)
class NetworkReport:
    """The report of a network: of its layers, and the warnings that were given."""

    layers: list[LayerReport]
    warnings: list[str]

    @property
    def text(self) -> str:
        """A line for each layer, below a head."""
        return aligned_left([HEAD, *(layer.cells for layer in self.layers)])

    @property
    def content(self) -> dict[str, Any]:
        """The layers, and the warnings."""
        return {"layers": [layer.content for layer in self.layers], "warnings": self.warnings}


def network(request: Request, *, journal: Journal) -> NetworkReport:
    """Read a spec and its data, and follow some training rows through the network.

    Args:
        request: the spec, and what the command line has beside it.
        journal: receives progress and warnings.

    Raises:
        NtkError: the spec or the data cannot be read, or a kernel leaves its range.
    """
    source = request.spec_file()
    with open_job(source, journal) as job:
        layers = network_layers(job.spec.network, job.evaluator.network)
        signals = sampled_propagation(job.evaluator.network, job.dataset.train.x)
        warning = degeneracy(signals)
        if warning:
            journal.warn(warning)
        reports = [LayerReport(i, *both) for i, both in enumerate(zip(layers, signals, strict=True), 1)]
        return NetworkReport(reports, journal.warnings)


def _median(values: FloatArray) -> float | None:
    return float(np.median(values)) if values.size else None


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
