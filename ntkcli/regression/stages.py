"""Stages: which solver answers which part of a question, one factorisation each."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

from ntkcli.inference.pathwise import SAMPLES_PER_NOISE, relative_error
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.probes import COUNT as PROBES
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Pair, Question
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.solvers.solver import Solver
from ntkcli.units import percent_text

GRAMS: list[GramName] = ["ntk", "nngp"]


@dataclass(frozen=True)
class PathSampling:
    """Variances from functions of the prior, instead of a solve for every test row.

    count: of functions.
    least_rows: test rows from which on that is done.
    """

    count: int
    least_rows: int = 1

    @property
    def text(self) -> str:
        """What is said of the standard deviations."""
        error = percent_text(relative_error(self.count) / 2)
        return f"standard deviations from {self.count:,} samples, about {error} off or more"


@dataclass(frozen=True)
class Stage:
    """One Gram matrix, factored once, and what is predicted from it.

    gram: the Gram matrix.
    solver: what factors it.
    pairs: what is predicted.
    sampling: how variances of many test rows are had; None for a solve for every row.
    """

    gram: GramName
    solver: Solver
    pairs: tuple[Pair, ...]
    sampling: PathSampling | None = None

    @property
    def kernels(self) -> list[KernelName]:
        """The kernels predicted, each once."""
        return list(dict.fromkeys(kernel for kernel, _ in self.pairs))

    @property
    def times(self) -> list[float]:
        """The times of all kernels, each once, in order."""
        return sorted({time for _, time in self.pairs})

    def is_sampled(self, question: Question, test_rows: int) -> bool:
        """Whether the variances of so many test rows are those of samples."""
        enough = self.sampling is not None and test_rows >= self.sampling.least_rows
        return enough and question.uncertainty == "variance"

    def matrices(self, question: Question) -> list[GramName]:
        """The Gram matrices of the training rows that this stage reads: K too for an ensemble's variance."""
        return question.read_grams(self.kernels) if self.solver.reads_gram else []

    def columns(self, question: Question, outputs: int, test_rows: int) -> int:
        """The right-hand sides of F_t: targets and probes, test rows or samples, and rows left out."""
        if self.sampling and self.is_sampled(question, test_rows):
            test_rows = self.sampling.count + self.sampling.count // SAMPLES_PER_NOISE
        rows = test_rows * question.has_uncertainty + len(question.leave_one_out)
        return len(self.times) * (outputs + PROBES) + len(self.pairs) * rows


def ways(question: Question, choice: str = "auto") -> Iterator[list[Stage]]:
    """Every way to answer a question; ntk comes first, because its variance reads K before that is factored.

    Args:
        question: what is asked; where solutions are refined, solvers that cannot be refined take no part.
        choice: a solver's name, which then answers all that it can, or `auto`.
    """
    by_gram = [(gram, pairs) for gram in GRAMS if (pairs := _pairs(question, gram))]
    solvers = [solver for solver in SOLVERS.values() if _takes_part(solver, question)]
    for combination in product(*(_ways_of(gram, pairs, solvers, choice) for gram, pairs in by_gram)):
        yield [stage for way in combination for stage in way]


def _pairs(question: Question, gram: GramName) -> list[Pair]:
    return [pair for pair in question.pairs if KERNELS[pair.kernel].gram == gram]


def _takes_part(solver: Solver, question: Question) -> bool:
    return solver.can_be_refined or not solver.reads_gram or not question.refine


def _ways_of(
    gram: GramName, pairs: Sequence[Pair], solvers: Sequence[Solver], choice: str
) -> list[list[Stage]]:
    """A way for each solver that may lead, and each that is worth its while for what the lead leaves."""
    times = {time for _, time in pairs}
    if choice == "auto":
        leads = [solver for solver in solvers if solver.is_choice and solver.is_worthwhile(times)]
    else:
        # What is chosen may have no part in this, and leave everything to others.
        chosen = SOLVERS[choice]
        leads = [chosen] if chosen in solvers or not chosen.groups(times) else []
    if not leads and not any(times):
        # The prior alone, which needs nobody to lead.
        leads = list(solvers[:1])
    found: list[list[Stage]] = []
    for lead in leads:
        left = times.difference(*lead.groups(times))
        for second in [solver for solver in solvers if solver.is_worthwhile(left)] or [lead]:
            way = _way(gram, pairs, [lead, second, *solvers])
            is_whole = sum(len(stage.pairs) for stage in way) == len(pairs)
            if is_whole and way not in found and not _is_wasteful(way, choice):
                found.append(way)
    return found


def _is_wasteful(way: Sequence[Stage], choice: str) -> bool:
    """Whether one of the factorisations could answer another stage too; not where that was chosen by name."""
    return any(
        one.solver is not other.solver
        and other.solver.name != choice
        and one.solver.groups({*one.times, *other.times}) == [sorted({*one.times, *other.times})]
        for one, other in permutations(way, 2)
    )


def _way(gram: GramName, pairs: Sequence[Pair], solvers: Sequence[Solver]) -> list[Stage]:
    """What is left open by one solver goes to the next."""
    stages: list[Stage] = []
    open_times = {time for _, time in pairs}
    for solver in solvers:
        for group in solver.groups(open_times):
            stages.append(Stage(gram, solver, tuple(pair for pair in pairs if pair.time in group)))
            open_times -= set(group)
    return sorted(stages, key=_order)


def _order(stage: Stage) -> tuple[bool, bool, float]:
    """The limit first, then finite times, and the prior last."""
    return not stage.solver.reads_gram, math.inf not in stage.times, stage.times[0]
