"""The content of a file, by which it is known again when it is read more than once."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ntkcli.data.file_bytes import reading
from ntkcli.data.remedies import Remedies
from ntkcli.errors import DataError
from ntkcli.files.input_file import open_regular


class Content:
    """What a file holds when this is made.

    digest: SHA-256 of the file as it is on disk.

    Args:
        path: where the file is.
        remedies: what its user can do where it is not.

    Raises:
        DataError: it cannot be read, or is not a file.
    """

    def __init__(self, path: Path, remedies: Remedies) -> None:
        self._path, self._remedies = path, remedies
        with reading(path, remedies):
            # What changes from here on shows in it.
            self._stamp = _stamp(path)
        self.digest = self._sha256()

    def check_unchanged(self) -> None:
        """Check that the file holds what it held; it is read for that only if its size or time differ.

        Raises:
            DataError: it does not, or cannot be read.
        """
        with reading(self._path, self._remedies):
            stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        if self._sha256() != self.digest:
            raise DataError(
                f"{self._path}: changed while it was read: start again when nothing writes to it any more"
            )
        self._stamp = stamp

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Check that the file holds what it held, before and after the `with` block.

        That it has changed is told instead of what is then found wrong in it.

        Raises:
            DataError: as for `check_unchanged`, or of the block.
        """
        self.check_unchanged()
        try:
            yield
        except DataError:
            self.check_unchanged()
            raise
        self.check_unchanged()

    def _sha256(self) -> str:
        with reading(self._path, self._remedies), open_regular(self._path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
