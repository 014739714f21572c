"""The kernels that predictions can be made with, and what is special to each."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ntkcli.kernels.rows import GramName

KernelName = Literal["ntk", "nngp", "ntkgp"]


@dataclass(frozen=True)
class Kernel:
    """A kernel, by the Gram matrices that its predictions are made from.

    gram: the Gram matrix that is inverted.
    prior: the covariance of the functions before training.
    has_finite_times: whether there are predictions at times other than inf.
    """

    name: KernelName
    gram: GramName
    prior: GramName
    has_finite_times: bool = True

    @property
    def is_posterior(self) -> bool:
        """Whether predictions are a Gaussian process's posterior; else they are an ensemble of networks."""
        return self.gram == self.prior

    def exists_at(self, time: float) -> bool:
        """Whether there are predictions at a time."""
        return self.has_finite_times or time == math.inf

    def noise(self, ridge: float) -> float:
        """The variance of an observation around the function: the ridge, for a posterior."""
        return ridge if self.is_posterior else 0.0

    def grams(self, *, with_uncertainty: bool) -> set[GramName]:
        """The Gram matrices that predictions read; an ensemble's uncertainty reads the prior's as well."""
        return {self.gram, self.prior} if with_uncertainty else {self.gram}


KERNELS: dict[KernelName, Kernel] = {
    kernel.name: kernel
    for kernel in (
        # All layers are trained (Lee et al. 2019).
        Kernel("ntk", gram="ntk", prior="nngp"),
        # The readout alone is trained; at time inf the exact Bayesian posterior (Lee et al. 2018).
        Kernel("nngp", gram="nngp", prior="nngp"),
        # The posterior with the NTK as its covariance (He, Lakshminarayanan & Teh 2020).
        Kernel("ntkgp", gram="ntk", prior="ntk", has_finite_times=False),
    )
}


def inverted_grams(kernels: Collection[KernelName]) -> list[GramName]:
    """The Gram matrices that some kernels' predictions invert, each once."""
    return sorted({KERNELS[kernel].gram for kernel in kernels})
