"""Faults of a table, and the texts that are numbers or no values in any."""

import reprlib
from typing import NamedTuple

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
