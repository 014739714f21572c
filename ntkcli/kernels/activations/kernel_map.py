"""What stands for an activation but is a map of kernels alone."""

from dataclasses import dataclass
from typing import ClassVar, NoReturn

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation, Tile, cosine


@dataclass(frozen=True)
class ExpNormalized(Activation):
    """The map K -> sqrt(q q') exp(gamma (cos + shift)) of a kernel (Shankar et al. 2020); it has no phi.

    Its derivative in c is gamma exp(gamma (cos + shift)).
    """

    gamma: float = 1.0
    shift: float = -1.0
    has_values: ClassVar[bool] = False

    @property
    def homogeneity(self) -> int:
        """1."""
        return 1

    def value(self, x: FloatArray) -> NoReturn:
        """There is none."""
        raise NotImplementedError("exp_normalized maps kernels, and has no phi")

    def derivative(self, x: FloatArray) -> NoReturn:
        """There is none."""
        self.value(x)

    def dual(self, tile: Tile) -> None:
        """The map and its derivative."""
        cos = tile.work[0]
        cosine(tile, out=cos)
        cos += self.shift
        cos *= self.gamma
        np.exp(cos, out=cos)
        np.multiply(cos, np.sqrt(tile.q_a)[:, None], out=tile.c)
        tile.c *= np.sqrt(tile.q_b)
        if tile.slope is not None:
            np.multiply(cos, self.gamma, out=tile.slope)

    def variance(self, q: FloatArray) -> FloatArray:
        """q exp(gamma (1 + shift))."""
        return np.asarray(q * np.exp(self.gamma * (1 + self.shift)))

    def slope(self, q: FloatArray) -> FloatArray:
        """gamma exp(gamma (1 + shift)); for q = 0, where the cosine counts as 0, gamma exp(gamma shift)."""
        return np.asarray(self.gamma * np.exp(self.gamma * (np.where(q > 0, 1.0, 0.0) + self.shift)))
