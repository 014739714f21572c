"""A Cholesky factor among kept arrays."""

from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.solvers.solver import SavedFlow


def load_cholesky(kept: SavedFlow) -> Cholesky:
    """The factor whose lower triangle was kept, its blocks one after another.

    Raises:
        DataError: the array is missing, damaged, or of another size.
    """

    def read(size: int, dtype: np.dtype[Any]) -> FloatArray:
        return kept.arrays.read(kept.name, size, dtype=dtype, mapped=True)

    return Cholesky(SymmetricBlocks(kept.n, dtype=kept.dtype, allocate=read), is_factored=True)
