"""The header of a CSV file, and what its first lines tell of how the file is written."""

import csv
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from ntkcli.data.faults import Fault, number_in
from ntkcli.data.record_faults import COMMENTS
from ntkcli.data.records import open_lines, records
from ntkcli.data.remedies import Remedies
from ntkcli.data.table_error import FaultList
from ntkcli.errors import DataError
from ntkcli.spec.csv_format import CsvFormat

SEPARATORS = {";": "';'", "\t": "tabs", "|": "'|'", ",": "','", " ": "spaces"}
# Records that are looked at to tell whether they have names.
LOOKED_AT = 20

Record = tuple[int, list[str]]


@dataclass(frozen=True)
class CsvHeader:
    """The names of the columns of a CSV file.

    columns: the names; "" for a column without one.
    first_row: the first data record, or none.
    line: that they are on; None for names that the file does not have.
    """

    columns: list[str]
    first_row: list[Record]
    line: int | None = None

    @classmethod
    def read(cls, path: Path, form: CsvFormat, remedies: Remedies) -> Self:
        """Read the names of the columns; without a header they are 1, 2, and so on.

        Raises:
            DataError: the file cannot be read, is empty, or its header is not usable.
        """
        try:
            with closing(records(path, form, remedies)) as found:
                beginning = list(islice(found, LOOKED_AT))
        except DataError:
            _check_separator(path, form, remedies)
            raise
        if not beginning:
            raise DataError(f"{path}: the file is empty: it needs a header line and data rows")
        if len(beginning[0][1]) == 1:
            _check_separator(path, form, remedies)
        if form.header == "none":
            return cls([str(number) for number in range(1, len(beginning[0][1]) + 1)], beginning[:1])
        (line, fields), rows = beginning[0], beginning[1:]
        _check_comment(path, line, fields, rows, remedies)
        columns = [name.strip() for name in fields]
        faults = FaultList(path)
        faults.add(_repeated(line, columns, remedies))
        faults.check()
        return cls(["", *columns] if _have_names(rows, len(columns)) else columns, rows[:1], line)


def _have_names(rows: list[Record], columns: int) -> bool:
    """Return whether rows begin with a name each, for which the header has no column, as R writes them."""
    names = [fields[0] for _, fields in rows if len(fields) == columns + 1 and fields[-1]]
    if len(rows) < 2 or len(set(names)) < len(rows):
        return False
    # Other numbers may be half of a number with a decimal comma.
    are_counted = names == [str(number) for number in range(1, len(names) + 1)]
    return are_counted or all(number_in(name) is None for name in names)


def _repeated(line: int, columns: list[str], remedies: Remedies) -> Iterator[Fault]:
    seen: set[str] = set()
    # A header of numbers is often a row.
    are_numbers = all(number_in(name) is not None for name in columns)
    other = f", or {remedies.key}header: none if it is no name" if are_numbers else ""
    for name in filter(None, columns):
        if name in seen:
            yield Fault(line, f"column {name!r} is there twice: rename one of the two{other}", name)
        seen.add(name)


def _check_comment(path: Path, line: int, fields: list[str], rows: list[Record], remedies: Remedies) -> None:
    mark = fields[0].lstrip()[:1]
    if mark in COMMENTS and rows and len(rows[-1][1]) > len(fields):
        raise DataError(
            f"{path}:{line}: the header is a comment: {remedies.key}comment: '{mark}', or take the line out"
        )


def _check_separator(path: Path, form: CsvFormat, remedies: Remedies) -> None:
    """Check that the first line would not be several columns with another separator.

    Raises:
        DataError: it would.
    """
    with open_lines(path, form, remedies) as lines:
        found = (line for line in lines if line.strip() and not line.startswith(form.comment or "\n"))
        first = list(islice(found, 2))
    if not first or _fields(first[0], form.separator, form) > 1:
        return
    for mark, name in SEPARATORS.items():
        counts = [_fields(line, mark, form) for line in first]
        # A name may be of several words, which its column's cells are not.
        if (
            mark != form.separator
            and counts[:1] > [1]
            and (mark != " " or len(set(counts)) == 1 < len(first))
        ):
            shown = "tab" if mark == "\t" else f"'{mark}'"
            raise DataError(
                f"{path}:1: columns are separated by {name}: {remedies.key}separator: {shown}, or save the "
                f"file with {SEPARATORS.get(form.separator, repr(form.separator))} between columns"
            )


def _fields(line: str, mark: str, form: CsvFormat) -> int:
    with suppress(csv.Error):
        return max(map(len, csv.reader([line], delimiter=mark, quotechar=form.quote, strict=True)), default=0)
    return 0
