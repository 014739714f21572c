"""A file that a table goes to is there whole or not at all."""

import errno
import gzip
import io
import os
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest

from ntkcli.errors import DataError, ResourceError, RunDirectoryError, SpecError
from ntkcli.runs.table_sink import table_sink

ROWS = [pd.DataFrame({"a": [1, 2], "b": ["x", 'q"']}), pd.DataFrame({"a": [3], "b": ["é"]})]
TEXT = 'a,b\n1,x\n2,"q"""\n3,é\n'


def fill(path: Path | None, fault: Exception | None = None, *, overwrite: bool = False) -> None:
    with table_sink(path, overwrite=overwrite) as write:
        for rows in ROWS:
            write(rows)
        if fault:
            raise fault


def test_rows_are_appended_under_one_header(tmp_path: Path) -> None:
    fill(tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == TEXT.encode()
    assert list(tmp_path.iterdir()) == [tmp_path / "t.csv"]


def test_without_a_path_it_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    fill(None)
    assert capsys.readouterr().out == TEXT


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_has_names(capsys: pytest.CaptureFixture[str], name: str) -> None:
    fill(Path(name))
    assert capsys.readouterr().out == TEXT


def test_a_standard_output_that_is_closed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    with pytest.raises(RunDirectoryError, match="standard output: is closed: connect it to a file"):
        fill(None)


def test_a_standard_output_that_is_full_is_told_and_not_written_to_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        stdout = io.TextIOWrapper(io.BufferedWriter(full))
        monkeypatch.setattr("sys.stdout", stdout)
        with pytest.raises(ResourceError, match="standard output: the disk is full"):
            fill(None)
        assert sys.stdout is not stdout
        with pytest.raises(OSError, match="No space"):
            stdout.close()


def test_a_file_called_gz_is_compressed_and_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    places = [tmp_path / "one.csv.gz", tmp_path / "other.csv.GZ"]
    for place in places:
        fill(place)
    first, second = (place.read_bytes() for place in places)
    assert gzip.decompress(first).decode() == TEXT
    assert first == second
    # Neither name nor time is in the header.
    assert first[3:8] == bytes(5)


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_failure_leaves_what_was_there(tmp_path: Path, name: str, before: bytes | None) -> None:
    path = tmp_path / name
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(DataError):
        fill(path, DataError("a fault in row 4"), overwrite=True)
    assert [place.read_bytes() for place in tmp_path.iterdir()] == ([] if before is None else [before])


def test_a_file_that_is_there_is_replaced_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("old")
    with table_sink(path, overwrite=True) as write:
        write(ROWS[0])
        assert path.read_text() == "old"
    assert path.read_text().startswith("a,b\n")


@pytest.mark.parametrize("name", ["t.csv.bz2", "t.csv.xz", "t.ZIP"])
def test_no_plain_text_goes_by_the_name_of_an_archive(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError, match=r"gzip alone: give --out a file that ends in \.gz"):
        fill(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["no/t.csv", "file/t.csv", "x" * 300])
def test_a_place_that_cannot_be_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunDirectoryError, match=r"cannot be written: .*: choose another --out"):
        fill(tmp_path / name)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="is a directory: give --out a file"):
        fill(tmp_path)


def test_a_full_disk_is_told_and_nothing_stays(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="the disk is full"):
        fill(tmp_path / "t.csv", OSError(errno.ENOSPC, "No space left on device"))
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(path.read_text(encoding="utf-8")))
    reader.start()
    fill(path)
    reader.join(timeout=60)
    assert found == [TEXT]
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "null"
    path.symlink_to(os.devnull)
    fill(path)
    assert path.is_symlink()
    assert path.is_char_device()
