"""A table on standard input, put where it can be read more than once."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ntkcli.errors import DataError, ResourceError

NAME = "standard input"
GZIP = b"\x1f\x8b"


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """The path of a file; `-` is standard input, compressed by gzip or not, as a file while it is needed.

    Raises:
        DataError: it is closed; or as in the `with` block, where the file is called "standard input".
        ResourceError: there is no space to keep it.
    """
    if not _is_standard(path):
        yield path
        return
    if sys.stdin is None:
        raise DataError(f"{NAME}: is closed: give the name of a file, or connect it to one")
    with tempfile.TemporaryDirectory(prefix="ntk-") as folder:
        try:
            copy = _copy(Path(folder))
        except OSError as error:
            raise ResourceError(
                f"{NAME}: cannot be kept in {folder}: {error.strerror}: set TMPDIR to a folder with "
                "more space"
            ) from error
        try:
            yield copy
        except DataError as error:
            raise DataError(str(error).replace(str(copy), NAME)) from error


def shown(path: Path) -> Path:
    """What a file is called in messages."""
    return Path(NAME) if _is_standard(path) else path


def _is_standard(path: Path) -> bool:
    return str(path) == "-"


def _copy(folder: Path) -> Path:
    start = sys.stdin.buffer.read(len(GZIP))
    copy = folder / ("input.csv.gz" if start == GZIP else "input.csv")
    with copy.open("wb") as file:
        file.write(start)
        shutil.copyfileobj(sys.stdin.buffer, file)
    return copy
