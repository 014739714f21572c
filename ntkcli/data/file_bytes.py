"""The bytes of a file, decompressed as they are read."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from ntkcli.address_space import is_out_of_memory
from ntkcli.data.remedies import OF_SPEC, Remedies
from ntkcli.errors import DataError
from ntkcli.files.input_file import NotRegularError, open_regular

COMPRESSED = (".gz", ".bz2", ".xz", ".zip")
DAMAGED = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile)


@contextmanager
def reading(path: Path, remedies: Remedies = OF_SPEC) -> Iterator[None]:
    """Report a file that the `with` block finds missing, unreadable or damaged as a DataError."""
    try:
        yield
    except DAMAGED as error:
        raise DataError(f"{path}: the compressed file is damaged ({error}): make it again") from error
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file: {remedies.path}") from error
    except NotRegularError as error:
        raise DataError(
            f"{path}: is not a file: ntk reads its data more than once, so a pipe will not do"
        ) from error
    except OSError as error:
        if is_out_of_memory(error):
            raise
        if error.errno is None:
            raise DataError(f"{path}: the compressed file is damaged ({error}): make it again") from error
        raise DataError(
            f"{path}: cannot be read: {error.strerror}: check the path and its permissions"
        ) from error


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file to read its bytes, decompressed by its ending: .gz, .bz2, .xz or .zip."""
    file = open_regular(path)
    if path.suffix.lower() not in COMPRESSED:
        return file
    # What decompresses opens a file itself, so that it closes it too.
    file.close()
    match path.suffix.lower():
        case ".gz":
            return cast("IO[bytes]", gzip.open(path, "rb"))
        case ".bz2":
            return bz2.open(path, "rb")
        case ".xz":
            return lzma.open(path, "rb")
    return _open_zipped(path)


def _open_zipped(path: Path) -> IO[bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
            if len(names) == 1:
                # The archive stays open as long as the file in it.
                return archive.open(names[0])
    except RuntimeError as error:
        # A password, or a compression or a version that Python does not know.
        raise DataError(
            f"{path}: cannot be unpacked: {error}: unpack it, and give the CSV file itself"
        ) from error
    except (ValueError, LookupError) as error:
        raise zipfile.BadZipFile(f"a file in it has a name that is none: {error}") from error
    raise DataError(f"{path}: holds {len(names)} files: a zipped CSV is one file")
