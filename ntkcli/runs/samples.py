"""Functions drawn at the test rows, written into a run directory."""

from pathlib import Path

import numpy as np

from ntkcli.arrays import FloatArray


def write_samples(folder: Path, name: str, functions: FloatArray) -> None:
    """Write draws (count, m, k) in the targets' units: (count, m) for one target.

    Args:
        folder: gets NAME.npy.
        name: kernel and time, such as ntkgp_tinf.
        functions: the draws.
    """
    single = functions.shape[2] == 1
    np.save(folder / f"{name}.npy", functions[:, :, 0] if single else functions, allow_pickle=False)
