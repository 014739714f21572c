"""How a file seems to be written is how it was written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ntkcli.drafts.csv_guess import guessed_format
from ntkcli.errors import DataError
from ntkcli.spec.csv_format import CsvFormat

Write = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ("a,b\n1,2\n3,4\n", {}),
        ("a;b\n1,5;2\n3,25;4\n", {"separator": ";", "decimal": ","}),
        ("a;b\n1.5;2\n3.25;4\n", {"separator": ";"}),
        ("a\tb\n1\t2\n", {"separator": "\t"}),
        ("a|b|c\n1|2|x,y\n", {"separator": "|"}),
        ("a b\n1 2\n3 4\n", {"separator": " "}),
        ("start time,y\n2020-01-01 10:00,1\n", {}),
        ("first name;b\nMary, Ann;2,5\nJo, Bob;1,5\n", {"separator": ";", "decimal": ","}),
        ("a;b\n1.234,5;2\n", {"separator": ";", "decimal": ",", "thousands": "."}),
        ('a,b\n"1,234",2\n"12,345,678",3\n', {"thousands": ","}),
        ("# made by hand\na,b\n1,2\n", {"comment": "#"}),
        ("#a,b\n1,2\n", {}),
        ('"","a"\n"x",1\n"y",2\n', {}),
        ("a\n1\n2\n", {}),
        ("a,b\n1,2\n3\n", {}),
        ("", {}),
    ],
)
def test_the_keys_are_those_that_are_needed(write: Write, content: str, keys: dict[str, str]) -> None:
    assert guessed_format(write("t.csv", content)) == CsvFormat(**keys)  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_an_encoding_is_told(write: Write, encoding: str) -> None:
    path = write("t.csv", "größe;b\n1;2\n".encode(encoding))
    assert guessed_format(path) == CsvFormat(separator=";", encoding=encoding)


def test_what_is_not_utf8_may_come_late(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.drafts.csv_guess.PART_BYTES", 16)
    path = write("t.csv", b"a;b\n" + b"1;2\n" * 20 + b"3;\xe4\n")
    assert guessed_format(path) == CsvFormat(separator=";", encoding="cp1252")


def test_a_character_may_begin_in_one_part_and_end_in_the_next(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.drafts.csv_guess.PART_BYTES", 3)
    assert guessed_format(write("t.csv", "aä,b\nö,2\n")).encoding == "utf-8"


def test_an_archive_is_left_to_who_reads_it(write: Write) -> None:
    assert guessed_format(write("t.csv", b"PK\x03\x04\xff;;;")) == CsvFormat()


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        guessed_format(tmp_path / "t.csv")
