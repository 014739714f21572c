"""F_t(G) at finite times near each other, from one Cholesky factorisation: shift-invert Lanczos.

See `shift_invert` for the mathematics.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ntkcli.arrays import ArraySink, FloatArray, IntArray
from ntkcli.inference.contour import Contour, deletion_contour
from ntkcli.inference.flow import Action, Deletion, Health
from ntkcli.inference.leave_one_out import deletion_in_the_limit, unit_columns
from ntkcli.kernels.tiling import strips
from ntkcli.linalg.cholesky import EFFICIENCY, Cholesky
from ntkcli.linalg.contraction import column_dots, contract
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.lanczos import MAX_STEPS, WORST_TOLERANCE, Function, KrylovSpaces, Map, Values
from ntkcli.linalg.operator import ReadableOperator
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.solvers.cost import DELETION_VECTORS, SOLVE_EFFICIENCY, SOLVING_VECTORS, Cost, Extent
from ntkcli.solvers.shift_invert import excess, near_times, pole, remainder, resolvent
from ntkcli.solvers.solver import Factoring, KeepingSolver, SavedFlow, as_blocks
from ntkcli.solvers.stored_cholesky import load_cholesky

COLUMNS_AT_ONCE = 128
# Bases that serve every node of a contour are so many times longer than for the mean.
DELETION_SLOWDOWN = 4.0
# Steps for each digit of the tolerance: on the whole, and hardly ever more.
STEPS_A_DIGIT, MOST_STEPS_A_DIGIT = 2, 3


class LanczosSolver(KeepingSolver):
    """F_t at finite t > 0 near each other, from G + s I = L L^T in the place of G."""

    name = "lanczos"
    noun = "Lanczos"
    summary = "one Cholesky factorisation, then shift-invert Lanczos"
    is_iterative = True
    places = ("memory", "file")

    def groups(self, times: Collection[float]) -> list[list[float]]:
        """Finite times in groups that one pole serves well."""
        return near_times({time for time in times if 0 < time < math.inf})

    def cost(self, extent: Extent) -> Cost:
        """n^3 / 3, and a solve for every step; bases take a vector for each."""
        solve = 2.0 * extent.n**2 / SOLVE_EFFICIENCY
        solves = extent.digits * STEPS_A_DIGIT * solve
        vectors = SOLVING_VECTORS + min(MAX_STEPS, round(extent.digits * MOST_STEPS_A_DIGIT))
        return Cost(
            factoring=extent.n**3 / 3 / EFFICIENCY,
            solving=solves,
            posterior=solves,
            ensemble=solves + solve / 2,
            deletion=solves * DELETION_SLOWDOWN,
            peak_bytes=extent.block_bytes,
            kept_bytes=extent.block_bytes,
            solving_vectors=vectors,
            action_vectors=vectors,
            # Bases grow until they serve every node of the contour: far longer than for the mean.
            deletion_vectors=DELETION_VECTORS + MAX_STEPS,
        )

    def factor(self, matrix: ReadableOperator, task: Factoring) -> "LanczosFlow":
        """The factor of G + pole I; ConvergenceError where times are so long that this is singular."""
        shift = pole(task.times, matrix.dtype)
        blocks = as_blocks(matrix)
        blocks.add_to_diagonal(task.ridge + shift)
        try:
            shifted = Cholesky(blocks, task.advance)
        except SingularMatrixError as error:
            raise ConvergenceError("a shifted matrix that is singular to rounding") from error
        # Every solve has an error of its own. In a null space of G, that of G is of this size beside it.
        eps = float(np.finfo(matrix.dtype).eps)
        rounding = eps * (task.largest + task.ridge) / shift
        allowed = max(task.tolerance, min(rounding, WORST_TOLERANCE))
        return LanczosFlow(shifted, shift, allowed, eps + rounding)

    def load(self, kept: SavedFlow) -> "LanczosFlow":
        """The factor as it was kept."""
        # Models of before that was known have no `rounding`.
        rounding = kept.numbers.get("rounding", 0.0)
        return LanczosFlow(load_cholesky(kept), kept.number("pole"), kept.number("tolerance"), rounding)


@dataclass(frozen=True)
class LanczosHealth(Health):
    """The pole and the tolerance; the most steps that any column took, and the largest estimated error."""

    pole: float
    tolerance: float
    steps: int
    estimated_error: float


@dataclass
class LanczosFlow:
    """F_t for times near each other.

    factor: of G + pole I.
    tolerance: relative, of every column.
    rounding: of a solve, relative: the error of Z v for |v| = 1.
    steps, error: the most that any column took so far, and the largest estimate of its error.
    """

    factor: Cholesky
    pole: float
    tolerance: float
    rounding: float = 0.0
    steps: int = field(default=0, init=False)
    error: float = field(default=0.0, init=False)

    @property
    def health(self) -> LanczosHealth:
        """The pole, and what the iterations took."""
        return LanczosHealth(self.pole, self.tolerance, self.steps, self.error)

    def on(self, b: FloatArray) -> Action:
        """The Krylov spaces of b's columns, which grow as times ask for more."""
        return _LanczosAction(self, b)

    def deletion(self, rows: IntArray, time: float, *, with_quadratic: bool) -> Deletion:
        """By some columns at a time, as each takes a vector for every step."""
        units = unit_columns(self.factor.n, rows)
        if time == math.inf:
            return deletion_in_the_limit(self.on(units), rows)
        contour = deletion_contour(time)
        groups = strips(slice(0, len(rows)), COLUMNS_AT_ONCE)
        delete = partial(self._delete, contour=contour, with_images=with_quadratic)
        found = [delete(units[:, group], rows[group]) for group in groups]
        weights, images = (np.hstack(arrays) for arrays in zip(*found, strict=True))
        return Deletion(weights, column_dots(weights, images) if with_quadratic else None)

    def _delete(
        self, units: FloatArray, rows: IntArray, contour: Contour, *, with_images: bool
    ) -> tuple[FloatArray, FloatArray]:
        """w and G w, both (n, s), or zeros instead of G w.

        With h = scale g they come from 1 / (h + z) and from h / (h + z), each with a relative error of its
        own: neither has the other's digits where h is small or large.
        """
        spaces, columns = self.spaces(units), np.arange(len(rows))
        weights, images = np.zeros(units.shape), np.zeros(units.shape)
        for shift, weight in zip(contour.shifts, contour.weights, strict=True):
            # With |z| = 1, nothing overflows.
            z, scale = shift / abs(shift), contour.scale / abs(shift)
            function = partial(resolvent, scale=scale * self.pole, shift=z)
            solution = self.apply(function, spaces, 0.0)
            factors = weight / solution[rows, columns]
            weights += (factors * solution).real
            if with_images:
                image = self.apply(partial(function, power=1), spaces, 0.0)
                images += (factors / scale * image).real
        return weights, images

    def save(self, name: str, arrays: ArraySink) -> dict[str, float]:
        """The factor, its blocks one after another, and the pole."""
        arrays.write(name, self.factor.lower.flat)
        return {"pole": self.pole, "tolerance": self.tolerance, "rounding": self.rounding}

    def spaces(self, b: FloatArray) -> KrylovSpaces:
        """Krylov spaces of Z."""
        return KrylovSpaces(lambda v: self.factor.solve(v) * self.pole, b, self.rounding)

    def apply(self, function: Function, spaces: KrylovSpaces, floor: float) -> Values:
        """f(Z) b on the spaces of b, its error relative to it or to `floor` |b|.

        Raises:
            ConvergenceError: neither the tolerance is reached nor what rounding allows.
        """
        applied = spaces.apply(function, self.tolerance, floor)
        self.steps, self.error = max(self.steps, applied.steps), max(self.error, applied.error)
        return applied.value


class _LanczosAction:
    """Works on some columns at a time, because each takes a vector for every step; one group is kept."""

    def __init__(self, flow: LanczosFlow, b: FloatArray) -> None:
        self._flow = flow
        self._b = b
        self._groups = [b[:, group] for group in strips(slice(0, b.shape[1]), COLUMNS_AT_ONCE)]
        self._kept = flow.spaces(b) if len(self._groups) == 1 else None

    def product(self, time: float) -> FloatArray:
        function = partial(excess, product=self._flow.pole * time)
        return self._apply(function, 0.0, finish=self._flow.factor.solve)

    def decay(self, time: float) -> FloatArray:
        # What has died out is zero beside what it was, and needs no digits of its own.
        return self._apply(partial(remainder, product=self._flow.pole * time), 1.0, finish=np.asarray)

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        form = contract(self._b, self.product(time), full=full)
        # Symmetric up to the tolerance; now exactly.
        return (form + form.T) / 2

    def _apply(self, function: Map, floor: float, finish: Map) -> FloatArray:
        flow = self._flow
        if self._kept is not None:
            return finish(flow.apply(function, self._kept, floor))
        return np.hstack([finish(flow.apply(function, flow.spaces(group), floor)) for group in self._groups])
