"""A split that a column of the training file gives."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ntkcli.data.dataset import Dataset
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset

ReadData = Callable[..., Dataset]
Refusal = Callable[..., str]


def table(*sides: str) -> str:
    return "a,s,y\n" + "".join(f"{row},{side},{row * row}\n" for row, side in enumerate(sides))


def test_rows_called_test_are_predicted_in_any_case(read_data: ReadData) -> None:
    dataset = read_data(table("train", "TEST", " Training", "testing ", "Train"), split={"column": "s"})
    assert dataset.test.rows.tolist() == [1, 3]
    assert dataset.train.rows.tolist() == [0, 2, 4]
    assert dataset.schema.features.columns == ["a"]
    assert dataset.has_test_rows


@pytest.mark.parametrize(
    ("values", "rows"), [("dev", [1]), (["DEV", "eval"], [1, 3]), (2, [4]), (["2", "dev"], [1, 4])]
)
def test_rows_of_the_values_named_are_predicted_and_all_others_trained_with(
    read_data: ReadData, values: object, rows: list[int]
) -> None:
    split = {"column": "s", "test": values}
    dataset = read_data(table("validation", "dev", "train", "eval", "2.0", "test"), split=split)
    assert dataset.test.rows.tolist() == rows
    assert sorted([*dataset.train.rows, *rows]) == list(range(6))


def test_the_column_may_be_an_id(read_data: ReadData) -> None:
    dataset = read_data(table("train", "train", "test"), split={"column": "s"}, id="s")
    assert dataset.test.ids["s"].tolist() == ["test"]


def test_a_row_that_is_left_out_needs_no_side(read_data: ReadData) -> None:
    text = table("train", "train", "test") + ",,1\n"
    assert read_data(text, split={"column": "s"}, missing="drop").test.rows.tolist() == [2]


@pytest.mark.parametrize(
    ("sides", "split", "reason"),
    [
        (
            ("train", "train", ""),
            {},
            "train.csv:4: column 's': is empty, and data.split.column needs a value",
        ),
        (
            ("train", "NA", "test"),
            {"test": "test"},
            "train.csv:3: column 's': is empty, and data.split.column",
        ),
        (
            ("train", "validation", "test"),
            {},
            "train.csv:3: column 's': found 'validation', which is neither train nor test: correct it",
        ),
        (
            ("train", "train", "train"),
            {},
            "train.csv: column 's' (data.split.column) leaves 0 to predict and 3 to train with: name",
        ),
        (
            ("test", "test", "train"),
            {},
            "column 's' (data.split.column) leaves 2 to predict and 1 to train with",
        ),
        (
            ("a", "b", "c"),
            {"test": ["b", "d"]},
            "train.csv: column 's' has no 'd' (data.split.test) in any row; the first has 'a': correct",
        ),
        (("a", "b", "c"), {"column": "t"}, "train.csv:1: has no column 't' (data.split.column)"),
    ],
)
def test_what_is_no_split_is_refused(
    refusal: Refusal, sides: tuple[str, ...], split: dict[str, object], reason: str
) -> None:
    assert reason in refusal(table(*sides), split={"column": "s"} | split)


@pytest.mark.parametrize("values", [[1, 2, 3, 3], [1.0, 2.0, 3.0, 3.0], ["1", "2", "3", "3"]])
def test_a_parquet_file_may_hold_numbers_or_texts(tmp_path: Path, values: list[object]) -> None:
    path = tmp_path / "train.parquet"
    pd.DataFrame({"a": [1.0, 2.0, 4.0, 7.0], "y": [1.0, 2.0, 5.0, 3.0], "s": values}).to_parquet(path)
    keys = {"train": path, "target": "y", "split": {"column": "s", "test": 3}}
    dataset = load_dataset(DataSpec.model_validate(keys))
    assert dataset.test.rows.tolist() == [2, 3]
    assert dataset.schema.features.columns == ["a"]


def test_truth_values_of_a_parquet_file_are_values(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    frame = pd.DataFrame({"a": [1.0, 2.0, 4.0], "y": [1.0, 2.0, 5.0], "held": [False, False, True]})
    frame.to_parquet(path)
    keys = {"train": path, "target": "y", "split": {"column": "held", "test": True}}
    assert load_dataset(DataSpec.model_validate(keys)).test.rows.tolist() == [2]


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"split": {"column": "s"}}, "data.split.column"),
        ({"split": {"test": 0.3, "time": "a"}}, "data.split.time"),
        ({"split": {"test": 0.3, "seed": 3}, "groups": "s"}, "data.groups"),
    ],
)
def test_a_split_that_leaves_one_class_is_named_as_the_cause(
    write: Callable[[str, str], Path], keys: dict[str, object], named: str
) -> None:
    path = write("train.csv", "a,s,y\n1,train,p\n2,train,p\n3,train,p\n4,test,q\n")
    message = rf"one class only, 'p', in the rows that {named} leaves to train with: there is nothing"
    with pytest.raises(DataError, match=message):
        load_dataset(DataSpec.model_validate({"train": path, "target": "y", **keys}))
