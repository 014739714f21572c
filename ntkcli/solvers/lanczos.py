"""F_t(G) at finite times near each other, from one Cholesky factorisation: shift-invert Lanczos.

With a pole s > 0, the operator Z = s (G + s I)^{-1} has eigenvalues mu = s / (g + s) in (0, 1], and

    F_t(G) = (G + s I)^{-1} p(Z),    p(mu) = (1 - exp(-k z)) / z / mu,    z = g / s = (1 - mu) / mu,

with k = s t.
For k from about 4 to 75, polynomials of degree 20 to 40 are p to 1e-10 on all of [0, 1], whatever the
spectrum. The last solve, outside of p, is what makes the predictions Theta F_t(G) b as exact as F_t(G) b
itself when t times the largest eigenvalue is huge.

Moret & Novati 2004, van den Eshof & Hochbruck 2006.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import ArraySink, FloatArray, IntArray
from ntkcli.inference.contour import Contour, deletion_contour
from ntkcli.inference.flow import Action, Deletion, Health, relaxation, survival
from ntkcli.inference.leave_one_out import deletion_in_the_limit, unit_columns
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.cholesky import EFFICIENCY, Cholesky
from ntkcli.linalg.contraction import column_dots, contract
from ntkcli.linalg.lanczos import MAX_STEPS, ConvergenceError, KrylovSpaces, Map
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.solvers.solver import (
    DELETION_VECTORS,
    SOLVE_EFFICIENCY,
    SOLVING_VECTORS,
    Cost,
    Extent,
    Factoring,
    Kept,
    Solver,
)
from ntkcli.solvers.stored_cholesky import load_cholesky

# The best value of k = s t is about 12, but a wide range around it will do.
BEST_PRODUCT = 12.0
WIDEST_RATIO = 10.0
COLUMNS_AT_ONCE = 128
# Steps for each digit of the tolerance: on the whole, and hardly ever more.
STEPS_A_DIGIT, MOST_STEPS_A_DIGIT = 2, 3
# What rounding may leave of the tolerance.
WORST_TOLERANCE = 1e-2


class LanczosSolver(Solver):
    """F_t at finite t > 0 near each other, from G + s I = L L^T in the place of G."""

    name = "lanczos"
    noun = "Lanczos"
    summary = "one Cholesky factorisation, then shift-invert Lanczos"
    is_iterative = True
    can_be_in_file = True

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
            peak_bytes=extent.block_bytes,
            kept_bytes=extent.block_bytes,
            solving_vectors=vectors,
            action_vectors=vectors,
            # Bases grow until they serve every node of the contour: far longer than for the mean.
            deletion_vectors=DELETION_VECTORS + MAX_STEPS,
        )

    def factor(self, matrix: SymmetricBlocks, task: Factoring) -> "LanczosFlow":
        """The factor of G + pole I; ConvergenceError where times are so long that this is singular."""
        shift = pole(task.times, matrix.dtype)
        matrix.add_to_diagonal(task.ridge + shift)
        try:
            shifted = Cholesky(matrix, task.advance)
        except SingularMatrixError as error:
            raise ConvergenceError("a shifted matrix that is singular to rounding") from error
        # In a null space of G, every solve has an error of its own; it is of this size.
        rounding = float(np.finfo(matrix.dtype).eps) * (task.largest + task.ridge) / shift
        return LanczosFlow(shifted, shift, max(task.tolerance, min(rounding, WORST_TOLERANCE)))

    def load(self, kept: Kept) -> "LanczosFlow":
        """The factor as it was kept."""
        return LanczosFlow(load_cholesky(kept), kept.numbers["pole"], kept.numbers["tolerance"])


def near_times(times: Collection[float]) -> list[list[float]]:
    """Finite times > 0 in groups that one pole serves well."""
    groups: list[list[float]] = []
    for time in sorted(times):
        if groups and time <= WIDEST_RATIO * groups[-1][0]:
            groups[-1].append(time)
        else:
            groups.append([time])
    return groups


def pole(times: Collection[float], dtype: npt.DTypeLike = np.float64) -> float:
    """The pole s that serves a group of near times.

    It stays well within the range of `dtype`; for shorter times, F_t is t anyway.
    """
    largest: float = float(np.finfo(np.dtype(dtype)).max) ** 0.75
    time = math.sqrt(min(times)) * math.sqrt(max(times))
    return min(largest, BEST_PRODUCT / time) if time > 0 else largest


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
    steps, error: the most that any column took so far, and the largest estimate of its error.
    """

    factor: Cholesky
    pole: float
    tolerance: float
    steps: int = field(default=0, init=False)
    error: float = field(default=0.0, init=False)

    @property
    def health(self) -> LanczosHealth:
        """The pole, and what the iterations took."""
        return LanczosHealth(self.pole, self.tolerance, self.steps, self.error)

    def on(self, b: FloatArray) -> Action:
        """The Krylov spaces of b's columns, which grow as times ask for more."""
        return _LanczosAction(self, b)

    def deletion(self, rows: IntArray, time: float) -> Deletion:
        """By some columns at a time, as each takes a vector for every step."""
        units = unit_columns(self.factor.n, rows)
        if time == math.inf:
            return deletion_in_the_limit(self.on(units), rows)
        contour = deletion_contour(time)
        starts = range(0, len(rows), COLUMNS_AT_ONCE)
        groups = [slice(start, start + COLUMNS_AT_ONCE) for start in starts]
        found = [_delete(self, units[:, group], rows[group], contour) for group in groups]
        weights, images = (np.hstack(arrays) for arrays in zip(*found, strict=True))
        return Deletion(weights, column_dots(weights, images))

    def save(self, name: str, arrays: ArraySink) -> dict[str, float]:
        """The factor, its blocks one after another, and the pole."""
        arrays.write(name, self.factor.lower.flat)
        return {"pole": self.pole, "tolerance": self.tolerance}

    def spaces(self, b: FloatArray) -> KrylovSpaces:
        """Krylov spaces of Z."""
        return KrylovSpaces(lambda v: self.factor.solve(v) * self.pole, b)

    def apply(self, function: Map, spaces: KrylovSpaces, floor: float) -> FloatArray:
        """f(Z) b on the spaces of b, its error relative to it or to `floor` |b|.

        Raises:
            ConvergenceError: the tolerance is not reached.
        """
        applied = spaces.apply(function, self.tolerance, floor)
        self.steps, self.error = max(self.steps, applied.steps), max(self.error, applied.error)
        return applied.value


class _LanczosAction:
    """Works on some columns at a time, because each takes a vector for every step; one group is kept."""

    def __init__(self, flow: LanczosFlow, b: FloatArray) -> None:
        self._flow = flow
        self._b = b
        starts = range(0, b.shape[1], COLUMNS_AT_ONCE)
        self._groups = [b[:, start : start + COLUMNS_AT_ONCE] for start in starts]
        self._kept = flow.spaces(b) if len(self._groups) == 1 else None

    def product(self, time: float) -> FloatArray:
        function = partial(_excess, product=self._flow.pole * time)
        return self._apply(function, 0.0, finish=self._flow.factor.solve)

    def decay(self, time: float) -> FloatArray:
        # What has died out is zero beside what it was, and needs no digits of its own.
        return self._apply(partial(_survival, product=self._flow.pole * time), 1.0, finish=np.asarray)

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        form = contract(self._b, self.product(time), full=full)
        # Symmetric up to the tolerance; now exactly.
        return (form + form.T) / 2

    def _apply(self, function: Map, floor: float, finish: Map) -> FloatArray:
        flow = self._flow
        if self._kept is not None:
            return finish(flow.apply(function, self._kept, floor))
        return np.hstack([finish(flow.apply(function, flow.spaces(group), floor)) for group in self._groups])


def _excess(mu: FloatArray, product: float) -> FloatArray:
    """p(mu), with `product` = k."""
    mu = np.maximum(mu, np.finfo(np.float64).tiny)
    return relaxation((1 - mu) / mu, product) / mu


def _survival(mu: FloatArray, product: float) -> FloatArray:
    """exp(-k z)."""
    mu = np.maximum(mu, np.finfo(np.float64).tiny)
    return survival((1 - mu) / mu, product)


def _delete(
    flow: LanczosFlow, units: FloatArray, rows: IntArray, contour: Contour
) -> tuple[FloatArray, FloatArray]:
    """w and G w, both (n, s).

    With a real h = scale g and a complex z, the real functions h^p / |h + z|^2 are positive, so that Lanczos
    gives all of them relative to themselves. They make 1 / (h + z) = (h + conj z) / |h + z|^2.
    """
    spaces, columns = flow.spaces(units), np.arange(len(rows))
    weights, images = np.zeros(units.shape), np.zeros(units.shape)
    for shift, weight in zip(contour.shifts, contour.weights, strict=True):
        # With |z| = 1, squares neither overflow nor vanish.
        z, scale = shift / abs(shift), contour.scale / abs(shift)
        kernels = (partial(_kernel, scale=scale * flow.pole, shift=z, power=p) for p in range(3))
        zeroth, first, second = (flow.apply(kernel, spaces, 0.0) for kernel in kernels)
        solution = first + np.conj(z) * zeroth
        factors = weight / solution[rows, columns]
        weights += (factors * solution).real
        images += (factors / scale * (second + np.conj(z) * first)).real
    return weights, images


def _kernel(mu: FloatArray, scale: float, shift: complex, power: int) -> FloatArray:
    """h^p / |h + z|^2, where h = scale (1 - mu) / mu."""
    rest = scale * (1 - mu)
    return np.asarray(rest**power * mu ** (2 - power) / np.abs(rest + shift * mu) ** 2)
