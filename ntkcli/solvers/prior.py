"""The prior: at time 0 nothing is trained, and there is nothing to solve."""

from collections.abc import Collection
from typing import NoReturn

from ntkcli.linalg.operator import ReadableOperator
from ntkcli.solvers.cost import Cost, Extent
from ntkcli.solvers.solver import Factoring, Solver


class Prior(Solver):
    """F_0 = 0."""

    name = "none"
    noun = "the prior"
    summary = "the prior"
    is_choice = False
    reads_gram = False
    places = ("memory", "file", "tiles")

    def groups(self, times: Collection[float]) -> list[list[float]]:
        """Time 0."""
        return [[0.0]] if 0.0 in times else []

    def cost(self, extent: Extent) -> Cost:
        """Nothing."""
        return Cost()

    def factor(self, matrix: ReadableOperator, task: Factoring) -> NoReturn:
        """There is nothing to factor, and nobody may ask."""
        raise ValueError("the prior has nothing to factor")
