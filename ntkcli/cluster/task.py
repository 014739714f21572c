"""What a worker of a cluster does: functions that are sent to it, with what they need."""

import copy
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TypeVar

import numpy as np
import scipy

from ntkcli import __version__
from ntkcli.cluster.sent import aligned
from ntkcli.errors import ResourceError
from ntkcli.linalg.threads import blas

# What the last digits of a result depend on, by the names that Dask has for it.
VERSIONS = ("python", "numpy", "scipy", "ntkcli")

P = TypeVar("P")
T = TypeVar("T")
R = TypeVar("R")


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


def carried_out(
    how: Callable[[Callable[[P], T], P], R],
    function: Callable[..., T],
    carried: Sequence[object],
    item: P,
    expected: Mapping[str, str],
) -> R:
    """Carry out a task, with BLAS on one thread.

    Args:
        how: calls the task for an item.
        function: the task is this pure function.
        carried: its first arguments, which many items share.
        item: one, or several, as `how` takes them.
        expected: the versions of the process that asks for it.

    Raises:
        ResourceError: this worker's versions are others.
    """
    if others := other_versions(versions(), expected):
        raise ResourceError(f"a worker on {platform.node()} {others}")
    _limit_blas()
    return how(partial(aligned(function), *map(aligned, carried)), aligned(item))


def for_one(task: Callable[[P], T], item: P) -> T:
    """A task's value for an item."""
    return task(item)


def for_each(task: Callable[[P], T], items: Sequence[P]) -> list[T]:
    """A task's values for some items, in memory of their own."""
    return [copy.deepcopy(task(item)) for item in items]


@cache
def _limit_blas() -> None:
    """Let BLAS use one thread from now on: a limit that ends with a task would end it for others as well."""
    blas().limit(limits=1, user_api="blas")
