"""The steps that a network's kernels go through, on the diagonal and on a tile.

Every step knows what it does to the kernels of rows with themselves, and to those of pairs of rows.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation, Tile, inverse_root


@dataclass
class Diagonal:
    """The kernels of n rows with themselves, between two steps.

    q: (n,) K(x, x). theta: (n,) Theta(x, x).
    gain: (n,) dK(x, x') / dK[1](x, x') at x = x'.
    saved: for each residual block that is not at its end, the kernels and gains that its skip adds there.
    """

    q: FloatArray
    theta: FloatArray
    gain: FloatArray
    saved: list[tuple[FloatArray, FloatArray, FloatArray]] = field(default_factory=list)


@dataclass
class Pairs:
    """The kernels of a tile of pairs of rows, between two steps.

    k: (a, b) K(x, x'). theta: (a, b) Theta(x, x'); None while it is 0, or where it is not wanted.
    q_a, q_b: K(x, x) and K(x', x') of the rows.
    wants_theta: whether Theta is wanted.
    work: arrays (a, b) that are free to use.
    tolerance: how far below 1 a cosine counts as 1.
    later_tolerance: the same tolerance behind the first activation.
    saved: for each residual block that is not at its end, the kernels that its skip adds there.
    """

    k: FloatArray
    q_a: FloatArray
    q_b: FloatArray
    wants_theta: bool
    work: list[FloatArray]
    tolerance: float
    later_tolerance: float
    theta: FloatArray | None = None
    saved: list[tuple[FloatArray, FloatArray | None]] = field(default_factory=list)


class Step(ABC):
    """One step of a network.

    reads_variances: whether `on_pairs` needs K(x, x) of the rows.
    """

    reads_variances: ClassVar[bool] = False

    @abstractmethod
    def on_diagonal(self, rows: Diagonal) -> None:
        """Take the rows' own kernels one step further."""

    @abstractmethod
    def on_pairs(self, pairs: Pairs) -> None:
        """Take a tile of pairs one step further, in its arrays."""


@dataclass(frozen=True)
class Affine(Step):
    """A weight layer, which takes K to weight K + bias and Theta to weight Theta + ntk_weight K + ntk_bias.

    weight, bias: the variances of the weights (times fan-in) and of the biases at the start of training.
    ntk_weight, ntk_bias: how much the layer's own weights and biases add to Theta; 0 for a layer that is
        not trained.
    """

    weight: float
    bias: float
    ntk_weight: float
    ntk_bias: float

    @property
    def is_trained(self) -> bool:
        """Whether weights or biases are trained."""
        return self.ntk_weight > 0 or self.ntk_bias > 0

    @property
    def has_biases(self) -> bool:
        """Whether there are biases, at the start or trained."""
        return self.bias > 0 or self.ntk_bias > 0

    def on_diagonal(self, rows: Diagonal) -> None:
        """The layer's own parameters add to Theta by the K that enters it."""
        rows.theta = self.weight * rows.theta + (self.ntk_weight * rows.q + self.ntk_bias)
        rows.q = self.weight * rows.q + self.bias
        rows.gain = self.weight * rows.gain

    def on_pairs(self, pairs: Pairs) -> None:
        """In place; where the parameters add to Theta as they do to K, the new K is added to it."""
        counts_as_k = (self.ntk_weight, self.ntk_bias) == (self.weight, self.bias)
        if pairs.theta is not None:
            pairs.theta *= self.weight
        if pairs.wants_theta and not counts_as_k and (self.ntk_weight or self.ntk_bias):
            own = pairs.work.pop()
            np.multiply(pairs.k, self.ntk_weight, out=own)
            own += self.ntk_bias
            _add_to_theta(pairs, own)
            pairs.work.append(own)
        pairs.k *= self.weight
        if self.bias:
            pairs.k += self.bias
        if pairs.wants_theta and counts_as_k:
            _add_to_theta(pairs, pairs.k)


def _add_to_theta(pairs: Pairs, own: FloatArray) -> None:
    if pairs.theta is None:
        pairs.theta = pairs.work.pop(0)
        np.copyto(pairs.theta, own)
    else:
        pairs.theta += own


@dataclass(frozen=True)
class Activate(Step):
    """The activation, and dropout behind it.

    keep: the probability with which dropout keeps a unit; masks of two rows are independent, even of equal
        ones, so that only K(x, x) and Theta(x, x) are divided by it.
    """

    activation: Activation
    keep: float = 1.0
    reads_variances: ClassVar[bool] = True

    def on_diagonal(self, rows: Diagonal) -> None:
        """Apply the dual activation on the diagonal."""
        slope = self.activation.slope(rows.q)
        rows.theta = slope * rows.theta / self.keep
        rows.gain = slope * rows.gain
        rows.q = self.activation.variance(rows.q) / self.keep

    def on_pairs(self, pairs: Pairs) -> None:
        """Apply the dual activation."""
        slope, *work = pairs.work
        wanted = None if pairs.theta is None else slope
        self.activation.dual(Tile(pairs.k, wanted, pairs.q_a, pairs.q_b, work, pairs.tolerance))
        pairs.tolerance = pairs.later_tolerance
        if pairs.theta is not None:
            pairs.theta *= slope


@dataclass(frozen=True)
class Normalise(Step):
    """Layer normalisation (Ba et al. 2016): K and Theta are divided by sqrt(K(x, x) K(x', x'))."""

    reads_variances: ClassVar[bool] = True

    def on_diagonal(self, rows: Diagonal) -> None:
        """A row of variance 0 stays 0."""
        inverse = inverse_root(rows.q) ** 2
        rows.theta = rows.theta * inverse
        rows.gain = rows.gain * inverse
        rows.q = np.where(rows.q > 0, 1.0, 0.0)

    def on_pairs(self, pairs: Pairs) -> None:
        """Divide by sqrt(q q')."""
        a, b = inverse_root(pairs.q_a)[:, None], inverse_root(pairs.q_b)
        for kernel in (pairs.k, pairs.theta):
            if kernel is not None:
                kernel *= a
                kernel *= b
