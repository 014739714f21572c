"""The layer recursion: from two sets of rows to one tile of their NNGP and NTK kernels."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations import COSINE_ROUNDING, Activation, Identity, Tile
from ntkcli.kernels.scratch import Scratch

TILE_ARRAYS = 5


class KernelRangeError(ArithmeticError):
    """The kernel of one row leaves the range of floating point in one layer (counted from 1)."""

    def __init__(self, row: int, layer: int) -> None:
        super().__init__(f"row {row} in layer {layer}")
        self.row = row
        self.layer = layer


@dataclass(frozen=True)
class Rows:
    """Input rows with what the recursion needs of each alone.

    x: (n, d) inputs times sigma_w / sqrt(d).
    variances: (depth, n), K[l](x, x) of layer l = 1 .. depth.
    ntk_diagonal: (n,), Theta[depth](x, x).
    """

    x: FloatArray
    variances: FloatArray
    ntk_diagonal: FloatArray

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice) -> Self:
        """Some of the rows, as views."""
        return type(self)(self.x[rows], self.variances[:, rows], self.ntk_diagonal[rows])

    def diagonal(self, kernel: str) -> FloatArray:
        """k(x, x) of every row, (n,), for kernel "nngp" or "ntk"."""
        return self.variances[-1] if kernel == "nngp" else self.ntk_diagonal


@dataclass(frozen=True)
class Network:
    """An infinitely wide fully-connected network in the NTK parameterisation.

        K[1](x, x')  = sigma_w^2 x.x' / d + sigma_b^2            Theta[1] = K[1]
        K[l+1]       = sigma_w^2 E[phi(u) phi(v)] + sigma_b^2    (u, v) ~ N(0, K[l] on {x, x'})
        Theta[l+1]   = K[l+1] + sigma_w^2 E[phi'(u) phi'(v)] Theta[l]

    depth: number of weight layers: depth - 1 hidden ones and the readout.
    activation: phi, as its duals.
    sigma_w, sigma_b: standard deviations of weights (times sqrt(fan-in)) and biases.

    Lee et al. 2018 (NNGP), Jacot et al. 2018 (NTK).
    """

    depth: int
    activation: Activation
    sigma_w: float
    sigma_b: float

    @property
    def is_linear(self) -> bool:
        """Whether the network is a linear function of its inputs, however deep."""
        return self.depth == 1 or isinstance(self.activation, Identity)

    def rows(self, x: FloatArray, dtype: npt.DTypeLike = np.float64) -> Rows:
        """Prepare inputs (n, d): scale them, and run the recursion on the diagonal alone.

        Raises:
            KernelRangeError: a variance leaves the range of `dtype`.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            # Tables come by columns; products of rows are faster by rows.
            scaled = np.multiply(x, self.sigma_w / np.sqrt(x.shape[1]), order="C")
            q = np.einsum("ij,ij->i", scaled, scaled) + self.sigma_b**2
            variances, theta = [q], q
            for _ in range(self.depth - 1):
                slope = self.sigma_w**2 * self.activation.slope(q)
                q = self.sigma_w**2 * self.activation.variance(q) + self.sigma_b**2
                theta = q + slope * theta
                variances.append(q)
        rows = Rows(scaled, np.array(variances), theta)
        _check_range(rows, dtype)
        return rows

    def tile(self, a: Rows, b: Rows, scratch: Scratch, *, ntk: bool) -> tuple[FloatArray, FloatArray]:
        """K and Theta between rows a and b, each (a, b), in arrays of `scratch`; Theta only if `ntk`.

        Any pair of the same row gets the diagonal's value to rounding, wherever in a matrix it stands.
        """
        k, theta, slope, *work = scratch.take((len(a), len(b)), TILE_ARRAYS)
        # Inner products round in each of d terms; what later layers add is a few operations' worth.
        tolerance = COSINE_ROUNDING * (1 + 0.25 * np.sqrt(a.x.shape[1]))
        np.matmul(a.x, b.x.T, out=k)
        k += self.sigma_b**2
        if ntk:
            np.copyto(theta, k)
        for q_a, q_b in zip(a.variances[:-1], b.variances[:-1], strict=True):
            self.activation.dual(Tile(k, slope if ntk else None, q_a, q_b, work, tolerance))
            tolerance = COSINE_ROUNDING
            k *= self.sigma_w**2
            k += self.sigma_b**2
            if ntk:
                slope *= self.sigma_w**2
                theta *= slope
                theta += k
        return k, theta


def _check_range(rows: Rows, dtype: npt.DTypeLike) -> None:
    limit = np.finfo(np.dtype(dtype)).max
    inside = np.vstack([rows.variances, rows.ntk_diagonal]) <= limit
    if not inside.all():
        layer, row = np.argwhere(~inside)[0]
        raise KernelRangeError(int(row), min(int(layer) + 1, len(rows.variances)))
