import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ntkcli.errors import DataError
from ntkcli.runs import json_files
from ntkcli.runs.json_files import read_json, write_json

Write = Callable[[str, str | bytes], Path]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": [1.5, None, "inf"]})
    assert read_json(tmp_path / "a.json") == {"x": [1.5, None, "inf"]}


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1]", b"NaN", b'{"x": Infinity}', b'{"x": -1e999}', b"\xff\xfe", b"[" * 100_000]
)
def test_damaged_json_is_told_with_its_name(write: Write, text: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.json: is damaged"):
        read_json(write("a.json", text))


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe would be waited for."""
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", "."):
        with pytest.raises(DataError, match="cannot be read"):
            read_json(tmp_path / name)


def test_a_huge_file_is_not_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_files, "MOST_BYTES", 10)
    with pytest.raises(DataError, match="larger than 10 bytes"):
        read_json(write("a.json", '{"x": 12345}'))
