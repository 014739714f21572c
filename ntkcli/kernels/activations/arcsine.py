"""arcsin x where sqrt(1 - x^2) is known, quick on processors too that numpy has no vectors for."""

from functools import cache

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.horner import horner

# P and Q of arcsin x = x + x (1 - r) P(r) / Q(r), r = sqrt(1 - x^2), constant first. As arcsin(x) / x =
# arccos(r) / sqrt(1 - r^2) is a Stieltjes function of r, cut from -1 downwards, the coefficients of such
# quotients are positive, and nothing cancels. This one is the minimax of the relative error on [0, 1], 7e-18,
# found by Remez's exchange in 60 digits and then rounded. At r = 0 it is pi / 2 - 1: arcsin(+-1) is exact.
P = [
    np.pi / 2 - 1,
    1.3177870645625775,
    1.0785930142401778,
    0.37473967508553996,
    0.051475165623581697,
    0.0019572330799617456,
]
Q = [
    1.0,
    3.060620147255116,
    3.5669955077816438,
    1.9726885754378987,
    0.5243151373243914,
    0.05943884675008521,
    0.001987223611101487,
]
# Entries that are worked on at once: few enough to stay in the cache, and enough for numpy's calls to cost
# little beside them.
ENTRIES = 16384


def arcsine(x: FloatArray, root: FloatArray, *, out: FloatArray, work: FloatArray) -> None:
    """Fill `out` with arcsin x, to 2 ulp: exact for x = 0 and +-1, and odd.

    Args:
        x: (a, b), from -1 to 1.
        root: (a, b), sqrt(1 - x^2).
        out, work: (a, b), neither of them x or root; work is overwritten.
    """
    if numpy_has_vectors():
        np.arcsin(x, out=out)
    else:
        by_quotient(x, root, out=out, work=work)


@cache
def numpy_has_vectors() -> bool:
    """Whether numpy computes several arcsines at once on this processor, as it does with AVX-512 on Linux."""
    try:
        from numpy.lib.introspect import opt_func_info
    except ImportError:
        # numpy 1.26 does not tell.
        return False
    found = opt_func_info("^arcsin$", "float64").get("arcsin", {}).get("dd", {})
    return not found.get("current", "baseline").startswith("baseline")


def by_quotient(x: FloatArray, root: FloatArray, *, out: FloatArray, work: FloatArray) -> None:
    """Fill `out` with arcsin x by multiplications and a division, for which any processor has vectors."""
    rows = max(1, ENTRIES // max(1, x.shape[1]))
    for start in range(0, len(x), rows):
        strip = slice(start, start + rows)
        horner(P, root[strip], out=out[strip])
        horner(Q, root[strip], out=work[strip])
        out[strip] /= work[strip]
        np.subtract(1.0, root[strip], out=work[strip])
        out[strip] *= work[strip]
        out[strip] *= x[strip]
        out[strip] += x[strip]
