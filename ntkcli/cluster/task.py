"""What a worker of a cluster does: functions that are sent to it, with what they need."""

import platform
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import numpy as np
import scipy

from ntkcli import __version__
from ntkcli.errors import ResourceError
from ntkcli.linalg.threads import blas

P = TypeVar("P")
T = TypeVar("T")


def versions() -> dict[str, str]:
    """The versions of what the last digits of a result depend on."""
    return {
        "ntkcli": __version__,
        "Python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
    }


def given(value: T) -> T:
    """Return what many tasks share; a task too, so that it is made again if a worker is lost."""
    return value


def carried_out(task: Callable[[P], T], item: P, expected: dict[str, str]) -> T:
    """Carry out a task for an item, with BLAS on one thread.

    Args:
        task: a pure function.
        item: that it is applied to.
        expected: the versions of the process that asks for it.

    Raises:
        ResourceError: this worker's versions are others.
    """
    check_versions(expected)
    _limit_blas()
    return task(item)


def check_versions(expected: dict[str, str]) -> None:
    """Check that this worker computes as another process does.

    Raises:
        ResourceError: its versions are others; the message names both.
    """
    own = versions()
    others = [
        f"{name} {own[name]} instead of {version}"
        for name, version in expected.items()
        if own[name] != version
    ]
    if others:
        raise ResourceError(
            f"a worker on {platform.node()} has {', '.join(others)}, and results could differ: "
            "give all workers the same versions"
        )


@cache
def _limit_blas() -> None:
    """Let BLAS use one thread from now on: a limit that ends with a task would end it for others as well."""
    blas().limit(limits=1, user_api="blas")
