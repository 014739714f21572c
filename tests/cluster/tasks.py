"""Tasks that workers carry out in tests."""

import os
import time
from pathlib import Path

import numpy as np
from scipy.linalg.blas import dsyrk

from ntkcli.errors import NumericalError


def square(value: int) -> int:
    return value * value


def slow_square(value: int) -> int:
    time.sleep(0.15)
    return value * value


def square_behind_a_gate(folder: Path, value: int) -> int:
    """The first three as soon as may be, the others not before there is a file."""
    while value > 2 and not (folder / "gate").exists():
        time.sleep(0.02)
    return value * value


def mark(folder: Path, value: int) -> int:
    """Tell that a task was begun, which then takes a while."""
    (folder / f"begun-{value}").touch()
    return slow_square(value)


def where(value: int) -> tuple[int, int]:
    """A value, and the process that carried the task out: long enough to be handed to another."""
    time.sleep(0.2)
    return value, os.getpid()


def where_with_one_slow(slow: int, value: int) -> tuple[int, int]:
    """The same, with one process that takes longer."""
    if os.getpid() == slow:
        time.sleep(0.4)
    return where(value)


def failing(value: int) -> int:
    raise NumericalError(f"there is no answer for {value}")


def greedy(size: int) -> int:
    """Take much memory, and keep it for a while."""
    values = np.ones(size)
    time.sleep(30)
    return len(values)


def product(seed: int) -> np.ndarray:
    """What depends on how many threads BLAS has."""
    rows = np.random.default_rng(seed).normal(size=(3000, 300))
    return np.asarray(dsyrk(1.0, rows.T))
