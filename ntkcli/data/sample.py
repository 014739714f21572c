"""A sample of rows."""

import numpy as np

from ntkcli.arrays import IntArray

SEED = 0


def sample(available: int, wanted: int) -> IntArray:
    """Return the indices of a sample of rows, ascending, drawn with a fixed seed; of all if so wanted."""
    order = np.random.default_rng(SEED).permutation(available)
    return np.sort(order[:wanted])
