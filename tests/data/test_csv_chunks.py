"""A CSV file read some rows at a time is the file read at once."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.data.csv_file import CsvFile
from ntkcli.errors import DataError

Write = Callable[[str, str], Path]

HEADER = "n,t,z,last\n"
ROWS = [f'{row},"t{row}\nx",{row % 3},w{row}\n' for row in range(10)]


def whole_and_parts(
    path: Path, rows: int, *, missing: bool = False
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    numbers, texts = ["z", "n"], ["last", "t"]
    whole = CsvFile(path).read(numbers, texts, missing=missing)
    return whole, list(CsvFile(path).chunks(numbers, texts, missing=missing, rows=rows))


@given(count=st.integers(1, 10), rows=st.integers(1, 12))
def test_chunks_of_any_size_are_the_file_and_rows_are_numbered_through(
    tmp_path_factory: pytest.TempPathFactory, count: int, rows: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "chunks.csv"
    path.write_text(HEADER + "\n".join(ROWS[:count]))
    whole, parts = whole_and_parts(path, rows)
    assert [len(part) for part in parts[:-1]] == [rows] * (len(parts) - 1)
    assert 0 < len(parts[-1]) <= rows
    pd.testing.assert_frame_equal(pd.concat(parts), whole)
    assert whole.index.tolist() == list(range(count))


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_gaps_are_nan_in_numbers_and_stay_letters_in_text(write: Write, rows: int) -> None:
    path = write("t.csv", HEADER + '1,NA,,\nNA,,2,nan\n?,x, NA,y\n"",x, ,y\n')
    whole, parts = whole_and_parts(path, rows, missing=True)
    pd.testing.assert_frame_equal(pd.concat(parts), whole)
    assert whole["n"].isna().tolist() == [False, True, True, True]
    assert whole["z"].isna().tolist() == [True, False, True, True]
    assert whole["t"].tolist() == ["NA", "", "x", "x"]
    assert whole["last"].tolist() == ["", "nan", "y", "y"]


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("rows", [1, 4, None])
@pytest.mark.parametrize("row", [0, 3, 4, 9])
@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ("red,x,1,w", "column 'n': found 'red' where a number is wanted"),
        ("1,x,inf,w", "column 'z': found 'inf' where a finite number is wanted"),
        ("1,x,1", "has 3 fields where the header has 4"),
        ("1,x,1,w,", "has 5 fields where the header has 4"),
    ],
)
def test_a_fault_is_reported_at_its_line_in_whatever_chunk(
    write: Write, missing: bool, rows: int | None, row: int, bad: str, what: str
) -> None:
    lines = [*ROWS[:row], f"{bad}\n", *ROWS[row + 1 :]]
    file = write("t.csv", HEADER + "".join(lines))
    with pytest.raises(DataError) as refusal:
        list(CsvFile(file).chunks(["n", "z"], ["t", "last"], missing=missing, rows=rows))
    assert str(refusal.value).startswith(f"{file}:{2 + 2 * row}: {what}")


def test_what_stands_above_a_fault_is_given_before_it_is_reached(write: Write) -> None:
    file = CsvFile(write("t.csv", "n\n" + "1\n" * 3 + "red\n"))
    chunks = file.chunks(["n"], [], rows=1)
    assert [next(chunks)["n"].tolist() for _ in range(3)] == [[1.0]] * 3
    with pytest.raises(DataError, match=":5: column 'n'"):
        next(chunks)


@pytest.mark.parametrize("rows", [1, None])
def test_a_file_without_rows_is_refused(write: Write, rows: int | None) -> None:
    with pytest.raises(DataError, match="has a header but no data rows"):
        list(CsvFile(write("t.csv", "n,t\n\n")).chunks(["n"], ["t"], rows=rows))


def test_the_first_value_of_a_column_is_behind_its_gaps(write: Write) -> None:
    file = CsvFile(write("t.csv", 'a,b,c\n,NA,"1\n2"\n\n?,x,\n3,y,\n'))
    assert file.first_values(["a", "b", "c"]) == {"a": "3", "b": "x", "c": "1\n2"}
    assert file.first_values(["b"]) == {"b": "x"}
    assert file.first_values([]) == {}


def test_a_column_without_any_value_has_no_first_one(write: Write) -> None:
    assert CsvFile(write("t.csv", "a,b\n,1\nnull,2\n")).first_values(["a", "b"]) == {"b": "1"}


def test_a_ragged_row_does_not_hide_first_values(write: Write) -> None:
    assert CsvFile(write("t.csv", "a,b\n,1\n3\n4,5\n")).first_values(["b", "a"]) == {"a": "3", "b": "1"}


@pytest.mark.parametrize("rows", [1, None])
def test_a_short_row_is_no_gap(write: Write, rows: int | None) -> None:
    file = CsvFile(write("t.csv", "t,n,z\na,1,2\nb,3\n"))
    with pytest.raises(DataError, match=":3: has 2 fields where the header has 3"):
        list(file.chunks(["n", "z"], ["t"], missing=True, rows=rows))
