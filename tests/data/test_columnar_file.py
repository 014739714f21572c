"""A Parquet, Feather or Arrow file reads like the CSV file with the same values."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ntkcli.data.columnar_file import ColumnarFile
from ntkcli.data.csv_file import CsvFile
from ntkcli.data.formats import open_table
from ntkcli.data.table_file import TableFile
from ntkcli.errors import DataError, SpecError
from ntkcli.spec.csv_format import CsvFormat

Save = Callable[..., Path]

FRAME = pd.DataFrame(
    {
        "whole": np.array([1, -3, 2**53 + 1, 0]),
        "number": [1.5, np.nan, 1e22, -0.1],
        "gaps": pd.array([1, None, 3, 4], dtype="Int64"),
        "truth": [True, False, True, True],
        "text": ["x", "", "NA", "\u00e9,\n"],
        "category": pd.Categorical(["u", "v", None, "u"]),
        "day": pd.to_datetime(["2020-01-31", "2020-02-01", "", "2021-01-01"]).as_unit("us"),
        "nothing": [None] * 4,
    }
)
NUMBERS = ["whole", "number", "gaps", "nothing"]
TEXTS = ["text", "category", "truth"]
ENDINGS = ["parquet", "feather", "arrow", "PARQUET"]
KINDS = [
    (pa.array([0.5, None], pa.float32()), ["0.5", ""]),
    (pa.array([7, None], pa.uint8()), ["7", ""]),
    (pa.array([True, None]), ["True", ""]),
    (pa.array(["a", None], pa.large_string()), ["a", ""]),
    (pa.array(["a", None]).dictionary_encode(), ["a", ""]),
    (pa.array([5, None]).dictionary_encode(), ["5", ""]),
    (pa.nulls(2), ["", ""]),
    (pa.array([0, None], pa.date32()), ["1970-01-01", ""]),
    (pa.array([1_500, None], pa.timestamp("ms")), ["1970-01-01 00:00:01.500", ""]),
    (pa.array([2_000_000_000, None], pa.timestamp("ns")), ["1970-01-01 00:00:02", ""]),
    (pa.array([1_500, None], pa.timestamp("ms", "UTC")), ["1970-01-01 00:00:01.500+00:00", ""]),
    (pa.array([60, None], pa.time32("s")), ["00:01:00", ""]),
    (pa.array(["1.50", None]).cast(pa.decimal128(10, 2)), ["1.50", ""]),
]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a table in the format of its name's ending; an `.arrow` file is a stream."""

    def save_table(table: pa.Table | pd.DataFrame, name: str = "t.parquet", rows: int = 3) -> Path:
        if isinstance(table, pd.DataFrame):
            table = pa.Table.from_pandas(table)
        path = tmp_path / name
        if path.suffix.lower() == ".parquet":
            pq.write_table(table, path, row_group_size=rows)
            return path
        new = pa.ipc.new_stream if path.suffix == ".arrow" else pa.ipc.new_file
        with new(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=rows)
        return path

    return save_table


def plain(tmp_path: Path) -> TableFile:
    FRAME.to_csv(tmp_path / "plain.csv", index=False)
    return CsvFile(tmp_path / "plain.csv")


def refusal(path: Path, numbers: list[str], texts: list[str] | None = None) -> str:
    """Why a file cannot be read, without its path."""
    with pytest.raises(DataError) as found:
        ColumnarFile(path).read(numbers, texts or [])
    message = str(found.value)
    assert message.startswith(f"{path}:")
    return message.removeprefix(f"{path}:")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("rows", [None, 1, 2, 3])
def test_it_reads_like_the_csv_file(save: Save, tmp_path: Path, ending: str, rows: int | None) -> None:
    file, other = open_table(save(FRAME, f"t.{ending}"), CsvFormat()), plain(tmp_path)
    assert file.columns == other.columns
    for numbers, texts in ((NUMBERS, TEXTS), ([], TEXTS), (NUMBERS, [])):
        parts = list(file.chunks(numbers, texts, missing=True, rows=rows))
        pd.testing.assert_frame_equal(pd.concat(parts), other.read(numbers, texts, missing=True))
        assert [len(part) for part in parts[:-1]] == [rows] * (len(parts) - 1)
    assert len(file.read([], [])) == len(FRAME)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_asked_of_a_table_is_answered_alike(save: Save, tmp_path: Path, ending: str) -> None:
    file, other = open_table(save(FRAME, f"t.{ending}"), CsvFormat()), plain(tmp_path)
    first = file.first_values(file.columns)
    assert first.pop("day") == "2020-01-31 00:00:00"
    assert first == {k: v for k, v in other.first_values(other.columns).items() if k != "day"}
    assert file.texts(file.columns) == other.texts(other.columns)
    assert [file.has_more(rows) for rows in (3, 4)] == [other.has_more(rows) for rows in (3, 4)]
    assert file.lines([0, 3]) == [0, 3]


@pytest.mark.parametrize(("column", "texts"), KINDS, ids=lambda value: str(getattr(value, "type", "")))
def test_every_kind_of_column_has_texts(save: Save, column: pa.Array, texts: list[str]) -> None:
    assert ColumnarFile(save(pa.table({"a": column}))).read([], ["a"])["a"].tolist() == texts


@pytest.mark.parametrize("kind", [pa.list_(pa.int64()), pa.binary(), pa.duration("s")])
def test_other_kinds_are_refused_where_they_are_used(save: Save, kind: pa.DataType) -> None:
    path = save(pa.table({"a": pa.nulls(2, kind), "b": [1, 2]}))
    assert ColumnarFile(path).read(["b"], [])["b"].tolist() == [1, 2]
    assert refusal(path, ["b"], ["a"]).startswith(" column 'a' holds ")
    assert ", neither numbers nor texts: convert it" in refusal(path, ["b"], ["a"])
    with pytest.raises(DataError, match="neither numbers nor texts"):
        ColumnarFile(path).first_values(["a"])


def test_faults_have_their_rows_and_come_all_at_once(save: Save) -> None:
    table = pd.DataFrame({"a": [1.0, np.inf, 2.0, np.nan, 5.0], "b": ["1", " 2.5", "red", "4", "2,5"]})
    lines = refusal(save(table), ["a", "b"]).splitlines()
    assert [line.split(": ")[:3] for line in lines] == [
        ["1", "column 'a'", "found 'inf' where a finite number is wanted"],
        [lines[1].split(":")[0] + ":2", "column 'b'", "found 'red' where a number is wanted"],
        [lines[2].split(":")[0] + ":3", "column 'a'", "is empty"],
        [lines[3].split(":")[0] + ":4", "column 'b'", "found '2,5' where a number is wanted"],
    ]
    assert "data.csv" not in "".join(lines)


def test_gaps_do_not_hide_texts_that_are_no_numbers(save: Save) -> None:
    path = save(pd.DataFrame({"a": ["1", None, "red"]}))
    with pytest.raises(DataError, match="2: column 'a': found 'red'"):
        ColumnarFile(path).read(["a"], [], missing=True)


def test_an_index_of_pandas_without_a_name_is_a_column_without_one(save: Save) -> None:
    file = ColumnarFile(save(pd.DataFrame({"a": [1, 2]}, index=["x", "y"])))
    assert file.columns == ["a", ""]
    assert file.read(["a"], [])["a"].tolist() == [1, 2]


def test_a_name_may_have_dots_and_spaces_around(save: Save) -> None:
    nested = pa.array([{"b": 7}, {"b": 8}])
    file = ColumnarFile(save(pa.table({"a.b": [1, 2], " c ": [3, 4], "a": nested})))
    assert file.read(["a.b", "c"], []).to_dict("list") == {"a.b": [1, 2], "c": [3, 4]}


def test_two_columns_of_one_name_are_refused(save: Save) -> None:
    path = save(pa.table([pa.array([1]), pa.array([2])], names=["a", " a"]))
    assert refusal(path, []).startswith(" column 'a' is there twice")


def test_a_file_without_rows_is_refused(save: Save) -> None:
    assert refusal(save(pa.table({"a": pa.array([], pa.int64())})), ["a"]).startswith(" has no data rows")


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"t\.parquet: there is no such file"):
        ColumnarFile(tmp_path / "t.parquet")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PAR1", b"ARROW1\0\0", b"FEA1" + b"\0" * 40])
@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_a_file_of_another_format_is_refused(tmp_path: Path, ending: str, content: bytes) -> None:
    path = tmp_path / f"t.{ending}"
    path.write_bytes(content)
    assert refusal(path, []).startswith(" the file is damaged, or of another format (")


@pytest.mark.parametrize("ending", ["parquet", "feather", "arrow"])
def test_whatever_is_changed_in_a_file_it_is_read_or_refused_in_one_line(save: Save, ending: str) -> None:
    path = save(FRAME[["whole", "number", "truth", "text", "category"]], f"t.{ending}")
    whole, draw, refusals = path.read_bytes(), random.Random(0), []
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(draw.choice([1, 1, 2, 4])):
            content[draw.randrange(len(content))] = draw.randrange(256)
        path.write_bytes(content[: draw.choice([len(content), draw.randrange(len(content))])])
        try:
            file = ColumnarFile(path)
            file.read([], [name for name in file.columns if name])
        except DataError as error:
            refusals.append(str(error))
    assert refusals
    assert all(refusal.startswith(f"{path}:") and "\n" not in refusal for refusal in refusals)


def test_a_long_file_is_never_in_memory_whole(save: Save) -> None:
    rows = 2**21
    path = save(pa.table({"a": np.arange(float(rows)), "b": np.ones(rows)}), rows=2**16)
    before, most = pa.total_allocated_bytes(), 0
    for frame in ColumnarFile(path).chunks(["a", "b"], [], rows=10_000):
        most = max(most, pa.total_allocated_bytes() - before)
        assert len(frame) <= 10_000
    assert most < rows * 16 / 4


def test_without_pyarrow_the_remedy_is_told(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(FRAME)
    monkeypatch.setattr("ntkcli.data.arrow_batches.is_installed", lambda _: False)
    with pytest.raises(SpecError) as found:
        open_table(path, CsvFormat())
    assert str(found.value) == f"{path}: needs pyarrow: pip install 'ntkcli[parquet]'"
