"""The faults of a CSV file: ragged lines, and cells that are not the numbers wanted."""

import math
import reprlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ntkcli.data.remedies import OF_SPEC, Remedies
from ntkcli.units import counted

# Cells that hold no value; some programs write a space behind the comma.
MISSING = frozenset(
    space + mark for space in ("", " ") for mark in ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "?")
)

# Characters of a cell that a message shows.
SHOWN = 60


class Fault(NamedTuple):
    """What is wrong with a table.

    line: of the file; None for the whole file.
    what: is wrong, and the remedy.
    column: that is at fault; None where it is the line.
    """

    line: int | None
    what: str
    column: str | None = None


def find_faults(
    records: Iterable[tuple[int, list[str]]],
    columns: list[str],
    numbers: Iterable[str],
    *,
    missing: bool = False,
    remedies: Remedies = OF_SPEC,
) -> Iterator[Fault]:
    """Yield every ragged line, and in the others every cell that is no finite number.

    Args:
        records: line number and fields of every data record.
        columns: the header's names.
        numbers: the columns that have to be numbers.
        missing: whether a cell of them may hold no value.
        remedies: what the user can do.
    """
    place_of = {name: place for place, name in enumerate(columns)}
    places = [(place_of[name], name) for name in numbers]
    for line, fields in records:
        if len(fields) != len(columns):
            found = counted(len(fields), "field")
            yield Fault(line, f"has {found} where the header has {len(columns)}: make them equal")
            continue
        for place, name in places:
            complaint = _complaint(fields[place], remedies)
            if complaint and not (missing and fields[place] in MISSING):
                yield Fault(line, f"column {name!r}: {complaint}", name)


def _complaint(text: str, remedies: Remedies) -> str:
    if not text.strip():
        return f"is empty: {remedies.gap}"
    value, cell = number_in(text), shown(text)
    if value is not None and math.isfinite(value):
        return ""
    if text in MISSING:
        return f"found {cell} where a {'' if value is None else 'finite '}number is wanted: {remedies.gap}"
    if value is None:
        return f"found {cell} where a number is wanted: {remedies.name}"
    return f"found {cell} where a finite number is wanted: {remedies.number}"


def number_in(text: str) -> float | None:
    """Return the number that pandas reads in a text, or None.

    pandas takes what Python's float does, except underscores and digits and spaces beyond ASCII.
    """
    try:
        return float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        return None


def shown(text: str) -> str:
    """Return a cell as messages show it: in quotes, on one line, with `...` for the middle of a long one."""
    short = reprlib.Repr()
    short.maxstring = SHOWN
    return short.repr(text)


def some(texts: list[str], most: int = 6) -> str:
    """Return the first `most` of some texts on one line."""
    parts = [text if text.isprintable() and len(text) <= SHOWN else shown(text) for text in texts[:most]]
    return ", ".join(parts) + (", ..." if len(texts) > most else "")
