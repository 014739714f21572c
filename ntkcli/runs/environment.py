"""The environment of a run: versions of the software, and peak memory."""

import platform
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy

import ntkcli
from ntkcli.linalg.threads import blas


def versions() -> dict[str, str]:
    """Return the versions of ntkcli, Python and every library that computes."""
    return {
        "ntkcli": ntkcli.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "pandas": pd.__version__,
        "blas": _blas(blas().info()),
    }


def peak_memory() -> int:
    """Return the peak resident memory of this process, in bytes."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _blas(pools: list[dict[str, Any]]) -> str:
    """Name and version of every BLAS library that is loaded: numpy and scipy each bring one."""
    names = {f"{pool['internal_api']} {pool['version']}" for pool in pools if pool["user_api"] == "blas"}
    return ", ".join(sorted(names))
