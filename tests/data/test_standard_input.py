"""A table on standard input."""

import gzip
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ntkcli.data.csv_file import CsvFile
from ntkcli.data.standard_input import readable
from ntkcli.errors import DataError, ResourceError

Pipe = Callable[[bytes], None]

TABLE = b"a,b\n1,2\n3,4\n"


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    """Put bytes on standard input, which is a pipe: they can be read once."""
    with ExitStack() as stack:

        def put(content: bytes) -> None:
            reader, writer = os.pipe()
            with os.fdopen(writer, "wb") as file:
                file.write(content)
            monkeypatch.setattr(sys, "stdin", stack.enter_context(os.fdopen(reader)))

        yield put


@pytest.mark.parametrize("content", [TABLE, gzip.compress(TABLE)], ids=["plain", "gzip"])
def test_it_is_read_as_often_as_need_be_compressed_or_not(pipe: Pipe, content: bytes) -> None:
    pipe(content)
    with readable(Path("-")) as path:
        for _ in range(2):
            assert CsvFile(path).read(["a", "b"], []).to_numpy().tolist() == [[1, 2], [3, 4]]
    assert not path.exists()
    assert not path.parent.exists()


def test_a_path_is_itself(tmp_path: Path) -> None:
    with readable(tmp_path / "t.csv") as path:
        assert path == tmp_path / "t.csv"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "standard input: the file is empty"),
        (b"a", "standard input: has a header but no data rows"),
        (TABLE + b"x,5\n", "standard input:4: column 'a': found 'x'"),
        (b"a;b\n1;2\n", "standard input:1: columns are separated by ';'"),
        (gzip.compress(TABLE * 900, mtime=0)[:-9], "standard input: the compressed file is damaged"),
        (b"PK\x03\x04\xff", "standard input: is an archive or a workbook"),
    ],
)
def test_faults_are_of_standard_input(pipe: Pipe, content: bytes, what: str) -> None:
    pipe(content)
    with pytest.raises(DataError) as refusal, readable(Path("-")) as path:
        CsvFile(path).read(["a"], [])
    assert str(refusal.value).startswith(what)
    assert str(path.parent) not in str(refusal.value)
    assert not path.parent.exists()


def test_a_full_disk_is_reported(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    pipe(TABLE)
    monkeypatch.setattr("shutil.copyfileobj", full)
    with (
        pytest.raises(ResourceError, match=r"standard input: .*No space left on device: set TMPDIR"),
        readable(Path("-")),
    ):
        pass


def test_one_that_is_closed_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(DataError, match="standard input: is closed"), readable(Path("-")):
        pass
