"""Functions of a symmetric operator times many columns, by Chebyshev's polynomials."""

from collections.abc import Callable, Iterator

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.lanczos import Map, Values

# Samples of a function to begin with, and at most.
FEWEST, MOST = 64, 8192
# What the rounding of f's samples may add up to, relative to the largest.
ROUNDING = 128 * float(np.finfo(np.float64).eps)
# How much longer than b a polynomial may make it: more, and the spectrum leaves the interval.
LONGEST = 10.0


def chebyshev_coefficients(
    function: Callable[[FloatArray], Values], bound: float, error: FloatArray
) -> Values:
    """The coefficients c of f(x) = sum_j c_j T_j(2 x / bound - 1) on [0, bound], cut off where they may be.

    Args:
        function: f of an array (p,), real or complex: one function (p,), or some of them (L, p).
        bound: the interval's end, positive.
        error: what the coefficients cut off may add up to, for each function; or rounding if more.

    Returns:
        One more than the degree of them, at the last axis.

    Raises:
        ConvergenceError: MOST samples are not enough.

    Trefethen 2013, chapters 3 and 8.
    """
    count = FEWEST
    while count <= MOST:
        odd = 2 * np.arange(count) + 1
        # Whole turns are left out in integers, or large angles would have large rounding.
        angles = np.outer(odd, np.arange(count // 2)) % (4 * count) * (np.pi / (2 * count))
        values = function(bound * (1 + np.cos(odd * (np.pi / (2 * count)))) / 2)
        found = values @ (np.cos(angles) * (2 / count))
        found[..., 0] /= 2
        sizes = np.abs(found)
        # Smaller ones are the rounding of f.
        sizes[sizes < np.finfo(np.float64).eps * np.abs(values).max(axis=-1, keepdims=True)] = 0.0
        left_out = np.cumsum(sizes[..., ::-1], axis=-1)[..., ::-1]
        rounding = ROUNDING * np.abs(values).max(axis=-1)
        needed = int((left_out > np.maximum(error, rounding)[..., None]).sum(axis=-1).max())
        if needed < count // 4:
            return np.asarray(found[..., : max(needed, 1)])
        count *= 2
    raise ConvergenceError(f"a polynomial of more than {MOST // 4} terms")


def chebyshev_vectors(operator: Map, b: FloatArray, bound: float, count: int) -> Iterator[FloatArray]:
    """T_j(2 A / bound - I) b for j < count, one after another: the arrays (n, c) must not be changed.

    Args:
        operator: multiplies A, symmetric with eigenvalues in [0, bound], with an (n, c) array; the product is
            a new array.
        b: (n, c).
        bound: positive.
        count: of polynomials.

    Raises:
        ConvergenceError: eigenvalues are beyond the bound, as the polynomials grow.
    """
    before, last = b, b
    lengths = np.linalg.norm(b, axis=0)
    for j in range(count):
        if j:
            new = operator(last)
            new *= (2.0 if j == 1 else 4.0) / bound
            new -= last if j == 1 else 2.0 * last
            if j > 1:
                new -= before
            before, last = last, new
            if np.any(np.linalg.norm(last, axis=0) > LONGEST * lengths):
                raise ConvergenceError(f"eigenvalues beyond {bound:.3g}, the bound that was found for them")
        yield last


def chebyshev_degree(time: float, bound: float, tolerance: float) -> float:
    """About the degree that F_t needs on [0, bound] for a relative tolerance.

    F_t is the integral of exp(-s g) for s < t, and so its coefficients are about
    2 t I_j(h) exp(-h) / (j + 1), with Bessel's I_j and h = t bound / 2. Its smallest value is about
    t / (1 + t bound).
    """
    half = min(time * bound, 1e12) / 2
    digits = np.log(1 / tolerance) + np.log1p(2 * half)
    if half <= tolerance:
        return 0.0
    low, high = 1.0, 10.0 + 10.0 * np.sqrt((half + digits) * digits)
    while high - low > 0.1:
        j = (low + high) / 2
        root = np.hypot(j, half)
        left = half - root + j * np.arcsinh(j / half) + np.log(2 * np.pi * root) / 2 + np.log((j + 1) / 2)
        low, high = (j, high) if left < digits else (low, j)
    return float(np.ceil(high) - 1)
