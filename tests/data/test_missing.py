"""Cells without a value: refused, filled with a mean, or their rows dropped."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ntkcli.data.dataset import Dataset
from ntkcli.data.faults import MISSING

ReadData = Callable[..., Dataset]
Refusal = Callable[..., str]

# Gaps at lines 3 (number), 5 (boolean), 7 (category).
TRAIN = "n,b,c,y\n1,True,p,1\n,False,q,2\n4,True,p,3\n7,,q,4\n9,False,p,5\n2,False,,6\n"
TEST = "n,b,c,y\n,,,7\n3,True,q,8\n"
MARKS = sorted(MISSING)


@pytest.mark.parametrize(
    ("test", "place", "column"),
    [("n,b,c,y\n,True,p,1\n", 2, "n"), ("n,b,c,y\n1,,p,1\n", 2, "b"), ("n,b,c,y\n\n1,True,,1\n", 3, "c")],
)
@pytest.mark.parametrize("unknown", ["error", "ignore"])
def test_a_gap_is_refused_with_its_line_and_what_may_be_done(
    refusal: Refusal, test: str, place: int, column: str, unknown: str
) -> None:
    whole = "n,b,c,y\n1,True,p,1\n2,False,q,2\n4,True,p,3\n"
    for name, texts in (("train", [test + whole.split("\n", 1)[1]]), ("test", [whole, test])):
        message = refusal(*texts, unknown=unknown)
        assert message.startswith(f"{name}.csv:{place}: column '{column}': is empty: fill the value in")
        assert message.endswith("or set data.missing")


@pytest.mark.parametrize("mark", MARKS)
def test_every_mark_of_a_gap_is_one_in_columns_of_any_kind(read_data: ReadData, mark: str) -> None:
    train = TRAIN.replace(",,", f",{mark},").replace("\n,", f"\n{mark},")
    found, plain = (read_data(text, missing="mean", standardize=False) for text in (train, TRAIN))
    assert train != TRAIN or mark == ""
    assert np.array_equal(found.train.x, plain.train.x)
    assert len(read_data(train, missing="drop").train) == 3


@pytest.mark.parametrize("text", ["-", "None", "na", "NA NA", "missing", ".", "#N/A"])
def test_other_words_are_no_gaps(refusal: Refusal, text: str) -> None:
    for missing in ("error", "mean", "drop"):
        message = refusal(TRAIN.replace("\n4,", f"\n{text},"), missing=missing)
        if missing != "error":
            assert message.startswith(f"train.csv:4: column 'n': found '{text}' where a number is wanted")


@pytest.mark.parametrize("missing", ["error", "mean", "drop"])
@pytest.mark.parametrize("text", ["inf", "-inf", "1e999", "-Infinity"])
def test_what_is_infinite_is_no_gap(refusal: Refusal, missing: str, text: str) -> None:
    message = refusal(f"n,y\n1,1\n{text},2\n3,3\n", missing=missing)
    assert message.startswith(f"train.csv:3: column 'n': found '{text}' where a finite number is wanted")
    assert "data.missing" not in message


def test_a_gap_is_filled_with_the_mean_in_training(read_data: ReadData) -> None:
    dataset = read_data(TRAIN, TEST, missing="mean", standardize=False)
    assert dataset.schema.features.columns == ["n", "b", "c=p", "c=q"]
    mean = [23 / 5, 2 / 5, 3 / 5, 2 / 5]
    np.testing.assert_allclose(dataset.train.x[1], [mean[0], 0, 0, 1])
    np.testing.assert_allclose(dataset.train.x[3], [7, mean[1], 0, 1])
    np.testing.assert_allclose(dataset.train.x[5], [2, 0, *mean[2:]])
    np.testing.assert_allclose(dataset.test.x, [mean, [3.0, 1.0, 0.0, 1.0]])
    assert dataset.warnings == []


def test_a_gap_is_0_once_columns_are_standardised(read_data: ReadData) -> None:
    dataset = read_data(TRAIN, TEST, missing="mean")
    np.testing.assert_allclose(dataset.test.x[0], 0.0, atol=1e-15)
    np.testing.assert_allclose(
        [dataset.train.x[1, 0], dataset.train.x[3, 1], *dataset.train.x[5, 2:]], 0.0, atol=1e-15
    )
    np.testing.assert_allclose(dataset.train.x.mean(axis=0), 0.0, atol=1e-15)


def test_gaps_in_the_test_file_alone_are_filled_too(read_data: ReadData) -> None:
    whole = "n,b,c,y\n1,True,p,1\n2,False,q,2\n6,True,p,3\n"
    dataset = read_data(whole, TEST, missing="mean", standardize=False)
    np.testing.assert_allclose(dataset.test.x[0], [3, 2 / 3, 2 / 3, 1 / 3])


def test_rows_with_a_gap_are_dropped_and_counted(read_data: ReadData) -> None:
    dataset = read_data(TRAIN, TEST.replace("q", "p"), missing="drop", standardize=False)
    assert dataset.train.x.tolist() == [[1, 1, 1], [4, 1, 1], [9, 0, 1]]
    assert dataset.train.rows.tolist() == [0, 2, 4]
    assert dataset.test.rows.tolist() == [1]
    train, test = dataset.warnings
    assert train.endswith("train.csv: left out 3 of 6 rows without a value in: n 1, b 1, c 1")
    assert test.endswith("test.csv: 1 row without a value in some column left out (data.missing: drop)")


def test_to_drop_rows_is_what_a_file_without_them_gives(read_data: ReadData) -> None:
    more = TRAIN + "8,True,q,7\n"
    kept = [line for line in more.splitlines() if ",," not in line and not line.startswith(",")]
    found = read_data(more, TEST, missing="drop")
    expected = read_data("\n".join(kept) + "\n")
    assert np.array_equal(found.train.x, expected.train.x)
    assert np.array_equal(found.y_train, expected.y_train)


def test_rows_keep_their_numbers_and_lines_behind_dropped_ones(read_data: ReadData) -> None:
    dataset = read_data(TRAIN.replace("\n4", "\n\n4"), missing="drop")
    assert dataset.train.rows.tolist() == [0, 2, 4]
    assert [dataset.train.line(row) for row in range(3)] == [2, 5, 7]


def test_a_gap_in_a_column_that_is_not_used_drops_nothing(read_data: ReadData) -> None:
    assert len(read_data(TRAIN, missing="drop", features="n").train) == 5
    assert len(read_data(TRAIN, missing="drop", features="n", id=["b", "c"]).train) == 5


def test_an_id_without_a_value_keeps_its_row(read_data: ReadData) -> None:
    dataset = read_data("i,n,y\n,1,1\nNA,2,2\n x ,4,3\n", missing="drop", id="i")
    assert dataset.test.ids["i"].tolist() == ["", "NA", " x "]


@pytest.mark.parametrize("missing", ["error", "mean"])
@pytest.mark.parametrize("y", ["1", "p"])
def test_a_target_is_never_filled(refusal: Refusal, missing: str, y: str) -> None:
    rows = "n,y\n" + "".join(f"{n},{y if n % 2 else y * 2}\n" for n in range(6))
    for name, texts in (("train", [rows + "9,\n"]), ("test", [rows, rows + "9,\n"])):
        assert refusal(*texts, missing=missing).startswith(f"{name}.csv:8: column 'y': ")


@pytest.mark.parametrize("missing", ["drop", {"target": "drop"}])
def test_rows_without_a_target_are_predicted_though_not_trained_with(
    read_data: ReadData, missing: Any
) -> None:
    rows = "n,y\n1,1\n2,\n3,2\n4,NA\n7,4\n"
    dataset = read_data(rows, rows, missing=missing, standardize_target=False)
    assert dataset.y_train.tolist() == [[1.0], [2.0], [4.0]]
    np.testing.assert_array_equal(dataset.test.targets["y"], [1, np.nan, 2, np.nan, 4])
    assert [warning.split(": ", 1)[1] for warning in dataset.warnings] == [
        "left out 2 of 5 rows without a value in: y 2"
    ]


def test_the_outputs_of_a_row_without_a_target_are_none(read_data: ReadData) -> None:
    dataset = read_data("n,y\n1,p\n2,q\n3,p\n4,q\n", "n,y\n1,p\n2,\n", missing="drop")
    outputs = dataset.schema.targets.outputs(dataset.test.targets)
    np.testing.assert_array_equal(outputs, [[0.5, -0.5], [np.nan, np.nan]])


def test_a_class_whose_first_value_is_missing_is_one_all_the_same(read_data: ReadData) -> None:
    dataset = read_data("n,y\n1,\n2,p\n3,q\n4,p\n5,q\n", missing="drop")
    assert dataset.schema.targets.classes == ["p", "q"]


@pytest.mark.parametrize("empty", ["", "NA", " "])
@pytest.mark.parametrize("categorical", [[], ["e"]])
def test_a_column_that_is_empty_throughout_is_named(
    refusal: Refusal, empty: str, categorical: list[str]
) -> None:
    text = "e,n,y\n" + "".join(f"{empty},{row},{row}\n" for row in range(4))
    reported = "train.csv: column 'e' is empty in every row: leave it out with data.features"
    assert refusal(text, missing="mean", categorical=categorical) == reported
    message = refusal(text, missing="drop", categorical=categorical)
    assert "leaves 0 rows of 4" in message
    assert message.endswith("column 'e' is empty in every row")
    assert refusal(text, categorical=categorical).startswith("train.csv:2: column 'e': ")


@pytest.mark.parametrize(
    ("text", "left"), [("a,b,y\n,1,1\n2,,2\n,,3\n", "0 rows"), ("a,b,y\n1,2,1\n2,,2\n,3,3\n", "1 row")]
)
def test_too_few_rows_left_are_counted(refusal: Refusal, text: str, left: str) -> None:
    message = refusal(text, missing="drop")
    assert message.startswith(
        f"train.csv: data.missing: drop leaves {left} of 3, and at least two are needed"
    )


def test_a_test_file_of_gaps_alone_is_refused(refusal: Refusal) -> None:
    message = refusal(TRAIN, "n,b,c\n,True,p\n1,,q\n", missing="drop")
    assert message == "test.csv: every row lacks a value, and data.missing: drop leaves none: fill some in"


def test_numbers_too_large_for_a_mean_are_refused_where_a_gap_needs_it(
    refusal: Refusal, read_data: ReadData
) -> None:
    rows = "n,y\n1.7e308,1\n1.6e308,2\n1.7e308,3\n"
    assert "column 'n' is too large for its mean" in refusal(rows + ",4\n", missing="mean", standardize=False)
    assert np.isfinite(read_data(rows, standardize=False).train.x).all()
