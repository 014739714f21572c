"""What to change in a spec so that its job fits into memory."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ntkcli.regression.question import Uncertainty
from ntkcli.regression.stages import ways

if TYPE_CHECKING:
    from ntkcli.planning.plan import Planner

# For each uncertainty, the one that takes less, and the line of the spec that asks for it.
LESS: dict[Uncertainty, tuple[Uncertainty, str]] = {
    "covariance": ("variance", "output.covariance: false"),
    "variance": ("none", "output.std: false"),
}


def remedies(planner: "Planner") -> str:
    """The changes that make a job fit, as a spec has them, and how many training rows would."""
    return "use " + ", or ".join([*_remedies(planner), "more memory"])


def _remedies(planner: "Planner") -> Iterator[str]:
    question = planner.question
    if _fits(replace(planner, sizes=replace(planner.sizes, itemsize=4))):
        yield f"compute.dtype: {'mixed' if _can_be_mixed(planner) else 'float32'}"
    if planner.choice != "auto" and _fits(replace(planner, choice="auto")):
        yield "compute.solver: auto"
    if question and question.uncertainty in LESS:
        less, line = LESS[question.uncertainty]
        if _fits(replace(planner, question=replace(question, uncertainty=less))):
            yield line
    rows = _largest_rows(planner)
    if rows:
        yield f"{rows} training rows or fewer"


def _can_be_mixed(planner: "Planner") -> bool:
    if planner.question is None:
        return False
    return any(ways(replace(planner.question, refine=True), planner.choice))


def _fits(planner: "Planner") -> bool:
    return planner.fits(planner.best())


def _largest_rows(planner: "Planner") -> int:
    """Nearly the most training rows that fit, by bisection; 0 if hardly any do."""
    low, high = 0, planner.sizes.n
    while high - low > max(1, high // 100):
        middle = (low + high) // 2
        if _fits(replace(planner, sizes=replace(planner.sizes, n=middle))):
            low = middle
        else:
            high = middle
    return low
