"""When a symmetric matrix counts as singular."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt


class SingularMatrixError(ArithmeticError):
    """A pivot or an eigenvalue is zero to rounding, or negative.

    row: a row that depends on the others.
    value: the squared pivot or the eigenvalue.
    """

    def __init__(self, row: int, value: float) -> None:
        super().__init__(f"{value:.3g} in row {row}")
        self.row = row
        self.value = value

    def __reduce__(self) -> tuple[Any, ...]:
        """It can be sent by another process."""
        return type(self), (self.row, self.value)


def rounding_level(n: int, dtype: npt.DTypeLike, largest: float) -> float:
    """8 sqrt(n) eps largest: more than rounding leaves of a zero among n values (Higham 2002, section 10.3).

    Args:
        n: rows of the matrix.
        dtype: float64 or float32, with its eps.
        largest: the largest diagonal entry (for pivots) or eigenvalue.
    """
    return 8 * math.sqrt(n) * float(np.finfo(np.dtype(dtype)).eps) * largest
