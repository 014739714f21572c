import bz2
import csv
import gzip
import hashlib
import io
import lzma
import math
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.data.csv_file import CsvFile
from ntkcli.data.records import records
from ntkcli.errors import DataError
from ntkcli.spec.csv_format import CsvFormat

Write = Callable[[str, str | bytes], Path]

GOOD = "a,b,n\n1,2.5,x\n-3,1e-3,y\n"
NUMBERS = "a,b,c\n"


def zipped(*names: str, content: str = GOOD) -> bytes:
    """A zip archive of files that all have this content; names that end in / are folders."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name in names:
            archive.writestr(name, "" if name.endswith("/") else content)
    return memory.getvalue()


def table(*rows: list[str], line_end: str = "\n") -> str:
    memory = io.StringIO()
    csv.writer(memory, lineterminator=line_end).writerows(rows)
    return memory.getvalue()


def fault_of(path: Path, numbers: list[str], texts: list[str] | None = None) -> str:
    """Why a file cannot be read, without its path."""
    with pytest.raises(DataError) as refusal:
        CsvFile(path).read(numbers, texts or [])
    message = str(refusal.value)
    assert message.startswith(f"{path}:")
    return message.removeprefix(f"{path}:")


COMPRESSED = {
    "t.csv": GOOD.encode(),
    "t.csv.gz": gzip.compress(GOOD.encode()),
    "t.csv.bz2": bz2.compress(GOOD.encode()),
    "t.csv.xz": lzma.compress(GOOD.encode()),
    "t.csv.zip": zipped("t.csv"),
    "t.CSV.GZ": gzip.compress(GOOD.encode()),
    "folder.zip": zipped("folder/", "folder/t.csv"),
}

FLAVOURS = {
    "byte order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "old Macintosh line ends": GOOD.replace("\n", "\r").encode(),
    "Windows line ends": GOOD.replace("\n", "\r\n").encode(),
    "no last line end": GOOD.rstrip("\n").encode(),
    "blank lines": GOOD.replace("\n", "\n\n\r\n").encode(),
    "blank first line": b"\n" + GOOD.encode(),
    "spaces in the header": GOOD.replace("a,b,n", " a ,b\t, n").encode(),
    "quotes": b'"a","b","n"\n"1","2.5","x"\n"-3","1e-3","y"\n',
    "spaces around numbers": b"a,b,n\n 1 ,2.5 ,x\n-3, 1e-3,y\n",
}

DAMAGED = {
    "cut.csv.gz": gzip.compress(GOOD.encode() * 5000)[:-20],
    "cut.csv.bz2": bz2.compress(GOOD.encode() * 5000)[:-20],
    "cut.csv.xz": lzma.compress(GOOD.encode() * 5000)[:-20],
    "cut.csv.zip": zipped("t.csv")[:-20],
    "plain.csv.gz": GOOD.encode(),
    "plain.csv.bz2": GOOD.encode(),
    "plain.csv.xz": GOOD.encode(),
    "plain.csv.zip": GOOD.encode(),
}

UNUSABLE = {
    "nothing": ("", " the file is empty"),
    "blank lines": ("\n\r\n\n", " the file is empty"),
    "a header": ("a,b,c\n", " has a header but no data rows"),
    "a header without line end": ("a,b,c", " has a header but no data rows"),
    "a header and blank lines": ("a,b,c\n\n\n", " has a header but no data rows"),
    "a column twice": ("a,b,a\n1,2,3\n", "1: column 'a' is there twice"),
    "a column twice but for spaces": ("a,b, b\n1,2,3\n", "1: column 'b' is there twice"),
    "text": (NUMBERS + "1,2,3\n1,red,3\n", "3: column 'b': found 'red' where a number"),
    "an empty cell": (NUMBERS + "1,2,3\n1,2,\n", "3: column 'c': is empty"),
    "nan": (NUMBERS + "nan,2,3\n", "2: column 'a': found 'nan' where a finite number"),
    "infinity": (NUMBERS + "1,-inf,3\n", "2: column 'b': found '-inf' where a finite number"),
    "an overflow": (NUMBERS + "1,1e400,3\n", "2: column 'b': found '1e400' where a finite number"),
    "a decimal comma": (NUMBERS + '1,"2,5",3\n', "2: column 'b': found '2,5' where a number"),
    "a wide digit": (NUMBERS + "1,\uff12,3\n", "2: column 'b': found '\uff12'"),
    "a no-break space": (NUMBERS + "1,\u00a02,3\n", "2: column 'b': found '\\xa02'"),
    "a grouped number": (NUMBERS + "1,1_000,3\n", "2: column 'b': found '1_000'"),
    "a zero byte": (NUMBERS + "1,2\0,3\n", "2: column 'b': found '2\\x00'"),
    "a field too many": (NUMBERS + "1,2,3\n1,2,3,4\n", "3: has 4 fields where the header has 3"),
    "a field too many at first": (NUMBERS + "1,2,3,4\n1,2,3\n", "2: has 4 fields where the header has 3"),
    "a field too many everywhere": (NUMBERS + "1,2,3,4\n1,2,3,4\n", "2: has 4 fields"),
    "a comma too many everywhere": (NUMBERS + "1,2,3,\n1,2,3,\n", "2: has 4 fields"),
    "a field too few": (NUMBERS + "1,2,3\n1,2\n", "3: has 2 fields where the header has 3"),
    "a fault after blank lines": (NUMBERS + "\n1,2,3\n\n\n1,x,3\n", "6: column 'b': found 'x'"),
    "a fault after Windows line ends": ("a,b,c\r\n1,2,3\r\n1,x,3\r\n", "3: column 'b': found 'x'"),
    "a fault after a byte order mark": ("\ufeffa,b,c\n1,x,3\n", "2: column 'b': found 'x'"),
    "a form feed": (NUMBERS + "1,2,3\n\f\n1,2,3\n", "3: has 1 field where the header has 3"),
    "a line of a no-break space": (NUMBERS + "1,2,3\n\u00a0\n", "3: has 1 field where the header has 3"),
}


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_compressed_file_reads_like_the_plain_one(write: Write, name: str) -> None:
    frame = CsvFile(write(name, COMPRESSED[name])).read(["a", "b"], ["n"])
    assert frame.to_dict("list") == {"a": [1.0, -3.0], "b": [2.5, 1e-3], "n": ["x", "y"]}


@pytest.mark.parametrize("content", FLAVOURS.values(), ids=FLAVOURS)
def test_a_file_as_other_programs_write_it_reads_the_same(write: Write, content: bytes) -> None:
    frame = CsvFile(write("t.csv", content)).read(["a", "b"], ["n"])
    assert frame.to_dict("list") == {"a": [1.0, -3.0], "b": [2.5, 1e-3], "n": ["x", "y"]}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_said_to_be_damaged(write: Write, name: str) -> None:
    assert "damaged" in fault_of(write(name, DAMAGED[name]), ["a", "b"])


def test_an_archive_of_two_files_is_refused(write: Write) -> None:
    assert fault_of(write("t.zip", zipped("a.csv", "b.csv")), ["a"]).startswith(" holds 2 files")


def test_an_empty_archive_is_refused(write: Write) -> None:
    assert fault_of(write("t.zip", zipped()), ["a"]).startswith(" holds 0 files")


@pytest.mark.parametrize("name", ["t.tar.xz", "t.tar.gz", "t.csv.zst"])
def test_an_archive_of_another_kind_is_refused(write: Write, name: str) -> None:
    assert fault_of(write(name, b"\x28\xb5\x2f\xfd" + GOOD.encode()), ["a"]) != ""


@pytest.mark.parametrize(("content", "what"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_wrong_is_reported_with_its_line(write: Write, content: str, what: str) -> None:
    assert fault_of(write("t.csv", content), ["a", "b", "c"]).startswith(what)


@pytest.mark.parametrize(("row", "count"), [("1,2", 2), ("1,2,x,y", 4), ("1,2,x,", 4)])
def test_a_ragged_row_is_reported_when_the_last_column_is_text(write: Write, row: str, count: int) -> None:
    path = write("t.csv", f"{GOOD}{row}\n")
    assert (
        fault_of(path, ["a", "b"], ["n"]) == f"4: has {count} fields where the header has 3: make them equal"
    )


def test_the_columns_that_are_not_asked_for_may_hold_anything(write: Write) -> None:
    frame = CsvFile(write("t.csv", "a,b,n\n1,,NaN\n2,red,1e999\n")).read(["a"], [])
    assert frame.to_dict("list") == {"a": [1.0, 2.0]}


def test_columns_come_in_the_order_asked_for(write: Write) -> None:
    frame = CsvFile(write("t.csv", GOOD)).read(["b", "a"], ["n"])
    assert list(frame.columns) == ["b", "a", "n"]


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nope\.csv: there is no such file"):
        CsvFile(tmp_path / "nope.csv")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        CsvFile(tmp_path)


def test_a_pipe_is_read_whole_or_refused() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"a,b\n" + b"1,2\n" * 5000)
    os.close(writer)
    try:
        rows = len(CsvFile(Path(f"/dev/fd/{reader}")).read(["a", "b"], []))
    except DataError:
        rows = 0
    os.close(reader)
    assert rows in (0, 5000)


@pytest.mark.parametrize(
    ("encoding", "line", "text"), [("latin-1", 3, "\x81"), ("cp1252", 3, "é"), ("utf-16", 1, "é")]
)
def test_another_encoding_is_reported_with_the_remedy(
    write: Write, encoding: str, line: int, text: str
) -> None:
    path = write("t.csv", f"a,b,n\n1,2,x\n3,4,{text}\n".encode(encoding))
    what = fault_of(path, ["a", "b"])
    assert what.startswith(f"{line}: is not UTF-8 text")
    assert what.endswith(f"save the file as UTF-8, or set data.csv.encoding: {encoding}")


def test_the_bad_byte_is_counted_within_its_line(write: Write) -> None:
    path = write("t.csv", b"a,b,n\n1,2,x\n3,4,\xe9\n")
    assert "(byte 5 of the line is 0xe9)" in fault_of(path, ["a", "b"])


def test_a_line_is_counted_through_quoted_line_ends_and_blank_lines(write: Write) -> None:
    file = CsvFile(write("t.csv", 'a,n\n1,"two\nlines"\n\n2,x\n3,"three\n\nlines"\n4,y\n'))
    assert [file.line(row) for row in (1, 3)] == [5, 9]


@pytest.mark.parametrize("blank", ["", "   ", "\t"])
def test_a_line_of_spaces_is_as_good_as_blank_wherever_lines_are_counted(write: Write, blank: str) -> None:
    file = CsvFile(write("t.csv", f"a,b\n1,2\n{blank}\n3,4\n"))
    assert file.read(["a", "b"], [])["a"].tolist() == [1.0, 3.0]
    assert [file.line(row) for row in (0, 1)] == [2, 4]


def test_a_fault_after_quoted_line_ends_is_reported_at_its_line(write: Write) -> None:
    path = write("t.csv", 'n,a\n"two\nlines",1\n\nx,2\ny,red\n')
    assert fault_of(path, ["a"], ["n"]).startswith("6: column 'a': found 'red'")


def test_a_quote_that_never_closes_is_reported_where_it_opens(write: Write) -> None:
    path = write("t.csv", 'a,n\n1,x\n2,"y\n3,z\n4,x\n')
    assert fault_of(path, ["a"], ["n"]).startswith("3: ")


def test_the_digest_is_of_the_bytes_on_disk(write: Write) -> None:
    content = gzip.compress(GOOD.encode())
    assert CsvFile(write("t.csv.gz", content)).digest == hashlib.sha256(content).hexdigest()


def test_a_cell_may_be_long(write: Write) -> None:
    text = "x" * 200_000
    frame = CsvFile(write("t.csv", f"a,n\n1,{text}\n")).read(["a"], ["n"])
    assert frame["n"].tolist() == [text]


@settings(max_examples=200)
@given(
    values=st.lists(
        st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**30), 10**30), min_size=1
    )
)
def test_numbers_read_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, values: list[float]
) -> None:
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    path.write_text("a\n" + "".join(f"{value!r}\n" for value in values))
    found = CsvFile(path).read(["a"], [])["a"].to_numpy()
    assert found.tobytes() == np.array(values, dtype=np.float64).tobytes()


@settings(max_examples=300)
@given(text=st.text(st.sampled_from("0123456789.eE+-_xninfaNd ﬁ\uff12,"), min_size=1, max_size=8))
def test_a_number_is_what_python_takes_for_one(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "number.csv"
    path.write_text(table(["a", "b"], ["0", text]), encoding="utf-8")
    try:
        expected = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        expected = math.nan
    if math.isfinite(expected):
        assert CsvFile(path).read(["b"], [])["b"].tolist() == [expected]
    else:
        assert fault_of(path, ["b"]).startswith("2: column 'b': ")


LETTERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
IDS = st.lists(
    LETTERS | st.sampled_from(["NA", "007", "nan", "1e3", " x ", "", "a,b", 'say "hi"', "two\nlines"])
)


@settings(max_examples=200)
@given(ids=IDS.filter(bool))
def test_text_is_read_letter_by_letter(tmp_path_factory: pytest.TempPathFactory, ids: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "ids.csv"
    # With this line end, the writer quotes both of its characters.
    content = table(["id", "a"], *([text, "1"] for text in ids), line_end="\r\n")
    path.write_text(content, encoding="utf-8", newline="")
    assert CsvFile(path).read(["a"], ["id"])["id"].tolist() == ids


LINES = st.text(st.sampled_from('a1,"\n\r \t;é\x0b\x0c\xa0\u2028'), max_size=30).map(str.encode)


@settings(max_examples=400)
@given(content=st.binary(max_size=30) | LINES, texts=st.sampled_from([[], ["a"], ["b"]]))
def test_whatever_is_in_a_file_it_is_numbers_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, texts: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(b"a,b\n1,2\n" + content)
    numbers = [name for name in ("a", "b") if name not in texts]
    try:
        frame = CsvFile(path).read(numbers, texts)
    except DataError as error:
        refusal = str(error)
    else:
        assert np.isfinite(frame[numbers].to_numpy()).all()
        assert len(list(records(path))) == len(frame) + 1
        refusal = str(path)
    assert refusal.startswith(str(path))


@pytest.mark.parametrize("words", [("True", "False"), ("true", "false"), ("TRUE", "TRUE")])
def test_a_column_of_true_and_false_is_not_taken_for_numbers(write: Write, words: tuple[str, str]) -> None:
    path = write("t.csv", "a,b\n" + "".join(f"1,{word}\n" for word in words))
    assert fault_of(path, ["a", "b"]).startswith(f"2: column 'b': found '{words[0]}'")


@pytest.mark.parametrize("start", [b"PK\x03\x04\xff", b"\x1f\x8b\x08\xff"])
def test_a_workbook_or_archive_is_reported_as_such(write: Write, start: bytes) -> None:
    assert "is an archive or a workbook" in fault_of(write("t.csv", start), ["a"])


@pytest.mark.parametrize(
    ("text", "cells", "lines"),
    [
        ('y\na\n""\nb\n', ["a", "", "b"], [2, 3, 4]),
        ('y\n""\n\n""\n', ["", ""], [2, 4]),
        ('y\na\n" "\nb\n', ["a", " ", "b"], [2, 3, 4]),
        ("y\na\n   \n\t\nb \n", ["a", "b "], [2, 5]),
        ('y\n"a\n\n"\n\nb', ["a\n\n", "b"], [4, 6]),
    ],
)
def test_in_one_column_a_blank_line_is_no_row_and_quotes_are_one(
    write: Write, text: str, cells: list[str], lines: list[int]
) -> None:
    file = CsvFile(write("t.csv", text))
    assert file.read([], ["y"])["y"].tolist() == cells
    assert file.lines(range(len(cells))) == lines
    assert file.has_more(len(cells) - 1)
    assert not file.has_more(len(cells))


def test_an_empty_cell_of_one_column_is_told_with_its_line(write: Write) -> None:
    assert fault_of(write("t.csv", 'y\n1\n\n""\n2\n'), ["y"]).startswith("4: column 'y': is empty")


def test_lines_of_separators_are_rows(write: Write) -> None:
    path = write("t.csv", "a\tb\nx\ty\n\t\n")
    file = CsvFile(path, form=CsvFormat(separator="\t"))
    assert file.lines([0, 1]) == [2, 3]
    assert file.read([], ["a"])["a"].tolist() == ["x", ""]
