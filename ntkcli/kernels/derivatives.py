"""The derivatives of the NNGP kernel of pairs of rows by what it depends on: three numbers and the biases.

That by the biases is one along a direction: the rates at which the variances of the layers' biases change.

A fully-connected network's K(x, x') is a function of c = x.x' / d, q = x.x / d and q' = x'.x' / d. One pass
through the layers takes its derivatives by them along, beside K itself:

    dF/dc = E[phi' phi'],    dF/dq = (p F - c dF/dc) / 2q    of the dual F of an activation with
    F(s^2 q, s c, q') = s^p F(q, c, q')    (Euler's theorem; p = 1 for relu)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Tile, inverse_root
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import Rows
from ntkcli.kernels.scratch import Scratch
from ntkcli.kernels.steps import Activate, Affine, Pairs


def is_derivable(network: Network) -> bool:
    """Whether `pair_derivatives` knows every step: weight layers, and homogeneous activations alone."""
    return all(
        isinstance(step, Affine)
        or (isinstance(step, Activate) and step.keep == 1 and step.activation.homogeneity is not None)
        for step in network.steps
    )


@dataclass(frozen=True)
class DerivedRows:
    """Input rows, with the derivatives of their variances K(x, x) at every activation.

    rows: the rows, prepared for the network; its x is over sqrt(d).
    by_variance: (s, n), by q = x.x / d.
    by_bias: (s, n), along the direction of the biases' variances.
    direction: of these, a number for each weight layer.
    """

    rows: Rows
    by_variance: FloatArray
    by_bias: FloatArray
    direction: tuple[float, ...]

    @classmethod
    def of(cls, network: Network, x: FloatArray, direction: Sequence[float] | None = None) -> Self:
        """Prepare inputs (n, d).

        Args:
            network: of weight layers and homogeneous activations.
            x: the inputs.
            direction: of the biases' variances, a number for each weight layer; None for all alike.

        Raises:
            ValueError: the network has other steps than weight layers and homogeneous activations.
            KernelRangeError: a variance leaves the range of float64.
        """
        if not is_derivable(network):
            raise ValueError("derivatives are known of weight layers and homogeneous activations alone")
        by_variance, by_bias = [], []
        direction = (1.0,) * network.depth if direction is None else tuple(direction)
        variance, bias, rates = np.ones(len(x)), np.zeros(len(x)), iter(direction)
        for step, state in zip(network.steps, network.walk(x), strict=False):
            if isinstance(step, Activate):
                by_variance.append(variance)
                by_bias.append(bias)
                gain = _gain(step, state.q)
                variance, bias = gain * variance, gain * bias
            elif isinstance(step, Affine):
                variance, bias = step.weight * variance, step.weight * bias + next(rates)
        shape = (len(by_variance), len(x))
        return cls(network.rows(x), np.reshape(by_variance, shape), np.reshape(by_bias, shape), direction)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: slice) -> Self:
        """Some of the rows, as views."""
        return type(self)(self.rows[rows], self.by_variance[:, rows], self.by_bias[:, rows], self.direction)


def _gain(step: Activate, q: FloatArray) -> FloatArray:
    """The derivative of the dual on the diagonal by q, p F / q; 0 for q = 0."""
    degree = step.activation.homogeneity or 0
    return degree * step.activation.variance(q) * inverse_root(q) * inverse_root(q)


@dataclass
class PairDerivatives:
    """The derivatives of K(x, x') of a tile of pairs, (a, b) each.

    by_product: by c = x.x' / d.
    by_own, by_other: by q = x.x / d and q' = x'.x' / d.
    by_bias: along the direction of the biases' variances, through q and q' too.
    """

    by_product: FloatArray
    by_own: FloatArray
    by_other: FloatArray
    by_bias: FloatArray

    def scale(self, factor: FloatArray | float) -> None:
        """Multiply all of them by a number, or by one number a pair."""
        for derivative in (self.by_product, self.by_own, self.by_other, self.by_bias):
            derivative *= factor


def pair_derivatives(network: Network, a: DerivedRows, b: DerivedRows, scratch: Scratch) -> PairDerivatives:
    """The derivatives of the NNGP kernel between rows a and b.

    Those of a pair of equal rows add up to the derivative of K(x, x). At a row of variance 0 the kernel has a
    corner: the derivative by c is then that of rows at right angles, and the one by the row's variance 0.

    Args:
        network: as in `DerivedRows.of`.
        a, b: rows, prepared for the network.
        scratch: whose arrays are worked in; what is returned has its own.
    """
    pairs, shape = network.begin(a.rows, b.rows, scratch, ntk=True), (len(a), len(b))
    found = PairDerivatives(np.ones(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape))
    layer, rates = 0, iter(a.direction)
    for step in network.steps:
        if isinstance(step, Activate):
            pairs.q_a, pairs.q_b = a.rows.variances[layer], b.rows.variances[layer]
            rest = _activate(step, pairs, found)
            _add_variances(found, rest, a, b, layer)
            layer += 1
        elif isinstance(step, Affine):
            pairs.k *= step.weight
            pairs.k += step.bias
            found.scale(step.weight)
            found.by_bias += next(rates)
    return found


def _activate(step: Activate, pairs: Pairs, found: PairDerivatives) -> FloatArray:
    """Apply the dual F and its derivative by c; (p F - c dF/dc) / 2, the other derivatives times q or q'."""
    slope, spent, *work = pairs.work
    np.copyto(spent, pairs.k)
    step.activation.dual(Tile(pairs.k, slope, pairs.q_a, pairs.q_b, work, pairs.tolerance))
    pairs.tolerance = pairs.later_tolerance
    found.scale(slope)
    spent *= slope
    rest = (step.activation.homogeneity or 0) * pairs.k
    rest -= spent
    rest /= 2
    return rest


def _add_variances(
    found: PairDerivatives, rest: FloatArray, a: DerivedRows, b: DerivedRows, layer: int
) -> None:
    own, other = (inverse_root(rows.rows.variances[layer]) ** 2 for rows in (a, b))
    found.by_own += rest * (own * a.by_variance[layer])[:, None]
    found.by_other += rest * (other * b.by_variance[layer])
    found.by_bias += rest * ((own * a.by_bias[layer])[:, None] + other * b.by_bias[layer])
