"""Solutions of G x = b for many columns b at once, from products with G: block conjugate gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ntkcli.arrays import BoolArray, FloatArray
from ntkcli.keeping import NOWHERE, Checkpoint, State
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.system import System

MAX_ITERATIONS = 1000
# The residual that the recurrence carries along is compared with the true one so often.
CHECK_EVERY = 10
# A run that has come this much closer may be followed by another; and what a coarse matrix's run is good for.
PROGRESS, COARSE_TOLERANCE = 0.3, 1e-4

# Residuals grow by the root of the condition at most, and move: those of a singular matrix need not.
GROWTH, STILL = 1e8, 1e-12

# Is told of iterations so far and the largest residual over what it should be.
Watch = Callable[[int, float], None]
Arrays = dict[str, FloatArray]


def unwatched(iterations: int, excess: float) -> None:
    """Ignore how far it has come: a `Watch` that shows nothing."""


@dataclass(frozen=True)
class Solved:
    """x (n, c) with the iterations that it took, and its true residual |b - G x| / |b| by column (c,).

    Of a coarse matrix the residual is what its own products leave and what these may be off.
    """

    x: FloatArray
    iterations: int
    residuals: FloatArray


def solve(
    system: System,
    b: FloatArray,
    tolerances: FloatArray,
    watch: Watch = unwatched,
    checkpoint: Checkpoint = NOWHERE,
) -> Solved:
    """Solve G x = b for all columns of b in one growing space, until the true residuals are small.

    Conjugate gradients run until the residual that they carry along is small, or no longer the true one; then
    they begin anew with the true residual as the right-hand side.

    Args:
        system: G.
        b: (n, c).
        tolerances: (c,), of |b - G x| / |b|.
        watch: is told how far it has come.
        checkpoint: keeps the iterates; the same bits come of going on from one.

    Raises:
        ConvergenceError: MAX_ITERATIONS do not do, or rounding stands in the way.
    """
    # Powers of 2, exactly: squares of what is very large or small leave the range of floating point.
    scales = np.ldexp(1.0, np.frexp(np.abs(b).max(axis=0, initial=0.0))[1] - 1)
    b = b / scales
    norms = np.linalg.norm(b, axis=0)
    wanted = tolerances * norms
    x: FloatArray = np.zeros(b.shape)
    rest, iterations = b, 0
    excess = _excess(norms, wanted)
    known = checkpoint.load()
    if known and known.is_result:
        return Solved(known.arrays["x"], known.done, known.arrays["residuals"])
    if known:
        x, rest, excess = known.arrays["x"], known.arrays["rest"], float(known.arrays["excess"][0])
    while True:
        run = _Run(system, rest, _goal(system, rest, wanted), watch, iterations)
        if known:
            run.go_on(known)
            known = None
        keep = partial(_keep, checkpoint, {"x": x, "rest": rest, "excess": np.array([excess])})
        change, iterations = run.solution(keep), run.iterations
        better = x + change
        left, lengths = _left(system, b, better, rest, change, wanted)
        before, excess = excess, _excess(lengths, wanted)
        if excess < before:
            x, rest = better, left
        if excess <= 1.0:
            residuals = np.divide(lengths, norms, out=np.zeros_like(norms), where=norms > 0)
            x = x * scales
            checkpoint.save(State(iterations, {"x": x, "residuals": residuals}, is_result=True))
            return Solved(x, iterations, residuals)
        if not excess < PROGRESS * before or iterations >= MAX_ITERATIONS:
            raise ConvergenceError(_failure(lengths, norms, tolerances, iterations))


def _keep(checkpoint: Checkpoint, before: Arrays, run: "_Run") -> None:
    """Keep what runs before have found, and the iterate of this one."""
    checkpoint.save(State(run.iterations, before | run.iterate))


def _left(
    system: System, b: FloatArray, x: FloatArray, rest: FloatArray, change: FloatArray, wanted: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """b - G x (n, c) and its lengths (c,), after a change of x before which `rest` was left.

    Where a coarse matrix and some rows of the exact one are enough to know that it is small, they do.
    """
    if system.exact is not None:
        left, lengths = system.left_by_rows(b, x, rest, change)
        if _excess(lengths, wanted) <= 1.0:
            return left, lengths
    return system.left(b, x)


def _failure(lengths: FloatArray, norms: FloatArray, tolerances: FloatArray, iterations: int) -> str:
    """What the column that is farthest from its tolerance has reached."""
    residuals = lengths / np.where(norms > 0, norms, 1.0)
    worst = residuals[np.argmax(residuals / tolerances)]
    return f"a residual of {worst:.2g} after {iterations} iterations"


def _goal(system: System, b: FloatArray, wanted: FloatArray) -> FloatArray:
    """What a run should reach for b (n, c): half of what is wanted, as the true residual is more."""
    if system.exact is None:
        return wanted / 2
    coarse: FloatArray = np.maximum(wanted / 2, COARSE_TOLERANCE * np.linalg.norm(b, axis=0))
    return coarse


def _excess(lengths: FloatArray, wanted: FloatArray) -> float:
    """How many times longer than wanted (c,) a residual (c,) is in the worst column; 0 where both are 0."""
    return float(np.divide(lengths, wanted, out=np.zeros_like(lengths), where=lengths > 0).max(initial=0.0))


class _Run:
    """Block conjugate gradients with an orthonormal basis of the residuals, on P^(-1/2) G P^(-1/2).

    Dubrulle 2001, algorithm BCGrQ; O'Leary 1980.
    """

    def __init__(
        self, system: System, b: FloatArray, wanted: FloatArray, watch: Watch, iterations: int
    ) -> None:
        self._system, self._b, self._wanted, self._watch = system, b, wanted, watch
        self._half = system.preconditioner.half_solve
        self.iterations = iterations
        # The transformed b is basis @ weights, and directions are conjugate.
        self._basis, self._weights = _orthonormal(self._half(b))
        self._directions = self._basis
        self._x: FloatArray = np.zeros(b.shape)
        self._residual = b.copy()
        # How long the residual was when it was last compared with the true one.
        self._checked = np.inf

    @property
    def iterate(self) -> Arrays:
        """All that the next iterations depend on."""
        return {
            "basis": self._basis,
            "weights": self._weights,
            "directions": self._directions,
            "change": self._x,
            "residual": self._residual,
            "checked": np.array([self._checked]),
        }

    def go_on(self, state: State) -> None:
        """Go on from an iterate."""
        self.iterations, arrays = state.done, state.arrays
        self._basis, self._weights = arrays["basis"], arrays["weights"]
        self._directions, self._x = arrays["directions"], arrays["change"]
        self._residual, self._checked = arrays["residual"], float(arrays["checked"][0])

    def solution(self, keep: Callable[["_Run"], None]) -> FloatArray:
        """Iterate, and return x (n, c); every iterate may be kept."""
        start = _excess(np.linalg.norm(self._b, axis=0), self._wanted)
        excess = _excess(np.linalg.norm(self._residual, axis=0), self._wanted)
        while excess > 1.0 and self.iterations < MAX_ITERATIONS and self._step():
            excess = _excess(np.linalg.norm(self._residual, axis=0), self._wanted)
            self._watch(self.iterations, excess)
            if self.iterations % CHECK_EVERY == 0:
                is_still = abs(excess - self._checked) <= STILL * excess
                if is_still or excess > GROWTH * start or self._has_strayed():
                    break
                self._checked = excess
            keep(self)
        return self._x

    def _step(self) -> bool:
        """One iteration; False where no direction is left."""
        moved = self._half(self._directions)
        products = self._system.product(moved)
        images = self._half(products)
        inverse = _inverse(self._directions.T @ images)
        if inverse is None:
            return False
        lengths = inverse @ self._weights
        # By the vector that was multiplied, x and the residual fit each other whatever rounding did to it.
        self._x += moved @ lengths
        self._residual -= products @ lengths
        self._basis, rotation = _orthonormal(self._basis - images @ inverse)
        self._weights = rotation @ self._weights
        self._directions = self._basis + self._directions @ rotation.T
        self.iterations += 1
        return True

    def _has_strayed(self) -> bool:
        """Whether a residual that is carried along is no longer the true one, to about half of its length.

        There are two: as it is, and transformed. The latter shrinks on when rounding has made it another one.
        """
        true = self._b - self._system.product(self._x)
        open_columns = np.linalg.norm(true, axis=0) > self._wanted
        carried = self._basis @ self._weights
        return bool(
            np.any(_differ(self._residual, true)[open_columns])
            or np.any(_differ(carried, self._half(true))[open_columns])
        )


def _differ(a: FloatArray, b: FloatArray) -> BoolArray:
    """Whether columns of a and b differ by more than half the length of b's."""
    differ: BoolArray = np.linalg.norm(a - b, axis=0) > np.linalg.norm(b, axis=0) / 2
    return differ


def _orthonormal(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Q (n, c) and R (c, c) with a = Q R."""
    q, r = np.linalg.qr(a)
    return q, r


def _inverse(square: FloatArray) -> FloatArray | None:
    """The inverse of a positive semidefinite matrix (c, c) on its range; None if there is none."""
    if not np.isfinite(square).all():
        return None
    values, vectors = np.linalg.eigh((square + square.T) / 2)
    kept = values > len(values) * np.finfo(np.float64).eps * values[-1]
    if not values[-1] > 0:
        return None
    return np.asarray((vectors[:, kept] / values[kept]) @ vectors[:, kept].T)
