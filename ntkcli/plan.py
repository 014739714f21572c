"""What a job will need, known before anything large is allocated."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ntkcli.errors import ResourceError
from ntkcli.linalg.blocks import block_bytes

CHUNK_ROWS = 512
CHUNK_ARRAYS = 6
OVERHEAD_BYTES = 160 * 2**20


@dataclass(frozen=True)
class Plan:
    """Memory and disk of a job.

    memory_bytes: at the peak, the interpreter and its libraries included.
    disk_bytes: of the matrices and covariances written.
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
                f"not enough memory: this job needs about {_size(self.memory_bytes)}, and {_size(memory)} "
                "are free: use fewer rows, compute.dtype: float32, or a larger machine"
            )
        disk = shutil.disk_usage(_existing(folder)).free
        if self.disk_bytes > disk:
            raise ResourceError(
                f"not enough disk: the matrices asked for need {_size(self.disk_bytes)}, and {_size(disk)} "
                f"are free under {folder}: ask for fewer of output.kernels, or write elsewhere with --out"
            )


@dataclass(frozen=True)
class Sizes:
    """The sizes that decide what a job needs.

    n, m, d: training rows, rows to predict, features.
    itemsize: bytes of a number in a matrix.
    """

    n: int
    m: int
    d: int
    itemsize: int

    @property
    def base(self) -> int:
        """Bytes that every job takes: the interpreter, and the inputs as read and as scaled."""
        return OVERHEAD_BYTES + 4 * 8 * (self.n + self.m) * self.d

    def entries(self, name: str) -> int:
        """Entries of a kernel matrix such as "ntk_test_train"."""
        _, rows, columns = name.split("_")
        lengths = {"train": self.n, "test": self.m}
        return lengths[rows] * lengths[columns]

    def writing(self, name: str, grams: Sequence[str]) -> int:
        """Bytes that writing a kernel matrix takes beside the Gram matrices at hand."""
        kernel, rows, columns = name.split("_")
        panel = CHUNK_ARRAYS * CHUNK_ROWS * self.n * self.itemsize
        if rows != columns or (rows == "train" and kernel in grams):
            return panel
        return panel + block_bytes(self.n if rows == "train" else self.m, self.itemsize)


def plan_fit(
    sizes: Sizes, *, grams: Sequence[str], solver: str, covariances: int, matrices: Sequence[str]
) -> Plan:
    """Plan a fit.

    Args:
        sizes: of the data.
        grams: the training rows' Gram matrices held at once, "nngp" and "ntk".
        solver: "none", "cholesky" or "eigh".
        covariances: number of (m, m) covariances written; 0 if none is computed.
        matrices: names of the kernel matrices to write.
    """
    n, m, size = sizes.n, sizes.m, sizes.itemsize
    blocks, full = block_bytes(n, size), n * n * size
    chunk = m if covariances else min(m, CHUNK_ROWS)
    predicting = CHUNK_ARRAYS * n * chunk * size + (4 * m * m * size if covariances else 0)
    peak = len(grams) * blocks + max([predicting, *(sizes.writing(name, grams) for name in matrices)])
    if solver == "eigh":
        # The blocks become a full matrix, and that its eigenvectors; LAPACK's work space is 2 n^2.
        others = (len(grams) - 1) * blocks
        peak = max(peak, len(grams) * blocks + full, others + 3 * full, others + full + predicting)
    disk = sum(sizes.entries(name) for name in matrices) * size + covariances * m * m * 8
    return Plan(sizes.base + peak, disk)


def plan_matrices(sizes: Sizes, names: Sequence[str]) -> Plan:
    """Plan the writing of kernel matrices, one after the other, and nothing else."""
    peak = max(sizes.writing(name, ()) for name in names)
    return Plan(sizes.base + peak, sum(sizes.entries(name) for name in names) * sizes.itemsize)


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


def _size(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"
