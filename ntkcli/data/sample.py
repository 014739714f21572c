"""A sample of rows."""

import numpy as np

from ntkcli.arrays import IntArray


def sample(available: int, wanted: int, seed: int = 0) -> IntArray:
    """Return the indices of a sample of rows, ascending, the same for a seed; of all if so wanted."""
    order = np.random.default_rng(seed).permutation(available)
    return np.sort(order[:wanted])
