"""Attempts at stopping commands, by several workers."""

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .trial import Trial

# Where there is one, a disk in memory.
MEMORY = Path("/dev/shm")
# What stops a command, and when: before which change, or after how many seconds.
Case = tuple[str, float]


@dataclass(frozen=True)
class Attempt:
    """One attempt.

    kind: of what stops the command.
    code: that it ended with; None where it was stuck.
    is_followed: whether the next run was looked at, too.
    faults: what was wrong.
    """

    kind: str
    code: int | None
    is_followed: bool
    faults: list[str]


Try = Callable[[Trial, Case], Attempt]
_try: Callable[[Case], Attempt]


def attempts(trial: Trial, cases: Sequence[Case], attempt: Try, jobs: int) -> list[Attempt]:
    """Make all attempts at a scenario, so many at a time."""

    def become_worker() -> None:
        global _try
        _try = lambda case: attempt(trial, case)  # noqa: E731

    with multiprocessing.get_context("fork").Pool(jobs, become_worker) as pool:
        return list(pool.imap_unordered(_tried, cases, chunksize=4))


def _tried(case: Case) -> Attempt:
    return _try(case)


@contextmanager
def work_folder() -> Iterator[Path]:
    """Yield a folder on a disk in memory, if there is one, where commands have what is temporary, too."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="ntk-harness-", dir=place) as work:
        tempfile.tempdir = work
        yield Path(work)
        tempfile.tempdir = None
