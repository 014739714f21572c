"""Kernels that leave the range of floating point, or that of an activation."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.kernels.steps import Diagonal


class KernelRangeError(ArithmeticError):
    """The kernel of one row leaves the range of floating point in one layer (counted from 1)."""

    def __init__(self, row: int, layer: int) -> None:
        super().__init__(f"row {row} in layer {layer}")
        self.row = row
        self.layer = layer

    def __reduce__(self) -> tuple[Any, ...]:
        """It can be sent by another process."""
        return type(self), (self.row, self.layer)


class VarianceLimitError(ArithmeticError):
    """The variance of one row in one layer (counted from 1) is beyond what the activation there takes."""

    def __init__(self, row: int, layer: int, variance: float, limit: float) -> None:
        super().__init__(f"row {row} in layer {layer} has variance {variance:.3g}, limit {limit:.3g}")
        self.row = row
        self.layer = layer
        self.variance = variance
        self.limit = limit

    def __reduce__(self) -> tuple[Any, ...]:
        """It can be sent by another process."""
        return type(self), (self.row, self.layer, self.variance, self.limit)


def check_limit(q: FloatArray, limit: float, layer: int) -> None:
    """Raise VarianceLimitError for the first of the variances (n,) that is beyond the limit."""
    beyond = np.flatnonzero(q >= limit)
    if beyond.size:
        raise VarianceLimitError(int(beyond[0]), layer, float(q[beyond[0]]), limit)


def check_range(rows: Diagonal, layer: int, dtype: npt.DTypeLike) -> None:
    """Raise KernelRangeError for the first row whose kernel `dtype` cannot hold."""
    limit = np.finfo(np.dtype(dtype)).max
    outside = np.flatnonzero(~((rows.q <= limit) & (rows.theta <= limit)))
    if outside.size:
        raise KernelRangeError(int(outside[0]), max(layer, 1))
