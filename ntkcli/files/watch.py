"""Whoever is to know of each change of files and folders before it is made.

Tests end the process there, or have the change fail.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

# A change that is about to be made, and where.
Change = Literal[
    "create",
    "write",
    "sync",
    "rename",
    "exchange",
    "link",
    "make_folder",
    "remove",
    "remove_folder",
    "reserve",
    "touch",
]
Watch = Callable[[Change, Path], None]


def unwatched(change: Change, path: Path) -> None:
    """Let every change happen: a `Watch` that does nothing."""


_watch: Watch = unwatched


def watch_with(watch: Watch) -> None:
    """Have every change told to a watcher beforehand, which may raise an OSError in its place."""
    global _watch
    _watch = watch


def tell(change: Change, path: Path) -> None:
    """Tell the watcher of a change that is about to be made.

    Raises:
        OSError: what the watcher raises in its place.
    """
    _watch(change, path)
