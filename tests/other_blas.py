"""pytest with these arguments, under another OpenBLAS kernel than the machine's own.

OPENBLAS_CORETYPE has to be set before numpy is imported: the tests run in a process of their own.
"""

import os
import platform
import subprocess
import sys

import scipy.linalg  # noqa: F401 - brings its BLAS along
from threadpoolctl import threadpool_info

# Any x86-64 processor of the last ten years runs both.
KERNELS = ["Haswell", "Sandybridge"]


def other_kernel() -> str | None:
    """A kernel that the BLAS of this machine does not take by itself; None where there is no choice."""
    own = {pool["architecture"] for pool in threadpool_info() if pool["internal_api"] == "openblas"}
    if not own or platform.machine().lower() not in ("x86_64", "amd64"):
        return None
    return next(kernel for kernel in KERNELS if kernel not in own)


def main() -> int:
    """Run the tests; the exit code is pytest's."""
    kernel = other_kernel()
    if kernel is None:
        sys.stdout.write("no other BLAS kernel to test with: this is not OpenBLAS on x86-64\n")
        return 0
    sys.stdout.write(f"tests under OpenBLAS's kernel for {kernel}\n")
    sys.stdout.flush()
    words = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    return subprocess.run(words, check=False, env=os.environ | {"OPENBLAS_CORETYPE": kernel}).returncode


if __name__ == "__main__":
    sys.exit(main())
