"""Matrix products in threads, with the same digits whatever their number."""

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.threads import cuts, in_threads

# Rows or columns of a strip: fewer take longer, with more threads wait for the last. Strips at most.
STRIP, MOST_STRIPS = 256, 64


def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """A B for A (m, k) and B (k, n), in strips of its rows or of its columns."""
    shape = len(a), b.shape[1]
    out = np.empty(shape, np.result_type(a, b))
    length = max(STRIP, -(-max(shape) // MOST_STRIPS))
    by_rows = shape[0] >= shape[1]

    def multiply(strip: slice) -> None:
        if by_rows:
            np.matmul(a[strip], b, out=out[strip])
        else:
            np.matmul(a, b[:, strip], out=out[:, strip])

    in_threads(multiply, [(strip,) for strip in cuts(max(shape), length)])
    return out
