"""The records of a CSV file with their line numbers, decompressed as they are read."""

import csv
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ntkcli.data.file_bytes import open_bytes, reading
from ntkcli.data.recoding import in_utf8
from ntkcli.data.remedies import OF_SPEC, Remedies
from ntkcli.errors import DataError
from ntkcli.spec.csv_format import CsvFormat

# How zip files (Excel workbooks among them), gzip, xz, zstd and Parquet begin.
ARCHIVES = (b"PK", b"\x1f\x8b", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PAR1")

# A cell may be as long as it likes: the csv module's own limit is 128 kB.
csv.field_size_limit(2**31 - 1)


def records(
    path: Path, form: CsvFormat | None = None, remedies: Remedies = OF_SPEC
) -> Generator[tuple[int, list[str]]]:
    """Yield the line number and the fields of every record, a header first.

    Blank lines are skipped, and so are comments, but not in quotes. The file is decompressed by its ending:
    .gz, .bz2, .xz or .zip.

    Args:
        path: where the file is.
        form: how it is written; None for commas and points.
        remedies: what its user can do about what is wrong in it.

    Raises:
        DataError: the file cannot be read, or a line of it is not in its encoding, or not CSV.
    """
    form = form or CsvFormat()
    with open_lines(path, form, remedies) as all_lines:
        lines = _Lines(all_lines, form.comment)
        reader = csv.reader(lines, delimiter=form.separator, quotechar=form.quote, strict=True)
        last_line = 0
        try:
            for fields in reader:
                last_line = lines.number
                # A pair of quotes is a cell, though an empty one, and so is it for pandas.
                if len(fields) > 1 or lines.last.strip(" \t\r\n"):
                    yield last_line, fields
                lines.is_inside = False
        except csv.Error as error:
            remedy = f"write quotes in a cell twice, or {remedies.key}quote"
            raise DataError(f"{path}:{last_line + 1}: is not CSV: {error}: {remedy}") from error


@contextmanager
def open_utf8(path: Path, form: CsvFormat, remedies: Remedies = OF_SPEC) -> Iterator[IO[bytes]]:
    """Open a file to read its text as bytes in UTF-8, whatever it is compressed with and encoded in.

    Raises:
        DataError: the file cannot be read.
    """
    with reading(path, remedies), open_bytes(path) as raw:
        yield raw if form.is_utf8 else in_utf8(raw, form.encoding, path, remedies)


@contextmanager
def open_lines(path: Path, form: CsvFormat, remedies: Remedies = OF_SPEC) -> Iterator[Iterator[str]]:
    """Open a file to read its lines, with their ends.

    Raises:
        DataError: the file cannot be read, or a line of it is not in its encoding.
    """
    with open_utf8(path, form, remedies) as file:
        yield _decoded(path, file, remedies)


class _Lines:
    """The lines of a file, without those that are comments.

    number: how many have been read.
    last: the one that was read last.
    is_inside: whether the next line goes on with a record, so that it is no comment.
    """

    def __init__(self, lines: Iterator[str], comment: str | None) -> None:
        self._lines, self._comment = lines, comment
        self.number, self.last, self.is_inside = 0, "", False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self.number += 1
            if self.is_inside or not self._comment or not line.startswith(self._comment):
                self.is_inside, self.last = True, line
                return line
        raise StopIteration


def _decoded(path: Path, file: IO[bytes], remedies: Remedies) -> Iterator[str]:
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
                f"0x{line[error.start]:02x}): save the file as UTF-8, or {remedies.key}encoding: "
                f"{likely_encoding(line)}"
            ) from error


def likely_encoding(line: bytes) -> str:
    """Return the encoding that a line which is not UTF-8 is probably in."""
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        line.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"
