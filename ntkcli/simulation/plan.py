"""What a simulation takes: memory before it begins, and the work of every network."""

from dataclasses import dataclass
from typing import Self

from ntkcli.errors import ResourceError
from ntkcli.jobs.job import Job
from ntkcli.planning.budget import Budget
from ntkcli.simulation.experiment import Draw
from ntkcli.simulation.simulation import Simulation
from ntkcli.solvers.eigh import MOST_ROWS
from ntkcli.spec.simulate import SimulateSpec
from ntkcli.units import bytes_text

ITEM = 8
# Copies of the parameters: now, at the start, at the start for the ridge, and two while they are compared.
# Without training there is one.
TRAINED_COPIES = 5
# Arrays (rows, width) of a layer: what enters it, leaves it, and the gradient by that with its work space.
LAYER_ARRAYS = 4
# Matrices (n, n) of the exact kernels, their eigenvectors, and work space.
EXACT_MATRICES = 8
# Copies of the predictions: as kept, by width, and in tables.
OUTCOME_COPIES = 3
# Operations of a matrix product in the time of drawing a normal number, and of a step's other work for each
# layer, and the share of a matrix product's rate that training reaches.
DRAWING, STEPPING, EFFICIENCY = 1500.0, 1.5e7, 0.6


@dataclass(frozen=True)
class SimulationPlan:
    """The sizes of a simulation, and what follows from them.

    n, m, d, k: training rows, test rows, features and outputs.
    depth: of the networks.
    times: at which networks are looked at, about.
    workers: networks at work at once.
    base: bytes that every job takes.
    settings: the spec's simulate section.
    """

    n: int
    m: int
    d: int
    k: int
    depth: int
    times: int
    workers: int
    base: int
    settings: SimulateSpec

    @classmethod
    def of(cls, job: Job, settings: SimulateSpec) -> Self:
        """Plan the simulation of a spec."""
        sizes = job.sizes
        n, m = min(sizes.n, settings.rows), min(sizes.m, settings.rows)
        # With 0, and those on the way to inf.
        times = len(job.spec.inference.times) + 7
        return cls(n, m, sizes.d, sizes.k, sizes.depth, times, sizes.threads, sizes.base, settings)

    @property
    def memory_bytes(self) -> int:
        """Of the whole process at its peak."""
        exact = EXACT_MATRICES * self.n**2 + 4 * self.n * self.m
        largest = max(self._numbers(width) for width in self.settings.widths)
        return self.base + ITEM * (exact + self.workers * largest + OUTCOME_COPIES * self._kept)

    @property
    def _kept(self) -> int:
        """Numbers of predictions that are kept until all networks are there."""
        trained = sum(width <= self.settings.largest_trained for width in self.settings.widths)
        return trained * self.settings.seeds * self.times * self.m * self.k

    def _numbers(self, width: int) -> int:
        """Numbers in memory while a network of some width is at work."""
        rows = self.n + self.m
        if width > self.settings.largest_trained:
            return self._parameters(width) + LAYER_ARRAYS * self.depth * self.n * width + 5 * self.n**2
        passes = (LAYER_ARRAYS + self.k) * self.depth * rows * width
        kernels = (2 * self.depth + 1) * rows * self.n * self.k**2
        return TRAINED_COPIES * self._parameters(width) + passes + kernels

    def _parameters(self, width: int) -> int:
        if self.depth == 1:
            return self.d * self.k
        return width * (self.d + self.k + (self.depth - 2) * width)

    def check(self, budget: Budget) -> None:
        """Refuse what the memory cannot take.

        Raises:
            ResourceError: too many rows, or too little memory.
        """
        if self.n > MOST_ROWS:
            raise ResourceError(
                f"simulate.rows: an eigendecomposition takes {MOST_ROWS:,} at most: use fewer"
            )
        if self.memory_bytes > budget.memory:
            raise ResourceError(
                f"not enough memory: this simulation needs about {bytes_text(self.memory_bytes)}, and "
                f"{bytes_text(budget.memory)} are free or allowed (compute.memory): use narrower "
                "simulate.widths, a smaller simulate.largest_trained, fewer simulate.rows or compute.threads"
            )

    def work(self, draw: Draw, simulation: Simulation) -> float:
        """Operations of a matrix product that would take as long as a draw."""
        parameters, rows = self._parameters(draw.width), self.n + self.m
        work = parameters * (DRAWING + 4 * self.n)
        if draw.width <= self.settings.largest_trained:
            passes = 2 * parameters * (2 * rows * (self.k + len(simulation.times)))
            work += passes + simulation.steps * (6 * self.n * parameters / EFFICIENCY + STEPPING * self.depth)
            work += simulation.steps * 2 * (self.n * self.k) ** 2
        return work

    def seconds(self, simulation: Simulation, rate: float) -> float:
        """About how long all networks take, at a rate of operations a second on all threads."""
        return sum(self.work(draw, simulation) for draw in simulation.draws) / rate
