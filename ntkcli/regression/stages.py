"""Stages: which solver answers which part of a question, one factorisation each."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

from ntkcli.inference.lanczos_flow import near_times
from ntkcli.regression.question import GRAM_OF, Question

Solver = Literal["none", "cholesky", "eigh", "lanczos"]
SolverChoice = Literal["auto", "cholesky", "eigh", "lanczos"]


@dataclass(frozen=True)
class Stage:
    """One Gram matrix, factored once, and what is predicted from it.

    gram: "ntk" or "nngp".
    solver: "none" for the prior, at time 0.
    pairs: (kernel, time).
    """

    gram: str
    solver: Solver
    pairs: tuple[tuple[str, float], ...]

    @property
    def kernels(self) -> list[str]:
        """The kernels predicted, each once."""
        return list(dict.fromkeys(kernel for kernel, _ in self.pairs))

    @property
    def times(self) -> list[float]:
        """The times of all kernels, each once, in order."""
        return sorted({time for _, time in self.pairs})

    def matrices(self, question: Question) -> list[str]:
        """The Gram matrices of the training rows that this stage reads: K too for the ensemble's spread."""
        return [] if self.solver == "none" else question.grams_of(self.kernels)


def ladders(question: Question, choice: SolverChoice) -> Iterator[list[Stage]]:
    """Every way to answer a question with the solvers allowed; ntk first, because its spread reads K.

    A choice rules where it can: finite times are beyond cholesky, and inf is always its own without eigh.
    """
    grams = [gram for gram in ("ntk", "nngp") if _pairs(question, gram)]
    for ways in product(*(_ways(_pairs(question, gram), gram, choice) for gram in grams)):
        yield [stage for way in ways for stage in way]


def _pairs(question: Question, gram: str) -> list[tuple[str, float]]:
    return [pair for pair in question.pairs if GRAM_OF[pair[0]] == gram]


def _ways(pairs: list[tuple[str, float]], gram: str, choice: SolverChoice) -> Iterator[list[Stage]]:
    """The stages of one Gram matrix: a Cholesky factorisation for each need, or one eigendecomposition."""
    finite = sorted({time for _, time in pairs if 0 < time < math.inf})
    prior = _stages(gram, "none", pairs, [0.0])
    if choice != "eigh":
        limit = _stages(gram, "cholesky", pairs, [math.inf])
        groups = [_stages(gram, "lanczos", pairs, near) for near in near_times(finite)]
        yield sum(groups, limit) + prior
    if choice == "eigh" or (choice == "auto" and finite):
        yield _stages(gram, "eigh", pairs, [*finite, math.inf]) + prior


def _stages(gram: str, solver: Solver, pairs: list[tuple[str, float]], times: list[float]) -> list[Stage]:
    """The stage for some of the times, in a list; an empty list if nothing is asked at these."""
    here = tuple(pair for pair in pairs if pair[1] in times)
    return [Stage(gram, solver, here)] if here else []
