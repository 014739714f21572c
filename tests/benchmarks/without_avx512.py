"""A command as it runs on a processor without AVX-512: without_avx512.py COMMAND...

numpy and OpenBLAS read their settings when they are imported: the command is a process of its own.
"""

import os
import sys

import numpy as np


def main() -> None:
    """Become the command; where there is no AVX-512 to switch off, with nothing changed but BLAS's kernel."""
    found = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    features = [name for name in found if name == "X86_V4" or name.startswith("AVX512")]
    settings = {"NPY_DISABLE_CPU_FEATURES": " ".join(features), "OPENBLAS_CORETYPE": "Haswell"}
    os.execvpe(sys.argv[1], sys.argv[1:], os.environ | settings)


if __name__ == "__main__":
    main()
