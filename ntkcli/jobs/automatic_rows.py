"""The rows that `auto` is found by, and the memory that this takes."""

from ntkcli.planning.budget import Budget
from ntkcli.planning.eigendecomposition import ITEM, bytes_needed, eigh_numbers
from ntkcli.planning.sizes import Sizes

# Rows to choose by, at most: a ridge in units of the trace suits more rows just as well.
ROWS, FEWEST_ROWS = 2000, 250


def automatic_rows(sizes: Sizes, budget: Budget) -> int:
    """Return the number of training rows that `auto` is found by: 2,000, or fewer where memory is scarce."""
    rows = min(ROWS, sizes.n)
    while rows > FEWEST_ROWS and bytes_needed(sizes, automatic_numbers(rows)) > budget.memory:
        rows = max(FEWEST_ROWS, rows // 2)
    return rows


def automatic_numbers(rows: int) -> int:
    """Return the numbers in memory: the blocks become a whole matrix; squares of eigenvectors follow."""
    return eigh_numbers(rows) + rows**2 + rows**2 // 2


def automatic_bytes(sizes: Sizes, budget: Budget) -> int:
    """Return the bytes that finding `auto` takes at its peak, beside the base."""
    return ITEM * automatic_numbers(automatic_rows(sizes, budget))
