"""Fully-connected networks of any kind, as steps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ntkcli.kernels.activations.activation import Activation
from ntkcli.kernels.network import Network
from ntkcli.kernels.skips import Branch, Join
from ntkcli.kernels.steps import Activate, Affine, Normalise, Step


@dataclass(frozen=True)
class Residual:
    """Skip connections h + scale block(h), where a block is `every` pairs of activation and weight layer."""

    every: int = 1
    scale: float = 1.0


def fully_connected(
    layers: Sequence[Affine],
    activations: Sequence[Activation],
    *,
    layer_norm: bool = False,
    keep: float = 1.0,
    residual: Residual | None = None,
) -> Network:
    """Weight layers with activations between them, the last one being the readout.

    Args:
        layers: all of them, in order.
        activations: one between every two layers.
        layer_norm: whether every layer but the readout is normalised.
        keep: the probability with which dropout, behind each activation, keeps a unit.
        residual: skip connections around blocks of layers 2, 3, ...; the readout has none, nor have the
            last hidden layers where they do not fill a block.
    """
    return Network(tuple(_steps(layers, activations, layer_norm, keep, residual)))


def _steps(
    layers: Sequence[Affine],
    activations: Sequence[Activation],
    layer_norm: bool,
    keep: float,
    residual: Residual | None,
) -> Iterator[Step]:
    hidden = len(layers) - 2
    every = residual.every if residual else 1
    in_blocks = hidden // every * every if residual else 0
    for i, layer in enumerate(layers):
        # Layer 1 (i = 0) is in no block.
        if 1 <= i <= in_blocks and (i - 1) % every == 0:
            yield Branch()
        if i > 0:
            yield Activate(activations[i - 1], keep)
        yield layer
        if layer_norm and i < len(layers) - 1:
            yield Normalise()
        if residual and 1 <= i <= in_blocks and i % every == 0:
            yield Join(residual.scale)
