"""Tables of a file by a schema that training has settled."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ntkcli.data.csv_file import CsvFile
from ntkcli.data.dataset import Dataset
from ntkcli.data.frames import has_values
from ntkcli.data.gaps import dropped_rows
from ntkcli.errors import DataError

ReadData = Callable[..., Dataset]
Write = Callable[[str, str], Path]

TRAIN = "i,n,c,y\nu,1,p,k\nv,2,q,l\nw,4,p,k\nx,8,q,l\n"
ROWS = [f"r{row},{row * row},{'pq'[row % 2]},{'kl'[row % 2]}\n" for row in range(9)]


@pytest.mark.parametrize("rows", [1, 2, 4, 9, 100])
def test_tables_of_a_few_rows_are_the_table_of_all(read_data: ReadData, write: Write, rows: int) -> None:
    schema = read_data(TRAIN, id="i").schema
    file = CsvFile(write("new.csv", "i,n,c,y\n" + "".join(ROWS)))
    (whole,) = schema.tables(file)
    parts = list(schema.tables(file, rows=rows))
    assert np.array_equal(np.concatenate([part.x for part in parts]), whole.x)
    assert np.concatenate([part.rows for part in parts]).tolist() == list(range(9))
    pd.testing.assert_frame_equal(pd.concat([part.ids for part in parts]), whole.ids)
    pd.testing.assert_frame_equal(pd.concat([part.targets for part in parts]), whole.targets)


def test_a_table_of_the_training_file_is_what_was_trained_on(read_data: ReadData) -> None:
    dataset = read_data(TRAIN, id="i")
    (table,) = dataset.schema.tables(dataset.train.file)
    assert np.array_equal(table.x, dataset.train.x)
    pd.testing.assert_frame_equal(table.ids, dataset.train.ids)
    pd.testing.assert_frame_equal(table.targets, dataset.train.targets)


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_dropped_rows_are_counted_and_the_others_keep_their_numbers(
    read_data: ReadData, write: Write, rows: int
) -> None:
    schema = read_data(TRAIN, id="i", missing="drop").schema
    lines = [line.replace(",p,", ",,") if row in (2, 8) else line for row, line in enumerate(ROWS)]
    file = CsvFile(write("new.csv", "i,n,c\n" + "".join(line.rsplit(",", 1)[0] + "\n" for line in lines)))
    parts = list(schema.tables(file, rows=rows))
    assert np.concatenate([part.rows for part in parts]).tolist() == [0, 1, 3, 4, 5, 6, 7]
    assert [part.line(0) for part in parts] == [int(part.rows[0]) + 2 for part in parts]
    assert all(len(part) == len(part.ids) == len(part.rows) for part in parts)
    assert sum(part.dropped for part in parts) == 2


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "gaps", [{0}, {8}, {0, 1, 2, 3}, {6, 7, 8}, {1, 4, 5, 6}, set(range(8)), set(range(9))]
)
def test_dropped_rows_are_counted_wherever_they_stand(
    read_data: ReadData, write: Write, gaps: set[int], rows: int
) -> None:
    schema = read_data(TRAIN, id="i", missing="drop").schema
    lines = ["r,,p,k\n" if row in gaps else line for row, line in enumerate(ROWS)]
    file = CsvFile(write("new.csv", "i,n,c,y\n" + "".join(lines)))
    parts = list(schema.tables(file, rows=rows))
    assert sum(map(len, parts)) == 9 - len(gaps)
    assert all(len(part) for part in parts)
    assert sum(part.dropped for part in parts) == (len(gaps) if parts else 0)


@pytest.mark.parametrize("line", ["r,x,p,k", "r,1,z,k", "r,1,p,z", "r,1,,k", "r,1,p,"])
def test_a_fault_in_a_later_chunk_has_its_line(read_data: ReadData, write: Write, line: str) -> None:
    schema = read_data(TRAIN, id="i").schema
    file = CsvFile(write("new.csv", "i,n,c,y\n" + "".join(ROWS[:7]) + "\n" + line + "\n"))
    with pytest.raises(DataError, match=r"new\.csv:10: column "):
        list(schema.tables(file, rows=2))


def test_columns_that_predicting_does_not_need_may_be_there_or_not(read_data: ReadData, write: Write) -> None:
    schema = read_data(TRAIN, id="i").schema
    file = CsvFile(write("new.csv", "more,c,n,i\n,p,1,u\nz,q,2,v\n"))
    schema.check_columns(file)
    (table,) = schema.tables(file)
    assert np.array_equal(table.x, read_data(TRAIN, id="i").train.x[:2])
    assert table.targets.shape == (2, 0)


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("i,c", "has no column 'n', a feature of the model"),
        ("i,N,c", "did you mean 'N'?"),
        ("n,c", "has no column 'i', an id of the model"),
    ],
)
def test_a_column_that_predicting_needs_is_named(
    read_data: ReadData, write: Write, header: str, what: str
) -> None:
    schema = read_data(TRAIN, id="i").schema
    with pytest.raises(DataError) as refusal:
        schema.check_columns(CsvFile(write("new.csv", header + "\n")))
    assert "new.csv:1: " in str(refusal.value)
    assert what in str(refusal.value)


def test_a_constant_feature_is_not_needed_to_predict(read_data: ReadData, write: Write) -> None:
    schema = read_data("n,c,y\n1,p,1\n2,p,2\n3,p,4\n").schema
    file = CsvFile(write("new.csv", "n\n2\n"))
    schema.check_columns(file)
    (table,) = schema.tables(file)
    assert table.x.tolist() == [[0.0]]


def test_a_frame_has_values_where_every_column_has() -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan, 3.0, 4.0], "b": ["x", "y", "", "NA"]})
    assert has_values(frame).tolist() == [True, False, False, False]
    assert has_values(frame[[]]).tolist() == [True] * 4


def test_nothing_is_said_of_no_dropped_rows() -> None:
    assert dropped_rows(Path("t.csv"), 0) == []
    (line,) = dropped_rows(Path("t.csv"), 1200)
    assert line.startswith("t.csv: 1,200 rows without a value")


def test_an_id_without_a_value_drops_no_row(read_data: ReadData, write: Write) -> None:
    schema = read_data(TRAIN, id="i", missing="drop").schema
    (table,) = schema.tables(CsvFile(write("new.csv", "i,n,c\n,1,p\nNA,2,q\n")))
    assert (table.ids["i"].tolist(), table.dropped) == (["", "NA"], 0)


@pytest.mark.parametrize("cell", ["", "?"])
def test_a_target_that_is_empty_throughout_counts_as_none(
    read_data: ReadData, write: Write, cell: str
) -> None:
    schema = read_data(TRAIN, id="i").schema
    (table,) = schema.tables(CsvFile(write("new.csv", f"i,n,c,y\na,1,p,{cell}\nb,2,q,{cell}\n")))
    assert list(table.targets.columns) == []
    with pytest.raises(DataError, match=":3: column 'y'"):
        list(schema.tables(CsvFile(write("some.csv", f"i,n,c,y\na,1,p,k\nb,2,q,{cell}\n"))))
