"""Why a Gram matrix cannot be inverted, in the words of the user's file and spec."""

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.duplicates import duplicate_rows
from ntkcli.data.table import Table
from ntkcli.errors import NumericalError
from ntkcli.kernels.network import Network
from ntkcli.linalg.singular import SingularMatrixError

REMEDY = "give inference.ridge a value above 0 (such as 1e-3), or a finite inference.time"


def check_invertible(network: Network, diagonals: list[FloatArray], train: Table) -> None:
    """Refuse, before any work, a Gram matrix without ridge that is singular whatever the rounding.

    Args:
        network: whose kernel.
        diagonals: (n,) each, of the Gram matrices that are to be inverted.
        train: the training rows.

    Raises:
        NumericalError: two rows are equal, a row has kernel 0, or a linear network has more rows than
            its kernel has rank; the message names lines.
    """
    x, file = train.x, train.file
    zero = [row for diagonal in diagonals for row in np.flatnonzero(diagonal == 0)]
    if zero:
        row = int(zero[0])
        why = "is so small that it counts as 0" if x[row].any() else "is 0, as all its features are"
        raise NumericalError(
            f"{train.place(row)}: without biases, the kernel of this row {why}: "
            f"give network.sigma_b a value above 0, or {REMEDY}"
        )
    if network.drops_units:
        # Dropout adds to the diagonal.
        return
    repeats = duplicate_rows(x)
    if repeats:
        first, second = (train.line(row) for row in repeats[0])
        more = f" ({len(repeats)} rows repeat others)" if len(repeats) > 1 else ""
        raise NumericalError(
            f"{file.path}: lines {first} and {second} have the same features{more}, so the Gram matrix is "
            f"singular: {REMEDY}"
        )
    rank = x.shape[1] + network.has_biases
    if network.is_linear and len(x) > rank:
        raise NumericalError(
            f"{file.path}: a linear network on {x.shape[1]} features has a Gram matrix of rank {rank} at "
            f"most, and there are {len(x)} rows: {REMEDY}"
        )


def explain(error: SingularMatrixError, train: Table, dtype: str) -> NumericalError:
    """What a failed factorisation in `dtype` means for the user."""
    more_digits = "use compute.dtype: float64, " if dtype == "float32" else ""
    return NumericalError(
        f"{train.place(error.row)}: the Gram matrix is singular to rounding: to the kernel, this "
        f"row is nearly a combination of others (smallest pivot or eigenvalue {error.value:.2g}): "
        f"{more_digits}raise inference.ridge, or stop at a finite inference.time"
    )
