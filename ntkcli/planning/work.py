"""The arithmetic of a stage."""

from dataclasses import dataclass

from ntkcli.linalg.probes import COUNT as PROBES
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.question import Question
from ntkcli.regression.stages import Stage

# Arithmetic of an entry's layer and feature, in the time of so many operations of a matrix product.
LAYER_OPERATIONS, FEATURE_OPERATIONS = 700, 4
# The share of a matrix product's rate that the others reach.
EFFICIENCY = {"cholesky": 0.85, "eigh": 0.9, "solve": 0.7}
# A factorisation in a file waits for the disk most of the time.
FILE_SLOWDOWN = 4.0
# Steps of Lanczos for each digit of its tolerance, on the whole.
STEPS_A_DIGIT = 2
# Products with the Gram matrix, computed anew, that refining takes.
REFINEMENTS = 4


@dataclass(frozen=True)
class Work:
    """Arithmetic: kernel entries computed, and operations of linear algebra by kind."""

    entries: float = 0.0
    cholesky: float = 0.0
    eigh: float = 0.0
    solve: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(
            self.entries + other.entries,
            self.cholesky + other.cholesky,
            self.eigh + other.eigh,
            self.solve + other.solve,
        )

    @property
    def linear_algebra(self) -> float:
        """Operations of a matrix product that would take as long."""
        return sum((getattr(self, kind) / share for kind, share in EFFICIENCY.items()), 0.0)

    def operations(self, sizes: Sizes) -> float:
        """Operations of a matrix product that would take as long, kernels included."""
        entry = LAYER_OPERATIONS * (sizes.depth - 1) + FEATURE_OPERATIONS * sizes.d
        return self.linear_algebra + self.entries * entry


def stage_work(stage: Stage, sizes: Sizes, question: Question) -> Work:
    """The arithmetic of a stage."""
    n, m, spread = sizes.n, sizes.m, question.spread != "none"
    if stage.solver == "none":
        return Work()
    passes = 1 + REFINEMENTS * question.refine
    entries = passes * n * n / 2 + m * n
    solves = (question.digits * STEPS_A_DIGIT if stage.solver == "lanczos" else 1) * 2.0 * n * n
    columns = 2 * len(stage.times) * (sizes.k + PROBES)
    if stage.solver == "eigh":
        # One rotation for all times; each ensemble is rotated back, and each quadratic form is cheap.
        per_row = 2.0 * n * n * spread
        per_pair = {"ntk": 3.0 * n * n, "nngp": 4.0 * n, "ntkgp": 4.0 * n}
    else:
        per_row = 0.0
        posterior = solves if stage.solver == "lanczos" else solves / 2
        per_pair = {"ntk": solves + n * n, "nngp": posterior, "ntkgp": posterior}
    if question.spread == "covariance":
        entries += m * m / 2
        per_pair = {kernel: work + 2.0 * m * n for kernel, work in per_pair.items()}
    spreads = m * (per_row + sum(per_pair[kernel] for kernel, _ in stage.pairs)) if spread else 0.0
    kind = "eigh" if stage.solver == "eigh" else "cholesky"
    factorisation = {"eigh": 9.0 * n**3, "cholesky": n**3 / 3}[kind]
    return Work(entries=entries, solve=columns * solves + spreads, **{kind: factorisation})
