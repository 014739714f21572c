"""`ntk network`: how signals travel through a spec's network, layer by layer."""

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


def network(request: Request, *, journal: Journal) -> list[list[str]]:
    """Read a spec and its data, and follow some training rows through the network.

    Args:
        request: the spec, and what the command line has beside it.
        journal: receives progress and warnings.

    Returns:
        A line of cells for each layer, below a head.

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
        return [HEAD, *(_line(i, *both) for i, both in enumerate(zip(layers, signals, strict=True), 1))]


def _line(number: int, layer: NetworkLayer, signal: LayerSignal) -> list[str]:
    q = signal.variance
    chi = "" if signal.chi is None else _text(signal.chi)
    numbers = [f"{layer.sigma_w:.6g}", f"{layer.sigma_b:.6g}", _text(q), f"{q.min():.4g}", f"{q.max():.4g}"]
    dual = "" if layer.activation is None else dual_text(layer)
    return [f"{number}", *numbers, chi, _text(signal.correlations), activation_text(layer), dual]


def _text(values: FloatArray) -> str:
    """Return the median of some values as text."""
    return f"{np.median(values):.4g}" if values.size else "-"
