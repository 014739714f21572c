"""A file that the user asks for, written whole or not at all, and never over a file to be kept."""

import glob
import io
import os
import secrets
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ntkcli.errors import ResourceError, RunDirectoryError, SpecError
from ntkcli.files import changes
from ntkcli.files.disk import lack_of_space
from ntkcli.files.written_file import opened
from ntkcli.interruption import held_back, owe, results_are_whole, settle
from ntkcli.runs.leftovers import put_right
from ntkcli.runs.lock import FileLock
from ntkcli.runs.unwritable import unwritable
from ntkcli.streams import STANDARD, in_utf8

# How the names of files end that are being written.
PARTIAL = ".ntk-partial"
STDOUT = Path("/dev/stdout")
# They are open already: a file behind them is not to be replaced, nor written from its start.
STDOUT_NAMES = frozenset((STANDARD, *map(Path, ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"))))
# What readers would decompress, and nothing here compresses.
OTHER_ARCHIVES = (".bz2", ".xz", ".zip")


@dataclass(frozen=True)
class OutputFile:
    """An output file is where the user wants output, checked before anything is lost.

    path: of the file; `-` and /dev/stdout are standard output.
    overwrite: whether a file that is already there is replaced.
    kept: files that are never replaced, and folders that nothing is written into, with descriptions.
    option: of the command line that names the file, for messages.
    """

    path: Path
    overwrite: bool
    kept: Mapping[Path, str]
    option: str = "--out"

    @property
    def is_stdout(self) -> bool:
        """Whether the path is standard output."""
        return self.path in STDOUT_NAMES

    @property
    def is_compressed(self) -> bool:
        """Whether the file is compressed with gzip: its name ends in .gz."""
        return self.path.suffix.lower() == ".gz"

    def check(self) -> None:
        """Check that the file may be written.

        Raises:
            SpecError: it is one of the files kept, or its name asks for a compression other than gzip.
            RunDirectoryError: it is a directory, or already there, or cannot be written.
        """
        found = self._mode()
        if stat.S_ISDIR(found):
            raise RunDirectoryError(f"{self.path}: is a directory: give {self.option} a file")
        place = STDOUT if self.is_stdout else self.path
        for kept, what in self.kept.items():
            if _would_lose(place, kept):
                name = "standard output" if self.is_stdout else self.path
                raise SpecError(f"{name}: {what}, which stays as it is: write elsewhere with {self.option}")
        if self.path.suffix.lower() in OTHER_ARCHIVES:
            raise SpecError(
                f"{self.path}: ntk compresses with gzip alone: give {self.option} a file that ends in .gz"
            )
        if stat.S_ISREG(found) and not self.overwrite:
            _sweep(self._place)
            raise RunDirectoryError(
                f"{self.path}: is already there: give --overwrite or another {self.option}"
            )

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Yield a binary file to write to, and put it into its place when the `with` block succeeds.

        Raises:
            SpecError, RunDirectoryError: as `check`.
            ResourceError: the disk is full.
        """
        self.check()
        try:
            if self._mode() and not stat.S_ISREG(self._mode()):
                with opened(self.path) as file:
                    yield file
            else:
                with self._replacing(self._place) as file:
                    yield file
        except OSError as error:
            raise unwritable(self.path, error, self.option) from error

    @contextmanager
    def _replacing(self, place: Path) -> Iterator[IO[bytes]]:
        """A file beside the place under a random name, so that two processes never write the same one."""
        _sweep(place)
        partial = place.with_name(f"{_stem(place)}{secrets.token_hex(4)}{PARTIAL}")
        # It is locked as long as it is written, so that what a killed process left can be told from it.
        lock = FileLock(partial)
        owe(lock.release)
        try:
            with held_back():
                # Another process may have taken it for what a killed one left, before it was locked.
                while not lock.acquire():
                    pass
            with opened(partial) as file:
                yield file
            with held_back():
                # Somebody may have come meanwhile.
                self.check()
                self._publish(partial, place)
                results_are_whole()
        finally:
            with held_back():
                lock.release()
                settle(lock.release)

    def _publish(self, partial: Path, place: Path) -> None:
        if self.overwrite:
            changes.rename(partial, place)
            return
        try:
            changes.link(place, partial)
        except FileExistsError:
            self.check()
            raise
        except OSError:
            if place.exists():
                # It has its name, though the disk may not have it yet.
                raise
            # A file system without hard links: an empty file holds the place, as long as a blink.
            with opened(place, "xb"):
                pass
            try:
                changes.rename(partial, place)
            except BaseException:
                changes.remove(place)
                raise

    @property
    def _place(self) -> Path:
        """What is replaced: of a link, what it leads to."""
        return Path(os.path.realpath(self.path))

    def _mode(self) -> int:
        """The mode of what is there, links followed; 0 where there is nothing, or for standard output."""
        if self.is_stdout:
            return 0
        try:
            return self.path.stat().st_mode
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise unwritable(self.path, error, self.option) from error


def check_standard_output() -> None:
    """Check that there is a standard output.

    Raises:
        RunDirectoryError: it is closed.
    """
    if sys.stdout is None:
        raise RunDirectoryError("standard output: is closed: connect it to a file")


@contextmanager
def standard_output() -> Iterator[IO[str]]:
    """Yield standard output for data, in UTF-8 whatever the locale, and flush it when the block ends.

    Raises:
        RunDirectoryError: it is closed, or cannot be written.
        ResourceError: the disk is full.
        BrokenPipeError: nobody reads on.
    """
    check_standard_output()
    try:
        yield in_utf8(sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # Python would try to write the rest at exit, and turn the failure into the exit code.
        sys.stdout = io.StringIO()
        if lack := lack_of_space(error):
            raise ResourceError(f"standard output: {lack}, or write elsewhere") from error
        raise RunDirectoryError(
            f"standard output: cannot be written: {error.strerror}: write elsewhere"
        ) from error


def _stem(place: Path) -> str:
    """How the names of files begin that a place is written by."""
    return f".{place.name[:50]}."


def _sweep(place: Path) -> None:
    """Delete what killed processes left of files that were to be written to a place."""
    for left in place.parent.glob(f"{glob.escape(_stem(place))}*{PARTIAL}"):
        put_right(FileLock(left), (), lambda: None)


def _would_lose(place: Path, kept: Path) -> bool:
    """Whether writing to a place changes a kept file or folder, by whatever link or name."""
    with suppress(OSError, ValueError):
        own = kept.stat()
        if stat.S_ISDIR(own.st_mode):
            return _is_within(Path(os.path.realpath(place)), kept)
        return stat.S_ISREG(own.st_mode) and os.path.samestat(own, place.stat())
    return False


def _is_within(place: Path, folder: Path) -> bool:
    """Whether a place is in a folder, or is a hard link to a file that is."""
    own = folder.stat()
    if any(os.path.samestat(own, parent.stat()) for parent in place.parents if parent.exists()):
        return True
    with suppress(FileNotFoundError):
        there = place.stat()
        if there.st_nlink > 1:
            return any(os.path.samestat(there, path.lstat()) for path in folder.rglob("*"))
    return False
