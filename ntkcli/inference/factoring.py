"""From a Gram matrix to its flow: the factorisation that a solver's name stands for."""

import math
from collections.abc import Collection
from typing import Literal

import numpy as np

from ntkcli.inference.flow import CholeskyFlow, Flow, SpectralFlow
from ntkcli.inference.lanczos_flow import LanczosFlow, pole
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.lanczos import WORST_TOLERANCE, ConvergenceError
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.progress import Advance


def factor(
    matrix: SymmetricBlocks,
    ridge: float,
    solver: Literal["cholesky", "eigh", "lanczos"],
    times: Collection[float],
    *,
    tolerance: float,
    largest: float,
    advance: Advance,
) -> Flow:
    """Factor G = matrix + ridge I for F_t(G) at all of the times.

    Args:
        matrix: (n, n), used up: its memory is overwritten.
        ridge: lambda >= 0, absolute.
        solver: "cholesky" for inf alone, "lanczos" for finite times near each other, "eigh" for any.
        times: t > 0 or inf, in units of the exponent.
        tolerance: relative, of Lanczos, as far as rounding allows.
        largest: the matrix's largest eigenvalue, or an estimate of it.
        advance: called with the number of blocks finished.

    Raises:
        SingularMatrixError: inf is among the times and G is singular to rounding.
        ConvergenceError: Lanczos cannot begin: times are so long that G + pole I is singular to rounding.
    """
    match solver:
        case "cholesky":
            matrix.add_to_diagonal(ridge)
            return CholeskyFlow(Cholesky(matrix, advance))
        case "lanczos":
            shifted, shift = _shifted(matrix, ridge, times, advance)
            # Every solve has an error of its own. In a null space of G, that of G is of this size beside it.
            eps = float(np.finfo(matrix.dtype).eps)
            rounding = eps * (largest + ridge) / shift
            allowed = max(tolerance, min(rounding, WORST_TOLERANCE))
            return LanczosFlow(shifted, shift, allowed, eps + rounding)
    full = matrix.to_array()
    del matrix
    spectrum = Spectrum(full)
    if math.inf in times:
        spectrum.check_positive(ridge)
    return SpectralFlow(spectrum, ridge)


def _shifted(
    matrix: SymmetricBlocks, ridge: float, times: Collection[float], advance: Advance
) -> tuple[Cholesky, float]:
    """The factor of G + pole I, and the pole."""
    shift = pole(times, matrix.dtype)
    matrix.add_to_diagonal(ridge + shift)
    try:
        return Cholesky(matrix, advance), shift
    except SingularMatrixError as error:
        raise ConvergenceError("a shifted matrix that is singular to rounding") from error
