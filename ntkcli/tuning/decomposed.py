"""The eigendecomposition of a network's Gram matrix on some of the training rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.product import product
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import ridge_unit
from ntkcli.results.calibration import variance_scale
from ntkcli.spec.inference import InferenceSpec
from ntkcli.tuning.candidates import Candidate


@dataclass(frozen=True)
class Targets:
    """The targets of the n rows that are scored.

    y: (n, k), as the solvers see them.
    scale: (k,), the units that y is in.
    labels: (n,), the classes as integers from 0; None for a regression.
    weights: (n,), how much rows count in a fit; None for 1.
    groups: (n,), numbers of the groups that are left out whole; None for rows by themselves.
    is_noise_known: whether the ridge is the noise of observations for ensembles too.
    """

    y: FloatArray
    scale: FloatArray
    labels: IntArray | None
    weights: FloatArray | None = None
    groups: IntArray | None = None
    is_noise_known: bool = False

    def roots(self, rows: IntArray) -> FloatArray | None:
        """The roots of the weights of some rows, (r, 1); None where all are 1."""
        return None if self.weights is None else np.sqrt(self.weights[rows])[:, None]

    def noise(self, kernel: KernelName, ridge: float) -> float:
        """The variance of an observation of weight 1 around a kernel's function."""
        return ridge if self.is_noise_known else KERNELS[kernel].noise(ridge)


@dataclass(frozen=True)
class Kernels:
    """A network's Gram matrices on the training rows, by name ("nngp", "ntk").

    matrices: (n, n) each.
    diagonals: (n,) each.
    """

    matrices: dict[GramName, FloatArray]
    diagonals: dict[GramName, FloatArray]

    def of(self, gram: GramName, a: IntArray, b: IntArray) -> FloatArray:
        """Return the kernel between some rows and others, (a, b).

        Args:
            gram: the name of the Gram matrix.
            a, b: indices of the rows.
        """
        return np.asarray(self.matrices[gram][np.ix_(a, b)])


def weighted_gram(kernels: Kernels, gram: GramName, rows: IntArray, targets: Targets) -> FloatArray:
    """The Gram matrix of some rows, times the roots of their weights, (r, r)."""
    found, roots = kernels.of(gram, rows, rows), targets.roots(rows)
    return found if roots is None else found * roots * roots.T


class Decomposed:
    """The eigendecomposition M = V diag(g) V^T of one Gram matrix on some rows.

    Args:
        kernels: the Gram matrices of all n rows.
        gram: the name of the one to decompose.
        rows: indices (r,) of the rows, ascending.
        targets: of all n rows. With weights, the matrix and the targets are those times their roots.

    Raises:
        NumericalError: LAPACK's iteration does not converge.
    """

    def __init__(self, kernels: Kernels, gram: GramName, rows: IntArray, targets: Targets) -> None:
        self.kernels, self.gram, self.rows, self.targets = kernels, gram, rows, targets
        self.roots = targets.roots(rows)
        self.spectrum = Spectrum.of(weighted_gram(kernels, gram, rows, targets))
        self.y = targets.y[rows] if self.roots is None else targets.y[rows] * self.roots
        self.smoother = SpectralSmoother(self.spectrum, self.y)

    @cached_property
    def rotated_prior(self) -> FloatArray:
        """The NNGP Gram matrix K of the rows in the eigenbasis, V^T K V, (r, r)."""
        vectors = self.spectrum.vectors
        prior = weighted_gram(self.kernels, "nngp", self.rows, self.targets)
        return product(vectors.T, product(prior, vectors))

    def kernels_with(self, rows: IntArray, gram: GramName) -> FloatArray:
        """The kernels of some of the n rows, without weights, with the decomposition's, (m, r)."""
        found = self.kernels.of(gram, rows, self.rows)
        return found if self.roots is None else found * self.roots.T

    def rate(self, inference: InferenceSpec) -> float:
        """Return the factor that turns a time of the spec into units of the exponent."""
        return inference.rate(self.y.size)

    def regularisation(self, candidate: Candidate, inference: InferenceSpec) -> Regularisation:
        """Return a candidate's ridge as added to the diagonal, and its time in units of the exponent."""
        diagonal = self.kernels.diagonals[self.gram][self.rows]
        weighted = diagonal if self.roots is None else diagonal * self.roots[:, 0] ** 2
        unit = ridge_unit(candidate.ridge_scale, weighted)
        return Regularisation(candidate.ridge * unit, candidate.time * self.rate(inference))

    def left_out(
        self, kernel: KernelName, settings: Sequence[Regularisation], *, with_variance: bool = True
    ) -> Iterator[LeaveOneOut]:
        """Yield the leave-one-out residuals and variances of every row, or those of groups left out.

        For a posterior the variance is that of a noisy observation; for the ensemble, that over its networks,
        and of its noise where that is known.

        Args:
            kernel: its name.
            settings: ridges and times.
            with_variance: whether variances are wanted.
        """
        is_posterior, groups = KERNELS[kernel].is_posterior, self.targets.groups
        prior = self.rotated_prior if with_variance and not is_posterior else None
        own = None if groups is None else groups[self.rows]
        each = self.smoother.left_out(settings, prior, with_variance=with_variance, groups=own)
        for at, found in zip(settings, each, strict=True):
            noise = 0.0 if is_posterior else self.targets.noise(kernel, at.ridge)
            observed = replace(found, variance=found.variance + noise)
            yield observed.unweighed(None if self.roots is None else self.roots[:, 0])

    def variance_scales(
        self, kernel: KernelName, settings: Sequence[Regularisation], given: Literal["auto"] | float
    ) -> FloatArray:
        """Return the factors (p, k) that variances are multiplied by: as given, or fitted by leave-one-out.

        They are NaN where they are to be fitted, time is inf, and M + ridge I is singular to rounding.
        """
        if given != "auto":
            return np.full((len(settings), self.y.shape[1]), given)
        return np.stack([variance_scale(found) for found in self.left_out(kernel, settings)])
