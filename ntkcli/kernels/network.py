"""A network as a sequence of steps: from two sets of rows to one tile of their NNGP and NTK kernels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import COSINE_ROUNDING, Activation
from ntkcli.kernels.activations.numerical import Numerical
from ntkcli.kernels.activations.polynomial import Identity
from ntkcli.kernels.range_errors import check_limit, check_range
from ntkcli.kernels.rows import Rows
from ntkcli.kernels.scratch import Scratch
from ntkcli.kernels.skips import Branch
from ntkcli.kernels.steps import Activate, Affine, Diagonal, Normalise, Pairs, Step


@dataclass(frozen=True)
class Network:
    """An infinitely wide fully-connected network.

        K[1](x, x')  = sigma_w^2 x.x' / d + sigma_b^2            Theta[1] = K[1]
        K[l+1]       = sigma_w^2 E[phi(u) phi(v)] + sigma_b^2    (u, v) ~ N(0, K[l] on {x, x'})
        Theta[l+1]   = K[l+1] + sigma_w^2 E[phi'(u) phi'(v)] Theta[l]

    The steps may also be of skip connections, dropout and layer normalisation, and of layers that are not
    trained or whose biases start at 0.

    tabulated_for: for every step, the range of variances that its tables were made for; empty for a
        network without tables.

    Lee et al. 2018 (NNGP), Jacot et al. 2018 (NTK).
    """

    steps: tuple[Step, ...]
    tabulated_for: tuple[FloatArray, ...] = field(default=(), compare=False, repr=False)

    @property
    def depth(self) -> int:
        """The number of weight layers."""
        return sum(isinstance(step, Affine) for step in self.steps)

    @property
    def activations(self) -> list[Activate]:
        """The activations, each with its dropout."""
        return [step for step in self.steps if isinstance(step, Activate)]

    @property
    def has_tables(self) -> bool:
        """Whether an activation reads tables, which end at some variance."""
        return any(step.activation.has_tables for step in self.activations)

    @property
    def is_linear(self) -> bool:
        """Whether the network is a linear function of its inputs, however deep."""
        plain = all(isinstance(step.activation, Identity) for step in self.activations)
        return plain and not any(isinstance(step, Normalise) for step in self.steps)

    @property
    def drops_units(self) -> bool:
        """Whether dropout makes even equal rows differ."""
        return any(step.keep < 1 for step in self.activations)

    @property
    def has_biases(self) -> bool:
        """Whether any layer has biases, at the start or trained."""
        return any(step.has_biases for step in self.steps if isinstance(step, Affine))

    def walk(self, x: FloatArray, dtype: npt.DTypeLike = np.float64) -> Iterator[Diagonal]:
        """Run the recursion on the diagonal for inputs (n, d): its state before every step, and at the end.

        Raises:
            KernelRangeError: a variance leaves the range of `dtype`.
            VarianceLimitError: a variance is beyond what an activation takes.
        """
        q, layer = np.einsum("ij,ij->i", x, x) / x.shape[1], 0
        rows = Diagonal(q, np.zeros_like(q), np.ones_like(q))
        for step in self.steps:
            yield replace(rows)
            if isinstance(step, Activate):
                check_limit(rows.q, step.activation.largest_variance, layer)
            layer += isinstance(step, Affine)
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                step.on_diagonal(rows)
            # What overflows in an activation is reported for the layer behind it.
            if not isinstance(step, Activate):
                check_range(rows, layer, dtype)
        yield rows

    def spans(self, x: FloatArray, dtype: npt.DTypeLike = np.float64) -> list[FloatArray]:
        """For every step, the least positive and the largest variance of inputs (n, d) that enter it.

        Raises:
            KernelRangeError, VarianceLimitError: as `walk`.
        """
        return [_ends(rows.q) for rows in self.walk(x, dtype)][:-1]

    def tabulated(self, spans: Sequence[FloatArray]) -> Self:
        """The same network with tables for variances within `spans`; equal activations share theirs.

        Raises:
            PrecisionError: an activation cannot be had to 1e-9 there.
        """
        seen: dict[Activation, list[FloatArray]] = {}
        for step, q in zip(self.steps, spans, strict=True):
            if isinstance(step, Activate):
                seen.setdefault(step.activation, []).append(q)
        tables = {activation: _tabulated(activation, np.concatenate(q)) for activation, q in seen.items()}
        return replace(
            self,
            steps=tuple(
                replace(step, activation=tables[step.activation]) if isinstance(step, Activate) else step
                for step in self.steps
            ),
            tabulated_for=tuple(_ends(q) for q in spans),
        )

    @property
    def table_spans(self) -> list[FloatArray]:
        """The ranges of variances that kernels depend on: those of activations without a closed form."""
        return [
            span
            for step, span in zip(self.steps, self.tabulated_for, strict=False)
            if isinstance(step, Activate) and isinstance(step.activation, Numerical)
        ]

    def rows(self, x: FloatArray, dtype: npt.DTypeLike = np.float64) -> Rows:
        """Prepare inputs (n, d): scale them, and run the recursion on the diagonal alone.

        Raises:
            KernelRangeError, VarianceLimitError: as `walk`.
        """
        read = []
        for step, rows in zip((*self.steps, None), self.walk(x, dtype), strict=True):
            if step is None or step.reads_variances:
                read.append(rows.q)
        # Tables come by columns; products of rows are faster by rows.
        scaled = np.multiply(x, 1 / np.sqrt(x.shape[1]), order="C")
        return Rows(scaled, np.array(read), rows.theta)

    def tile(self, a: Rows, b: Rows, scratch: Scratch, *, ntk: bool) -> tuple[FloatArray, FloatArray]:
        """K and Theta between rows a and b, each (a, b), in arrays of `scratch`; Theta only if `ntk`.

        Any pair of the same row gets the diagonal's value to rounding, wherever in a matrix it stands.
        """
        *_, pairs = self.walk_pairs(a, b, scratch, ntk=ntk)
        return pairs.k, pairs.k if pairs.theta is None else pairs.theta

    def walk_pairs(self, a: Rows, b: Rows, scratch: Scratch, *, ntk: bool) -> Iterator[Pairs]:
        """Run the recursion on a tile, in `scratch` arrays: its state before every step, and at the end."""
        return self._walk_on(self.begin(a, b, scratch, ntk=ntk), a, b, 0)

    def begin(self, a: Rows, b: Rows, scratch: Scratch, *, ntk: bool) -> Pairs:
        """The state of a tile before the first step, in `scratch` arrays: K has the inner products."""
        pairs = self._pairs(a, b, scratch, ntk=ntk)
        np.matmul(a.x, b.x.T, out=pairs.k)
        return pairs

    def tile_from(
        self,
        done: int,
        k: FloatArray,
        theta: FloatArray | None,
        a: Rows,
        b: Rows,
        scratch: Scratch,
        *,
        ntk: bool,
    ) -> tuple[FloatArray, FloatArray]:
        """As `tile`, from the kernels behind the first `done` steps, which end outside of any residual block.

        Args:
            done: the number of steps that the kernels are behind.
            k, theta: (a, b) kernels, which are copied; theta is None while it is 0. Before the first step, k
                has the inner products of the rows' x.
            a, b: rows, prepared for this network.
            scratch: whose arrays receive the tile.
            ntk: whether Theta is wanted.
        """
        pairs = self._pairs(a, b, scratch, ntk=ntk)
        np.copyto(pairs.k, k)
        if theta is not None:
            pairs.theta = pairs.work.pop(0)
            np.copyto(pairs.theta, theta)
        if any(isinstance(step, Activate) for step in self.steps[:done]):
            pairs.tolerance = pairs.later_tolerance
        *_, pairs = self._walk_on(pairs, a, b, done)
        return pairs.k, pairs.k if pairs.theta is None else pairs.theta

    def _pairs(self, a: Rows, b: Rows, scratch: Scratch, *, ntk: bool) -> Pairs:
        """The state that the steps work on, whose K is not filled yet."""
        k, *work = scratch.take((len(a), len(b)), self._tile_arrays)
        # Inner products round in each of d terms; what later layers add is a few operations' worth, unless
        # a skip carries the inner products on.
        tolerance = COSINE_ROUNDING * (1 + 0.25 * np.sqrt(a.x.shape[1]))
        later_tolerance = tolerance if self._has_skips else COSINE_ROUNDING
        return Pairs(k, a.variances[-1], b.variances[-1], ntk, work, tolerance, later_tolerance)

    def _walk_on(self, pairs: Pairs, a: Rows, b: Rows, done: int) -> Iterator[Pairs]:
        """Do the steps behind the first `done`: the state before every one of them, and at the end."""
        read = sum(step.reads_variances for step in self.steps[:done])
        variances = iter(zip(a.variances[read:], b.variances[read:], strict=True))
        for step in self.steps[done:]:
            yield pairs
            if step.reads_variances:
                pairs.q_a, pairs.q_b = next(variances)
            step.on_pairs(pairs)
        yield pairs

    @property
    def _tile_arrays(self) -> int:
        """How many arrays a tile takes: K, Theta, the slope, the activations' and the residual blocks'."""
        work = max((step.activation.work_arrays for step in self.activations), default=1)
        return 3 + work + 2 * self._has_skips

    @property
    def _has_skips(self) -> bool:
        return any(isinstance(step, Branch) for step in self.steps)


def _tabulated(activation: Activation, q: FloatArray) -> Activation:
    """The activation with tables for some positive variances; where there are none, any table will do."""
    return activation.tabulated(float(q.min()), float(q.max())) if q.size else activation.tabulated(1.0, 1.0)


def _ends(q: FloatArray) -> FloatArray:
    """The least positive and the largest of some variances; nothing if there is no positive one."""
    positive = q[q > 0]
    return np.array([positive.min(), positive.max()] if positive.size else [])
