"""What a worker of a cluster does: functions that are sent to it, with what they need."""

import platform
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeVar

import numpy as np
import scipy

# Or scipy's BLAS would come after the limit.
import ntkcli.linalg.triangular  # noqa: F401
from ntkcli import __version__
from ntkcli.errors import ResourceError
from ntkcli.linalg.threads import blas

# What the last digits of a result depend on, by the names that Dask has for it.
VERSIONS = ("python", "numpy", "scipy", "ntkcli")

P = TypeVar("P")
T = TypeVar("T")


def versions() -> dict[str, str]:
    """The versions of this process."""
    found = (".".join(map(str, sys.version_info)), np.__version__, scipy.__version__, __version__)
    return dict(zip(VERSIONS, found, strict=True))


def other_versions(found: Mapping[str, str | None], expected: Mapping[str, str | None]) -> str:
    """What is said of a worker whose versions are not those expected; nothing if they are."""
    others = [
        f"{name} {found.get(name) or 'none'} instead of {expected[name]}"
        for name in VERSIONS
        if found.get(name) != expected[name]
    ]
    if not others:
        return ""
    return f"has {', '.join(others)}, and results could differ: give all workers the same versions"


def given(value: T) -> T:
    """Return what many tasks share; a task too, so that it is made again if a worker is lost."""
    return value


def carried_out(task: Callable[[P], T], item: P, expected: Mapping[str, str]) -> T:
    """Carry out a task for an item, with BLAS on one thread.

    Args:
        task: a pure function.
        item: that it is applied to.
        expected: the versions of the process that asks for it.

    Raises:
        ResourceError: this worker's versions are others.
    """
    if others := other_versions(versions(), expected):
        raise ResourceError(f"a worker on {platform.node()} {others}")
    _limit_blas()
    return task(item)


@cache
def _limit_blas() -> None:
    """Let BLAS use one thread from now on: a limit that ends with a task would end it for others as well."""
    blas().limit(limits=1, user_api="blas")
