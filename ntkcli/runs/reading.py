"""What the system refuses to read, told as a fault of the data."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ntkcli.errors import DataError


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Run a block that reads a path.

    Raises:
        DataError: the system refuses.
    """
    try:
        yield
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}: check the path") from error
