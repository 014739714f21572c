"""Strict JSON, written and read: no NaN, no infinity."""

import json
import math
from pathlib import Path
from typing import Any

from ntkcli.errors import DataError
from ntkcli.files.input_file import read_regular
from ntkcli.files.written_file import write_text
from ntkcli.runs.reading import reading

# What ntk writes is far smaller; reading what somebody else put there should not take the memory.
MOST_BYTES = 64 * 2**20


def write_json(path: Path, content: Any) -> None:
    """Write strict JSON, as `json_text` has it."""
    write_text(path, json_text(content))


def json_text(content: Any, *, ensure_ascii: bool = True) -> str:
    """Return strict JSON.

    Args:
        content: of plain values.
        ensure_ascii: whether other characters are escaped.

    Raises:
        ValueError: the content has a NaN or an infinity, for which JSON has no number.
    """
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=ensure_ascii) + "\n"


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file that ntk wrote.

    Raises:
        DataError: there is none, it cannot be read, or it is no JSON object.
    """
    text = read_text(path)
    try:
        content = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is damaged: it is no JSON: run the command that wrote it again") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: is damaged: it is no JSON object: run the command that wrote it again")
    return content


def read_text(path: Path) -> str:
    """Return the text of a small file of a run.

    Raises:
        DataError: there is none, it is no regular file, or far larger than ntk writes it.
    """
    try:
        with reading(path):
            return read_regular(path, MOST_BYTES).decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is damaged: it is no text: run the command that wrote it again") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _finite(number: str) -> float:
    """Return a number, of which JSON may have more than float64 does."""
    if math.isinf(value := float(number)):
        raise ValueError(f"{number} leaves the range of float64")
    return value
