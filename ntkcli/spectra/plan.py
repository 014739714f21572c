"""What decomposing the Gram matrices of a job takes, and how many rows can be afforded."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Self

from ntkcli.errors import ResourceError
from ntkcli.jobs.job import Job
from ntkcli.kernels.tiling import CHUNK_ROWS
from ntkcli.planning.budget import Budget
from ntkcli.planning.duration import STARTUP_SECONDS, Speed
from ntkcli.planning.eigendecomposition import bytes_needed, eigh_numbers
from ntkcli.planning.sizes import Sizes
from ntkcli.planning.work import Work
from ntkcli.regression.kernel import inverted_grams
from ntkcli.solvers.cost import SOLVE_EFFICIENCY
from ntkcli.solvers.eigh import EFFICIENCY, MOST_ROWS
from ntkcli.spectra.course import TIMES
from ntkcli.spectra.summary import SHUFFLES
from ntkcli.units import bytes_text, counted, seconds_text

# Operations for each entry of V, time and column that leave-one-out takes: products with 12 complex nodes.
DELETION_OPERATIONS = 2 * 24
# Arrays of a strip's size while test rows are predicted.
STRIP_ARRAYS = 3
# What is suggested where all rows are too many: as many as fit, but no more than take a moment.
SUGGESTED_ROWS = 5_000


@dataclass(frozen=True)
class SpectrumPlan:
    """What `ntk spectrum` will take, without fits to subsets.

    sizes: of the job.
    grams: how many Gram matrices are decomposed.
    has_ntk: whether the NTK's is among them, which takes the NNGP's too.
    test_rows: how many there are beside the training rows.
    budget: what the spec and the machine allow.
    measure: gives the machine's speed; called only where a duration is wanted.
    """

    sizes: Sizes
    grams: int
    has_ntk: bool
    test_rows: int
    budget: Budget
    measure: Callable[[], Speed]

    @classmethod
    def of(cls, job: Job, measure: Callable[[], Speed] | None = None) -> Self:
        """Plan for a job; the speed is measured with its rows unless it is known."""
        grams = inverted_grams(job.spec.inference.kernel)
        test_rows = len(job.test) if job.dataset.has_test_rows else 0
        measure = measure or partial(Speed.measured, job.evaluator, job.train)
        return cls(job.sizes, len(grams), "ntk" in grams, test_rows, job.budget, measure)

    @cached_property
    def _speed(self) -> Speed:
        return self.measure()

    def memory_bytes(self, rows: int) -> int:
        """Return the peak memory for so many training rows, the interpreter and its libraries included."""
        strip = STRIP_ARRAYS * min(CHUNK_ROWS, self.test_rows) * rows
        return bytes_needed(self.sizes, eigh_numbers(rows) + strip)

    def seconds(self, rows: int) -> float:
        """Return about how long so many training rows will take."""
        work = self._work(replace(self.sizes, n=rows))
        return STARTUP_SECONDS + work.algebra / self._speed.operations + work.entries / self._speed.entries

    def fits(self, rows: int) -> bool:
        """Whether LAPACK and the memory can take so many rows."""
        return rows <= MOST_ROWS and self.memory_bytes(rows) <= self.budget.memory

    def text(self) -> str:
        """Return what all rows take, or what to give instead."""
        n = self.sizes.n
        if self.fits(n):
            return f"about {self._cost_text(n)}"
        remedy = self._remedy()
        return f"{counted(n, 'row')} are too many" + (f": {remedy}" if remedy else "")

    def check(self) -> None:
        """Refuse what LAPACK or the memory cannot take.

        Raises:
            ResourceError: there are too many rows, or there is too little memory.
        """
        n = self.sizes.n
        if self.fits(n):
            return
        if n > MOST_ROWS:
            what = f"spectrum decomposes matrices of {MOST_ROWS:,} training rows at most, and there are {n:,}"
        else:
            what = (
                f"not enough memory: spectrum needs about {bytes_text(self.memory_bytes(n))} for {n:,} "
                f"training rows, and {bytes_text(self.budget.memory)} are free or allowed (compute.memory)"
            )
        raise ResourceError(f"{what}: {self._remedy() or 'use more memory'}")

    def _remedy(self) -> str:
        rows = next(
            (rows for rows in _round_numbers(min(self.sizes.n, SUGGESTED_ROWS)) if self.fits(rows)), 0
        )
        if not rows:
            return ""
        return f"use --rows {rows}, which takes about {self._cost_text(rows)}, or inference.approximation"

    def _cost_text(self, rows: int) -> str:
        return f"{seconds_text(self.seconds(rows))} and {bytes_text(self.memory_bytes(rows))}"

    def _work(self, sizes: Sizes) -> Work:
        n, k = float(sizes.n), sizes.k
        decomposing = 9 * n**3 / EFFICIENCY
        deleting = TIMES * DELETION_OPERATIONS * (1 + k) * n**2 / SOLVE_EFFICIENCY
        rotating = 2 * n**2 * (self.test_rows + SHUFFLES * k) / SOLVE_EFFICIENCY
        prior = 2 * n**3 / SOLVE_EFFICIENCY if self.has_ntk else 0.0
        matrices = self.grams + self.has_ntk
        return Work(
            entries=matrices * n**2 / 2 + self.grams * n * self.test_rows,
            algebra=self.grams * (decomposing + deleting + rotating) + prior,
        )


def _round_numbers(most: int) -> list[int]:
    """Return numbers of one digit and zeros from 10 on, at most `most`, descending."""
    numbers = (digit * 10**power for power in range(1, 6) for digit in range(1, 10))
    return sorted((number for number in numbers if number <= most), reverse=True)
