"""What this machine has: memory, disk, and the speed of its arithmetic."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from ntkcli.address_space import bytes_left
from ntkcli.linalg.product import product

CONTROL_GROUPS = Path("/sys/fs/cgroup")


def available_memory() -> int:
    """Bytes that this process can have without swapping, what it holds already included.

    It is the machine's, its control group's (a container's, a systemd unit's), or what a limit on the address
    space leaves, whichever is least.
    """
    held = (_field("/proc/self/status", "VmRSS:") or 0) * 1024
    limited = bytes_left()
    left = [_free_memory(), *_group_limits(), *([] if limited is None else [limited])]
    return min(left) + held


def usable_memory() -> int:
    """Bytes that a job may take: nine tenths of what this process can have."""
    return available_memory() * 9 // 10


def free_disk(folder: Path) -> int:
    """Bytes free on the file system that `folder` is on, or will be."""
    # os.path.exists takes every name; Path.exists raises for one that is too long.
    while not os.path.exists(folder):  # noqa: PTH110
        folder = folder.parent
    return shutil.disk_usage(folder).free


def multiply_rate(n: int = 1500, repeats: int = 3) -> float:
    """Floating-point operations a second of a matrix product in float64, measured in a blink."""
    a = np.random.default_rng(0).standard_normal((n, n))
    return 2 * n**3 / min(_seconds_of_product(a) for _ in range(repeats))


def _seconds_of_product(a: np.ndarray) -> float:
    start = time.perf_counter()
    product(a, a)
    return time.perf_counter() - start


def _free_memory() -> int:
    kilobytes = _field("/proc/meminfo", "MemAvailable:")
    return 1024 * kilobytes if kilobytes else os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _group_limits() -> Iterator[int]:
    """Bytes left in the control groups that this process is in (version 2, and 1)."""
    for folder in _groups():
        limit, used = _number(folder / "memory.max"), _number(folder / "memory.current")
        if limit is not None and used is not None:
            yield max(0, limit - used + (_field(folder / "memory.stat", "inactive_file") or 0))
    memory = CONTROL_GROUPS / "memory"
    limit, used = _number(memory / "memory.limit_in_bytes"), _number(memory / "memory.usage_in_bytes")
    if limit is not None and used is not None:
        yield max(0, limit - used + (_field(memory / "memory.stat", "total_inactive_file") or 0))


def _groups() -> list[Path]:
    """The process's own group and those around it; in a container its group is the root."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    names = [line.removeprefix("0::/") for line in lines if line.startswith("0::/")]
    inner = [CONTROL_GROUPS / name for name in names]
    return [
        folder
        for group in inner
        for folder in (group, *group.parents)
        if folder.is_relative_to(CONTROL_GROUPS)
    ]


def _number(path: Path) -> int | None:
    """A file's number; `max` is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _field(path: str | Path, name: str) -> int | None:
    """The number behind a name in a file of lines."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), None)


def thread_count(wanted: Literal["auto"] | int) -> int:
    """compute.threads; `auto` is OMP_NUM_THREADS, or else the processors that this process may use."""
    if wanted != "auto":
        return wanted
    # OpenMP takes a list, one number for each level of nesting.
    text = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(text) if text.isdecimal() and int(text) > 0 else _processors()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
