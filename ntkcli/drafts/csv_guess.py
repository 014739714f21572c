"""How a CSV file seems to be written: a guess from its first lines, for the `csv` keys of a draft."""

import codecs
import csv
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain, product
from pathlib import Path

import numpy as np

from ntkcli.data.arrow_batches import is_columnar
from ntkcli.data.csv_header import SEPARATORS
from ntkcli.data.file_bytes import open_bytes, reading
from ntkcli.data.notation import Notation
from ntkcli.data.record_faults import COMMENTS
from ntkcli.data.records import ARCHIVES, likely_encoding
from ntkcli.spec.csv_format import CsvFormat

PART_BYTES = 2**20
LOOKED_AT = 1000
THOUSANDS = (None, ",", ".", " ", "'")


def guessed_format(path: Path) -> CsvFormat:
    """Return how a file seems to be written; as CSV files mostly are, where it cannot be told.

    Raises:
        DataError: the file cannot be read.
    """
    if is_columnar(path):
        return CsvFormat()
    with reading(path), open_bytes(path) as raw:
        start = raw.read(PART_BYTES)
        encoding = _encoding(chain([start], iter(lambda: raw.read(PART_BYTES), b"")))
    text = start.decode(encoding, errors="replace")
    # Archives and workbooks are refused by those who read tables.
    if start.startswith(ARCHIVES) or "\0" in text:
        return CsvFormat()
    lines = [line for line in text.removeprefix("\ufeff").splitlines(keepends=True) if line.strip()]
    if len(start) == PART_BYTES and len(lines) > 1:
        # The last line goes on.
        del lines[-1]
    lines = lines[:LOOKED_AT]
    comment, separator = _marks(lines)
    records = _records([line for line in lines if not line.startswith(comment or "\n")], separator)
    return _with_numbers(CsvFormat(separator=separator, comment=comment, encoding=encoding), records[1:])


def _encoding(parts: Iterable[bytes]) -> str:
    """Return utf-8, or what the first part that is not looks like."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for part in parts:
        try:
            decoder.decode(part)
        except UnicodeDecodeError:
            return likely_encoding(part)
    return "utf-8"


def _marks(lines: list[str]) -> tuple[str | None, str]:
    """Return the mark of lines that are comments, if the first is one, and what separates columns."""
    mark = lines[0][0] if lines else ""
    others = [line for line in lines if not line.startswith(mark)]
    if mark not in COMMENTS or not others:
        return None, _separator(lines)
    separator = _separator(others)
    header, body = (_records(some, separator) for some in (lines[:1], others))
    # A header may begin with a mark, too.
    is_header = bool(header and body) and len(header[0]) == len(body[0])
    return (None if is_header else mark), separator


def _separator(lines: list[str]) -> str:
    """Return the mark by which all lines have equally many columns; the one that makes most of them."""
    widths = {mark: _width(_records(lines, mark)) for mark in SEPARATORS}
    # Cells and names may be of several words.
    spaces = widths.pop(" ")
    best = max(widths, key=lambda mark: widths[mark])
    if widths[best] > 1:
        return best
    return " " if spaces > 1 else ","


def _width(records: list[list[str]]) -> int:
    """Return the number of columns that all records have; 0 where they differ, or are not CSV."""
    widths = {len(fields) for fields in records[1:]}
    first = len(records[0]) if records else 0
    # R writes the names of rows without a header for them.
    same = len(widths) <= 1 and (not widths or first in (max(widths), max(widths) - 1))
    return first if same else 0


def _records(lines: list[str], separator: str) -> list[list[str]]:
    with suppress(csv.Error):
        return [fields for fields in csv.reader(lines, delimiter=separator) if fields]
    return []


def _with_numbers(form: CsvFormat, records: Sequence[list[str]]) -> CsvFormat:
    """Return a format with the marks in numbers by which most columns are numbers; plain ones, if they do."""
    columns = [set(cells) for cells in zip(*records, strict=False)]
    ways = [
        form.model_copy(update={"decimal": decimal, "thousands": thousands})
        for decimal, thousands in product(".,", THOUSANDS)
        if decimal not in (thousands, form.separator)
    ]
    return max(ways, key=lambda way: sum(_are_numbers(cells, Notation(way)) for cells in columns))


def _are_numbers(cells: set[str], notation: Notation) -> bool:
    values = notation.values(cells)
    return not np.isnan(values).all() and not np.isinf(values).any()
