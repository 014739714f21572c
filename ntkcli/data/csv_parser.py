"""pandas' parser of a CSV file, which is quick, and what it reads otherwise than the csv module."""

import warnings
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import IO

import pandas as pd
from pandas.io.parsers import TextFileReader

from ntkcli.data.notation import Notation
from ntkcli.data.records import open_lines, open_utf8
from ntkcli.spec.csv_format import CsvFormat


class CsvParser:
    """pandas' parser of one file, whose columns it calls "0", "1", and so on.

    Args:
        path: of the file.
        form: how it is written.
        notation: how its cells are read.
        width: the number of its columns.
    """

    def __init__(self, path: Path, form: CsvFormat, notation: Notation, width: int) -> None:
        self._path, self._form, self._notation, self._width = path, form, notation, width

    @cached_property
    def skipped(self) -> int | None:
        """The first lines without which pandas reads the file as the csv module does; None where it does not.

        pandas takes comments behind cells too, has its own idea of groups of digits, and loses blanks at the
        beginning of a line if columns are separated by blanks. The file is read to see, if need be.
        """
        form = self._form
        if form.thousands is not None:
            return None
        starts = tuple(filter(None, (form.comment, *(" \t" if form.separator in " \t" else ""))))
        if not starts:
            return 0
        with open_lines(self._path, form, self._notation.remedies) as lines:
            count = 0
            for line in lines:
                # Of old Macintosh lines the first would be all.
                if not (form.comment and line.startswith(form.comment) and line.endswith("\n")):
                    break
                count += 1
            else:
                return count
            return None if any(other.startswith(starts) for other in chain([line], lines)) else count

    def frames(self, numbers: list[str], *, missing: bool, rows: int | None) -> Iterator[pd.DataFrame]:
        """Yield all columns in parts, with short rows filled up.

        Args:
            numbers: the columns that are numbers.
            missing: whether a cell of them may hold no value.
            rows: the number of rows in a part; None for all at once.

        Raises:
            DataError: the file cannot be read.
            ValueError: cells of `numbers` are no numbers, or rows are too long.
        """
        with (
            open_utf8(self._path, self._form, self._notation.remedies) as file,
            self._parser(_without(file, self.skipped or 0), numbers, missing) as parser,
        ):
            while True:
                # Warnings are errors while pandas works, not while the caller does.
                with warnings.catch_warnings():
                    warnings.simplefilter("error", pd.errors.ParserWarning)
                    try:
                        frame = parser.get_chunk(rows)
                    except StopIteration:
                        return
                if frame.empty:
                    return
                yield frame

    def _parser(self, file: IO[bytes], numbers: list[str], missing: bool) -> TextFileReader:
        columns, form = [str(place) for place in range(self._width)], self._form
        types: dict[str, type[object]] = dict.fromkeys(columns, str) | dict.fromkeys(numbers, float)
        one = float if len(numbers) == len(columns) else None
        # Numbers that stand for no value have to be found where there may be none, too.
        missing = missing or bool(form.na_values)
        values = list(self._notation.missing)
        return pd.read_csv(
            file,
            encoding="utf-8-sig",
            sep=form.separator,
            quotechar=form.quote,
            decimal=form.decimal,
            header=0 if form.header == "first" else None,
            names=columns,
            index_col=False,
            # pandas takes its time for each column that is named.
            dtype=one or types,
            na_filter=missing,
            na_values=dict.fromkeys(numbers, values) if missing else None,
            keep_default_na=False,
            low_memory=False,
            iterator=True,
        )


def _without(file: IO[bytes], lines: int) -> IO[bytes]:
    for _ in range(lines):
        file.readline()
    return file
