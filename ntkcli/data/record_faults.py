"""The faults of records: ragged lines, and cells that are not the numbers wanted."""

import math
from collections.abc import Iterable, Iterator

from ntkcli.data.faults import Fault, shown
from ntkcli.data.notation import Notation
from ntkcli.units import counted

# How lines begin that are comments in many files.
COMMENTS = ("#", "%")


def find_faults(
    records: Iterable[tuple[int, list[str]]],
    columns: list[str],
    numbers: Iterable[str],
    *,
    missing: bool = False,
    notation: Notation | None = None,
) -> Iterator[Fault]:
    """Yield every ragged line, and in the others every cell that is no finite number.

    Args:
        records: line number and fields of every data record.
        columns: the header's names.
        numbers: the columns that have to be numbers.
        missing: whether a cell of them may hold no value.
        notation: how cells are to be read; None for commas and points.
    """
    notation = notation or Notation()
    place_of = {name: place for place, name in enumerate(columns)}
    places = [(place_of[name], name) for name in numbers]
    for line, fields in records:
        if len(fields) != len(columns):
            found = counted(len(fields), "field")
            what = f"has {found} where the header has {len(columns)}: make them equal"
            yield Fault(line, what + _comment_key(fields, notation))
            continue
        for place, name in places:
            complaint = _complaint(fields[place], notation)
            if complaint and not (missing and notation.is_missing(fields[place])):
                yield Fault(line, f"column {name!r}: {complaint}", name)


def _comment_key(fields: list[str], notation: Notation) -> str:
    mark = fields[0][:1] if fields else ""
    return f", or {notation.remedies.key}comment: '{mark}'" if mark in COMMENTS else ""


def _complaint(text: str, notation: Notation) -> str:
    remedies = notation.remedies
    if not text.strip():
        return f"is empty: {remedies.gap}"
    value, is_missing = notation.number_in(text), notation.is_missing(text)
    if value is not None and math.isfinite(value) and not is_missing:
        return ""
    cell = shown(text)
    if is_missing:
        is_finite = value is not None and not math.isfinite(value)
        return f"found {cell} where a {'finite ' if is_finite else ''}number is wanted: {remedies.gap}"
    if value is None:
        return f"found {cell} where a number is wanted: {notation.remedy(text)}"
    return f"found {cell} where a finite number is wanted: {remedies.number}"
