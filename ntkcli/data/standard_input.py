"""Standard input or a pipe as a table, copied to a file so that it can be read more than once."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from ntkcli.errors import DataError, ResourceError
from ntkcli.files import changes
from ntkcli.files.input_file import open_pipe
from ntkcli.files.written_file import opened
from ntkcli.streams import STANDARD

NAME = "standard input"
# The endings of files by how these begin.
ENDINGS = {b"\x1f\x8b": ".csv.gz", b"PAR1": ".parquet", b"ARROW1": ".arrow"}


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """Yield the path of a file; for `-` and for a pipe, that of a temporary copy of what comes from there.

    That may be CSV, compressed by gzip or not, Parquet or Arrow; how it begins tells. A DataError of the
    `with` block names where it came from instead of the copy.

    Raises:
        DataError: standard input is closed.
        ResourceError: there is no space for the copy.
    """
    if path != STANDARD and not path.is_fifo():
        yield path
        return
    if path == STANDARD and sys.stdin is None:
        raise DataError(f"{NAME}: is closed: give the name of a file, or connect it to one")
    with changes.temporary_folder() as folder:
        try:
            with nullcontext(sys.stdin.buffer) if path == STANDARD else open_pipe(path) as source:
                copy = _copy(source, folder)
        except OSError as error:
            raise ResourceError(
                f"{shown(path)}: cannot be kept in {folder}: {error.strerror}: set TMPDIR to a folder with "
                "more space"
            ) from error
        try:
            yield copy
        except DataError as error:
            raise DataError(str(error).replace(str(copy), str(shown(path)))) from error


def shown(path: Path) -> Path:
    """Return the name of a file for messages: `-` is "standard input"."""
    return Path(NAME) if path == STANDARD else path


def _copy(source: BinaryIO, folder: Path) -> Path:
    start = source.read(max(map(len, ENDINGS)))
    ending = next((ending for mark, ending in ENDINGS.items() if start.startswith(mark)), ".csv")
    copy = folder / f"input{ending}"
    with opened(copy, is_kept=False) as file:
        file.write(start)
        shutil.copyfileobj(source, file)
    return copy
