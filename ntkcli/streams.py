"""Standard input, output and error: `-` in place of a path, and text in UTF-8 whatever the locale."""

import io
import sys
from pathlib import Path
from typing import IO

# In place of the path of a file: standard input where it is read, standard output where it is written.
STANDARD = Path("-")


def in_utf8(stream: IO[str]) -> IO[str]:
    """Have a stream write UTF-8, as files have it, and return it.

    Of a name's bytes that are no characters, it writes the numbers: `\\udcff`.
    """
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return stream


def drop_unwritten() -> None:
    """Drop what standard output cannot take: Python would try again at its end, and exit with 120."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        sys.stdout = io.StringIO()
