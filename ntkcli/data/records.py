"""The records of a CSV file with their line numbers, decompressed as they are read."""

import bz2
import csv
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from ntkcli.data.remedies import OF_SPEC, Remedies
from ntkcli.errors import DataError

DAMAGED = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, gzip.BadGzipFile)

# How zip files (Excel workbooks among them), gzip, xz and zstd begin.
ARCHIVES = (b"PK", b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")

# A cell may be as long as it likes: the csv module's own limit is 128 kB.
csv.field_size_limit(2**31 - 1)


@contextmanager
def reading(path: Path, remedies: Remedies = OF_SPEC) -> Iterator[None]:
    """Report a file that the `with` block finds missing, unreadable or damaged as a DataError."""
    try:
        yield
    except DAMAGED as error:
        raise DataError(f"{path}: the compressed file is damaged ({error}): make it again") from error
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file: {remedies.path}") from error
    except OSError as error:
        if error.errno is None:
            raise DataError(f"{path}: the compressed file is damaged ({error}): make it again") from error
        raise DataError(
            f"{path}: cannot be read: {error.strerror}: check the path and its permissions"
        ) from error


def records(path: Path) -> Generator[tuple[int, list[str]]]:
    """Yield the line number and the fields of every record, the header first; blank lines are skipped.

    The file is decompressed by its ending: .gz, .bz2, .xz or .zip.

    Raises:
        DataError: the file cannot be read, or a line of it is not UTF-8, or not CSV.
    """
    with reading(path), open_bytes(path) as file:
        reader = csv.reader(_lines(path, file), strict=True)
        last_line = 0
        try:
            for fields in reader:
                last_line = reader.line_num
                if len(fields) > 1 or "".join(fields).strip(" \t"):
                    yield last_line, fields
        except csv.Error as error:
            raise DataError(f"{path}:{last_line + 1}: is not CSV: {error}") from error


def _lines(path: Path, file: IO[bytes]) -> Iterator[str]:
    # Iterating over bytes splits at \n alone, and splitlines at \r too, as pandas does.
    for number, line in enumerate((part for raw in file for part in raw.splitlines(keepends=True)), 1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            if number == 1 and line.startswith(ARCHIVES):
                raise DataError(
                    f"{path}: is an archive or a workbook: save the table as plain CSV"
                ) from error
            raise DataError(
                f"{path}:{number}: is not UTF-8 text (byte {error.start + 1} of the line is "
                f"0x{line[error.start]:02x}): save the file as UTF-8"
            ) from error


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file to read its bytes, decompressed by its ending: .gz, .bz2, .xz or .zip."""
    match path.suffix.lower():
        case ".gz":
            return cast("IO[bytes]", gzip.open(path, "rb"))
        case ".bz2":
            return bz2.open(path, "rb")
        case ".xz":
            return lzma.open(path, "rb")
        case ".zip":
            return _open_zipped(path)
    return path.open("rb")


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
