"""What tuning takes: eigendecompositions of whole matrices, refused where they do not fit."""

from ntkcli.errors import ResourceError
from ntkcli.planning.budget import Budget
from ntkcli.planning.sizes import Sizes
from ntkcli.solvers.eigh import MATRICES, MOST_ROWS
from ntkcli.units import bytes_text

ITEM = 8
# Arrays of moderate size: those with a column for every candidate, and copies of them.
BESIDE_BYTES = 128 * 2**20


def eigh_numbers(rows: int) -> int:
    """Numbers in memory while a matrix of so many rows is decomposed."""
    return MATRICES * rows**2


def bytes_needed(sizes: Sizes, numbers: int) -> int:
    """Of the whole process, with so many numbers in float64 at the peak."""
    return sizes.base + ITEM * numbers + BESIDE_BYTES


def check_memory(sizes: Sizes, budget: Budget, numbers: int, *, factored: int, what: str) -> None:
    """Refuse what LAPACK or the memory cannot take.

    Args:
        sizes: of the data.
        budget: what the spec and the machine allow.
        numbers: in float64, that there are at the peak.
        factored: rows of the largest matrix that is decomposed.
        what: needs them, for the message.

    Raises:
        ResourceError: too many rows, or too little memory.
    """
    if factored > MOST_ROWS:
        raise ResourceError(
            f"{what} takes eigendecompositions, of {MOST_ROWS:,} training rows at most, and there are "
            f"{factored:,}: use fewer rows"
        )
    needed = bytes_needed(sizes, numbers)
    if needed > budget.memory:
        raise ResourceError(
            f"not enough memory: {what} needs about {bytes_text(needed)} for {sizes.n:,} training rows, and "
            f"{bytes_text(budget.memory)} are free or allowed (compute.memory): use fewer rows or more memory"
        )
