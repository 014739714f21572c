"""The changes of files that SQLite makes, told to a watcher that stands under its calls of the system."""

import ctypes
import errno
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .watcher import Watcher

_NAMES = ("iVersion", "szOsFile", "mxPathname"), ("pNext", "zName", "pAppData")
_METHODS = (
    "Open Delete Access FullPathname DlOpen DlError DlSym DlClose Randomness Sleep CurrentTime GetLastError"
)
SetSystemCall = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)


class FileSystem(ctypes.Structure):
    """An sqlite3_vfs: https://www.sqlite.org/c3ref/vfs.html."""

    _fields_ = (
        *((name, ctypes.c_int) for name in _NAMES[0]),
        *((name, ctypes.c_void_p) for name in _NAMES[1]),
        *((f"x{name}", ctypes.c_void_p) for name in _METHODS.split()),
        ("xCurrentTimeInt64", ctypes.c_void_p),
        ("xSetSystemCall", SetSystemCall),
    )


class SqliteCalls:
    """SQLite's calls that change files, with a watcher before each.

    is_inside: whether one of them is being made.
    """

    def __init__(self) -> None:
        self.is_inside = False
        self._paths: dict[int, Path] = {}
        self._kept: list[Any] = []

    def watch_with(self, watcher: "Watcher") -> None:
        """Have every change told to a watcher beforehand; an OSError that it raises is what SQLite sees."""
        sqlite = sqlite_library()
        if sqlite is None:
            return

        def opened(name: bytes, flags: int, mode: int) -> int:
            path = Path(os.fsdecode(name))
            if flags & os.O_CREAT and not path.exists():
                watcher("create", path)
            descriptor = os.open(path, flags, mode)
            self._paths[descriptor] = path
            return descriptor

        def written(descriptor: int, start: int, count: int, offset: int) -> int:
            count = watcher.share(self._paths[descriptor], count)
            return os.pwrite(descriptor, ctypes.string_at(start, count), offset)

        def truncated(descriptor: int, length: int) -> int:
            watcher("write", self._paths[descriptor])
            os.ftruncate(descriptor, length)
            return 0

        def deleted(name: bytes) -> int:
            path = Path(os.fsdecode(name))
            watcher("remove", path)
            path.unlink()
            return 0

        system = sqlite.sqlite3_vfs_find(None)
        number, size, offset = ctypes.c_int, ctypes.c_ssize_t, ctypes.c_int64
        for name, call, *kinds in (
            ("open", opened, number, ctypes.c_char_p, number, number),
            ("pwrite", written, size, number, ctypes.c_void_p, size, offset),
            ("pwrite64", written, size, number, ctypes.c_void_p, size, offset),
            ("ftruncate", truncated, number, number, offset),
            ("unlink", deleted, number, ctypes.c_char_p),
        ):
            function = ctypes.CFUNCTYPE(*kinds, use_errno=True)(self._guarded(call))
            self._kept.append(function)
            address = ctypes.cast(function, ctypes.c_void_p)
            system.contents.xSetSystemCall(ctypes.addressof(system.contents), name.encode(), address)

    def _guarded(self, call: Callable[..., int]) -> Callable[..., int]:
        def guarded(*arguments: Any) -> int:
            self.is_inside = True
            try:
                return call(*arguments)
            except OSError as error:
                ctypes.set_errno(error.errno or errno.EIO)
                return -1
            finally:
                self.is_inside = False

        return guarded


def sqlite_library() -> ctypes.CDLL | None:
    """The library of Python's module; None where its functions are not to be had."""
    path = getattr(sys.modules["_sqlite3"], "__file__", None)
    try:
        library = ctypes.CDLL(path)
        library.sqlite3_vfs_find.restype = ctypes.POINTER(FileSystem)
    except (OSError, AttributeError):
        return None
    return library


def after_sqlite(act: Callable[[], object]) -> None:
    """Call a function once SQLite has returned to Python, as Python does with what a signal asks of it."""

    def look(frame: FrameType, event: str, function: Any) -> None:
        owner = getattr(function, "__self__", None)
        if (
            event.startswith("c_")
            and event != "c_call"
            and isinstance(owner, (sqlite3.Connection, sqlite3.Cursor))
        ):
            sys.setprofile(None)
            act()

    sys.setprofile(look)
