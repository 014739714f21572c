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
        # SQLite calls from no other module than this one, or it has its own copy.
        sqlite = ctypes.CDLL(sys.modules["_sqlite3"].__file__)
        sqlite.sqlite3_vfs_find.restype = ctypes.POINTER(FileSystem)
        system = sqlite.sqlite3_vfs_find(None)
        libc = ctypes.CDLL(None, use_errno=True)
        number, text, size, data = ctypes.c_int, ctypes.c_char_p, ctypes.c_ssize_t, ctypes.c_void_p

        def opened(path: bytes, flags: int, mode: int) -> int:
            place = Path(os.fsdecode(path))
            if flags & os.O_CREAT and not place.exists():
                watcher("create", place)
            descriptor = int(libc.open(path, flags, number(mode)))
            self._paths[descriptor] = place
            return descriptor

        def written(file: int, start: int, count: int, offset: int) -> int:
            count = watcher.share(self._paths.get(file, Path()), count)
            return int(libc.pwrite(file, data(start), size(count), ctypes.c_int64(offset)))

        def truncated(file: int, length: int) -> int:
            watcher("write", self._paths.get(file, Path()))
            return int(libc.ftruncate(file, ctypes.c_int64(length)))

        def deleted(path: bytes) -> int:
            watcher("remove", Path(os.fsdecode(path)))
            return int(libc.unlink(path))

        libc.pwrite.restype = size
        for name, call, *kinds in (
            ("open", opened, number, text, number, number),
            ("pwrite", written, size, number, data, size, ctypes.c_int64),
            ("pwrite64", written, size, number, data, size, ctypes.c_int64),
            ("ftruncate", truncated, number, number, ctypes.c_int64),
            ("unlink", deleted, number, text),
        ):
            function = ctypes.CFUNCTYPE(*kinds, use_errno=True)(self._guarded(call))
            self._kept.append(function)
            system.contents.xSetSystemCall(
                ctypes.addressof(system.contents), name.encode(), ctypes.cast(function, data)
            )

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
