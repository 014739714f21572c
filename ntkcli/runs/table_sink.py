"""Where a table goes that is written some rows at a time: a file, compressed or not, or standard output."""

import gzip
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, cast

import pandas as pd

from ntkcli.errors import RunDirectoryError
from ntkcli.runs.directory import unwritable

Write = Callable[[pd.DataFrame], None]


@contextmanager
def table_sink(path: Path | None) -> Iterator[Write]:
    """What takes the next rows of a table; a file is there whole or not at all.

    Args:
        path: the file, gzip-compressed where it ends in .gz; None is standard output.

    Raises:
        RunDirectoryError: the file cannot be written.
        ResourceError: the disk is full.
    """
    if path is None:
        yield _writer(sys.stdout)
        return
    is_special = _is_special(path)
    partial = path if is_special else path.with_name(f".{path.name}.ntk-partial")
    try:
        with _open(partial, compressed=path.suffix == ".gz") as file:
            yield _writer(file)
        if not is_special:
            partial.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        if not is_special:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def _is_special(path: Path) -> bool:
    """Whether it is a pipe or a device, such as /dev/null, that is written to and not replaced."""
    try:
        if path.is_dir():
            raise RunDirectoryError(f"{path}: is a directory: give --out a file")
        return path.exists() and not path.is_file()
    except OSError as error:
        raise unwritable(path, error) from error


def _writer(file: IO[str]) -> Write:
    header = True

    def write(rows: pd.DataFrame) -> None:
        nonlocal header
        rows.to_csv(file, index=False, header=header, lineterminator="\n")
        header = False

    return write


@contextmanager
def _open(path: Path, *, compressed: bool) -> Iterator[IO[str]]:
    with ExitStack() as stack:
        raw: IO[bytes] = stack.enter_context(path.open("wb"))
        if compressed:
            # Without name and time, the same rows give the same bytes.
            archive = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
            raw = cast("IO[bytes]", stack.enter_context(archive))
        yield stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
