"""Rows in parts are the rows of the whole table, in whatever parts they are read."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.data.dataset import Dataset
from ntkcli.data.row_source import FileRows, RowSource, in_parts
from ntkcli.data.table import Table
from ntkcli.errors import DataError

Write = Callable[[str, str], Path]
ReadData = Callable[..., Dataset]
ROWS = "i,a,c,y\n" + "".join(f"r{i},{i * 0.7!r},{'uv'[i % 2]},{i}\n" for i in range(11))


def assert_join_to(parts: list[Table], whole: Table, *, rows: int) -> None:
    """Parts have the length asked for, and are the whole bit for bit."""
    assert [len(part) for part in parts[:-1]] == [rows] * (len(parts) - 1)
    assert 0 < len(parts[-1]) <= rows
    assert np.vstack([part.x for part in parts]).tobytes() == np.ascontiguousarray(whole.x).tobytes()
    assert np.concatenate([part.rows for part in parts]).tolist() == whole.rows.tolist()
    pd.testing.assert_frame_equal(pd.concat([part.targets for part in parts]), whole.targets)
    pd.testing.assert_frame_equal(pd.concat([part.ids for part in parts]), whole.ids)


def file_rows(dataset: Dataset, read: int) -> FileRows:
    file = dataset.test.file
    return FileRows(dataset.schema, file, lambda: dataset.schema.frames(file, read))


@pytest.mark.parametrize("rows", [1, 4, 11, 50])
def test_parts_of_held_rows_are_the_table(read_data: ReadData, rows: int) -> None:
    dataset = read_data(ROWS, id="i")
    assert_join_to(list(RowSource.held(dataset).train(rows)), dataset.train, rows=rows)


@pytest.mark.parametrize("keys", [{}, {"normalize_rows": True}, {"log": ["a"]}, {"missing": "mean"}])
@pytest.mark.parametrize("read", [1, 3, 100])
@pytest.mark.parametrize("rows", [1, 4, 11, 50])
def test_parts_of_a_file_are_its_table(
    read_data: ReadData, rows: int, read: int, keys: dict[str, object]
) -> None:
    dataset = read_data(ROWS, ROWS, id="i", **keys)
    source = file_rows(dataset, read)
    assert source.rows is None
    for _ in range(2):
        assert_join_to(list(source.parts(rows)), dataset.test, rows=rows)
        assert source.rows == 11


def test_parts_of_many_normalised_columns_are_those_of_the_whole(read_data: ReadData) -> None:
    values = np.random.default_rng(0).normal(size=(30, 40))
    lines = [
        ",".join(f"x{i}" for i in range(39)) + ",y",
        *(",".join(map(repr, row)) for row in values.tolist()),
    ]
    text = "\n".join(lines)
    dataset = read_data(text, text, normalize_rows=True)
    whole = dataset.train.x
    for rows in (1, 7):
        parts = list(file_rows(dataset, 5).parts(rows))
        assert np.vstack([part.x for part in parts]).tobytes() == np.ascontiguousarray(whole).tobytes()


def test_without_other_rows_the_training_rows_are_predicted(read_data: ReadData) -> None:
    source = RowSource.held(read_data(ROWS, id="i"))
    assert source.prediction is source.training
    assert source.train_rows == source.test_rows == 11


def test_parts_tell_between_them_how_many_rows_were_dropped(read_data: ReadData) -> None:
    test = ROWS.replace("r0,0.0", "r0,").replace("r5,3.5", "r5,").replace(f"r10,{10 * 0.7!r}", "r10,")
    dataset = read_data(ROWS, test, id="i", missing="drop")
    for rows, read in [(1, 1), (3, 2), (4, 100), (100, 3)]:
        parts = list(file_rows(dataset, read).parts(rows))
        assert sum(part.dropped for part in parts) == 3
        assert_join_to(parts, dataset.test, rows=rows)


def test_held_rows_do_not_tell_again_what_was_dropped(read_data: ReadData) -> None:
    dataset = read_data(ROWS, ROWS.replace("r5,3.5", "r5,"), id="i", missing="drop")
    assert dataset.test.dropped == 1
    assert [part.dropped for part in RowSource.held(dataset).test(20)] == [0]


def test_a_file_whose_every_row_is_dropped_is_refused(read_data: ReadData, tmp_path: Path) -> None:
    dataset = read_data(ROWS, ROWS, id="i", missing="drop")
    (tmp_path / "test.csv").write_text("i,a,c,y\nr1,,u,1\n")
    source = FileRows(dataset.schema, dataset.test.file, lambda: iter([]), is_read=False)
    with pytest.raises(DataError, match=r"test\.csv: every row lacks a value"):
        list(source.parts(3))


@pytest.mark.parametrize("change", [ROWS.replace("r3", "q3"), ROWS.replace(",v,", ",w,"), "nothing\n1\n"])
def test_a_file_that_changes_between_passes_is_refused(
    read_data: ReadData, tmp_path: Path, change: str
) -> None:
    source = file_rows(read_data(ROWS, ROWS, id="i"), 3)
    list(source.parts(5))
    (tmp_path / "test.csv").write_text(change)
    with pytest.raises(DataError, match=r"test\.csv: changed while it was read: start again") as refusal:
        list(source.parts(5))
    assert refusal.value.exit_code == 3


def test_a_change_within_a_pass_is_told_instead_of_what_it_breaks(
    read_data: ReadData, tmp_path: Path
) -> None:
    dataset = read_data(ROWS, ROWS, id="i")
    file = dataset.test.file

    def frames() -> Iterator[tuple[pd.DataFrame, int]]:
        (tmp_path / "test.csv").write_text(ROWS.replace(",u,", ",w,"))
        yield from dataset.schema.frames(file, 4)

    with pytest.raises(DataError, match="changed while it was read"):
        list(FileRows(dataset.schema, file, frames).parts(4))


def test_a_file_that_is_only_touched_is_the_same(read_data: ReadData, tmp_path: Path) -> None:
    source = file_rows(read_data(ROWS, ROWS, id="i"), 3)
    (tmp_path / "test.csv").write_text(ROWS)
    (tmp_path / "test.csv").touch()
    assert sum(map(len, source.parts(5))) == 11


def test_a_fault_of_a_file_itself_is_told_as_it_is(read_data: ReadData) -> None:
    # Training did not have it, and the file is what it was.
    dataset = read_data(ROWS, ROWS + "r11,1,w,3\n", id="i", unknown="ignore")
    rules = dataset.schema.features.rules.model_copy(update={"unknown": "error"})
    object.__setattr__(dataset.schema.features, "rules", rules)
    with pytest.raises(DataError, match=r"test\.csv:13: column 'c': found 'w'"):
        list(file_rows(dataset, 3).parts(5))


@given(
    lengths=st.lists(st.integers(0, 7), max_size=8),
    rows=st.integers(1, 9),
    dropped=st.lists(st.integers(0, 3), min_size=8, max_size=8),
)
def test_frames_of_any_length_come_in_parts_of_one(lengths: list[int], rows: int, dropped: list[int]) -> None:
    values = np.arange(sum(lengths))
    frames = [pd.DataFrame({"v": part}) for part in np.split(values, np.cumsum(lengths))[: len(lengths)]]
    found = list(in_parts(zip(frames, dropped, strict=False), rows))
    assert [value for part, _ in found for value in part["v"]] == values.tolist()
    assert all(len(part) == rows for part, _ in found[:-1])
    if found:
        assert 0 < len(found[-1][0]) <= rows
        assert sum(count for _, count in found) == sum(dropped[: len(lengths)])
