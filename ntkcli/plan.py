"""What a job will need, known before anything large is allocated."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ntkcli.errors import ResourceError
from ntkcli.linalg.blocks import block_bytes

CHUNK_ROWS = 512
CHUNK_ARRAYS = 6
OVERHEAD_BYTES = 160 * 2**20


@dataclass(frozen=True)
class Plan:
    """Memory and disk of a job.

    memory_bytes: at the peak, the interpreter and its libraries included.
    disk_bytes: of the matrices written.
    """

    memory_bytes: int
    disk_bytes: int

    def check(self, folder: Path) -> None:
        """Check the plan against the memory that is free and the disk under `folder`.

        Raises:
            ResourceError: one of them is too small.
        """
        memory = available_memory()
        if self.memory_bytes > memory:
            raise ResourceError(
                f"not enough memory: this job needs about {_gib(self.memory_bytes)}, and {_gib(memory)} "
                "are free: use fewer rows, compute.dtype: float32, or a larger machine"
            )
        disk = shutil.disk_usage(_existing(folder)).free
        if self.disk_bytes > disk:
            raise ResourceError(
                f"not enough disk: the matrices asked for need {_gib(self.disk_bytes)}, and {_gib(disk)} "
                f"are free under {folder}: ask for fewer of output.kernels, or write elsewhere with --out"
            )


def plan_fit(
    n: int, m: int, *, grams: int, solver: str, covariance: bool, matrices: Sequence[str], dtype: str
) -> Plan:
    """Plan a fit of n training rows and m rows to predict.

    Args:
        grams: number of (n, n) Gram matrices held at once.
        solver: "none", "cholesky" or "eigh".
        covariance: whether the (m, m) covariance is computed.
        matrices: names of the kernel matrices to write.
        dtype: of all of them.
    """
    size = np.dtype(dtype).itemsize
    blocks, full = block_bytes(n, size), n * n * size
    chunk = m if covariance else min(m, CHUNK_ROWS)
    predicting = CHUNK_ARRAYS * n * chunk * size + (4 * m * m * size if covariance else 0)
    peak = grams * blocks + predicting
    if solver == "eigh":
        # The blocks become a full matrix, and that its eigenvectors; LAPACK's work space is 2 n^2.
        others = (grams - 1) * blocks
        peak = max(grams * blocks + full, others + 3 * full, others + full + predicting)
    return Plan(OVERHEAD_BYTES + peak, sum(matrix_entries(name, n, m) for name in matrices) * size)


def plan_matrices(n: int, m: int, names: Sequence[str], dtype: str) -> Plan:
    """Plan the writing of kernel matrices, one after the other, and nothing else."""
    size = np.dtype(dtype).itemsize
    panel = CHUNK_ARRAYS * max(n, m) * CHUNK_ROWS * size
    memory = OVERHEAD_BYTES + block_bytes(max(n, m), size) + panel
    return Plan(memory, sum(matrix_entries(name, n, m) for name in names) * size)


def matrix_entries(name: str, n: int, m: int) -> int:
    """Entries of a kernel matrix such as "ntk_test_train"."""
    _, rows, columns = name.split("_")
    lengths = {"train": n, "test": m}
    return lengths[rows] * lengths[columns]


def available_memory() -> int:
    """Bytes that can be had without swapping: the machine's, or its container's if that is less."""
    machine = _meminfo("MemAvailable")
    if machine is None:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _container_limit()
    return machine if limit is None else min(machine, limit)


def _meminfo(key: str) -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:")), None)


def _container_limit() -> int | None:
    """The memory limit of a container (control groups, version 2 and 1); `max` is no number, and no limit."""
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return int(Path(path).read_text())
        except (OSError, ValueError):
            continue
    return None


def _existing(folder: Path) -> Path:
    # os.path.exists takes every name; Path.exists raises for one that is too long.
    return folder if os.path.exists(folder) else _existing(folder.parent)  # noqa: PTH110


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
