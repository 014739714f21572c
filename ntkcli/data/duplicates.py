"""Duplicates: rows that have the same features as an earlier one."""

import numpy as np

from ntkcli.arrays import FloatArray


def duplicate_rows(x: FloatArray) -> list[tuple[int, int]]:
    """Return every row of x (n, d) that repeats an earlier one as (first, repeat), in order of the repeat."""
    # Adding 0.0 turns -0.0 into 0.0, so that equal rows have equal bytes.
    rows = np.ascontiguousarray(x + 0.0)
    keys = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    origin = first[inverse.ravel()]
    return [(int(origin[i]), int(i)) for i in np.flatnonzero(origin != np.arange(len(x)))]
