"""A command as a whole process: its seconds and its peak memory."""

import os
import statistics
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

GIB = 2**30


class Usage(NamedTuple):
    """Wall-clock seconds, and peak resident memory in bytes."""

    seconds: float
    peak_bytes: int

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, {self.peak_bytes / GIB:.2f} GiB"


def run(command: list[str], errors: Path = Path(os.devnull)) -> Usage:
    """Run a command to its end, output thrown away, standard error into a file.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    start = time.perf_counter()
    with errors.open("w") as file:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Usage(time.perf_counter() - start, usage.ru_maxrss * 1024)


def median(usages: list[Usage]) -> Usage:
    """Seconds and memory, each by itself."""
    return Usage(
        statistics.median(usage.seconds for usage in usages),
        int(statistics.median(usage.peak_bytes for usage in usages)),
    )


def printed_seconds(command: list[str]) -> float:
    """The shortest of the seconds that a command prints, a line each."""
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return min(float(line) for line in output.split())
