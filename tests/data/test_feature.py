"""What a column of text is taken for."""

from collections.abc import Callable, Iterable

import pytest

from ntkcli.data.dataset import Dataset
from ntkcli.data.feature import Feature, category_order

ReadData = Callable[..., Dataset]
Refusal = Callable[..., str]

WORDS = ["red", "blue", "red", "green", "blue"]


def column(cells: Iterable[object], name: str = "c") -> str:
    """A file with these cells as a column, and a target."""
    return f"{name},y\n" + "".join(f"{cell},{row}.5\n" for row, cell in enumerate(cells))


def only_feature(dataset: Dataset) -> Feature:
    (feature,) = dataset.schema.features.features
    return feature


def test_text_is_a_category_and_its_columns_name_it(read_data: ReadData) -> None:
    dataset = read_data(column(WORDS))
    assert only_feature(dataset) == Feature(name="c", kind="category", categories=["blue", "green", "red"])
    assert dataset.schema.features.columns == ["c=blue", "c=green", "c=red"]


@pytest.mark.parametrize(
    "words", [("True", "False"), ("true", "FALSE"), ("tRUE", "fAlSe"), (" true", "false ")]
)
def test_true_and_false_in_any_case_are_one_column_of_1_and_0(
    read_data: ReadData, words: tuple[str, str]
) -> None:
    dataset = read_data(column([*words, words[0]]), standardize=False)
    assert only_feature(dataset).kind == "boolean"
    assert dataset.schema.features.columns == ["c"]
    assert dataset.train.x.tolist() == [[1.0], [0.0], [1.0]]


def test_true_and_false_are_categories_where_they_are_listed(read_data: ReadData) -> None:
    assert read_data(column(["True", "False"]), categorical="c").schema.features.columns == [
        "c=False",
        "c=True",
    ]


def test_numbers_are_categories_where_they_are_listed_and_go_by_value(read_data: ReadData) -> None:
    dataset = read_data(column([10, 9, "9.0", -1, 10]), categorical="c")
    assert only_feature(dataset).categories == ["-1", "9", "9.0", "10"]


def test_categories_go_by_letters_where_one_is_no_number() -> None:
    assert category_order({"10", "9", "x"}) == ["10", "9", "x"]


def test_spaces_around_a_category_do_not_make_another(read_data: ReadData) -> None:
    dataset = read_data("c, y\n red, 1\nred , 2\n blue, 3\n", "c,y\nblue,1\n\tred ,2\n", standardize=False)
    assert dataset.schema.features.columns == ["c=blue", "c=red"]
    assert dataset.train.x.tolist() == [[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
    assert dataset.test.x.tolist() == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    "odd", ["é", "日本", "a,b", 'say "hi"', "two\nlines", "a=b", "None", "-", "x" * 5000]
)
def test_a_category_may_be_any_text(read_data: ReadData, odd: str) -> None:
    quoted = '"' + odd.replace('"', '""') + '"'
    assert only_feature(read_data(column([quoted, "z", quoted]))).categories == sorted([odd, "z"])


@pytest.mark.parametrize("mark", ["NA", "nan", "null", "?", "N/A"])
def test_a_category_called_as_what_is_missing_is_refused_and_a_remedy_reported(
    refusal: Refusal, mark: str
) -> None:
    message = refusal(column(["z", mark, "z"]))
    assert message.startswith(f"train.csv:3: column 'c': found '{mark}', which is no value: ")
    assert "data.missing" in message


@pytest.mark.parametrize(
    "cells",
    [
        ["2020-01-01", "2020-01-02"],
        ["2020-01", "2020-02"],
        ["2020/01/31", "2021/12/01"],
        ["1/2/2020", "31/12/99"],
        ["1.2.2020 12:00", "2.2.2020 13:00"],
        ["2020-01-01T10:00:00Z", "2020-01-01 10:00"],
        ["12:30", "1:45:10"],
    ],
)
def test_dates_and_times_are_refused_with_advice(refusal: Refusal, cells: list[str]) -> None:
    message = refusal(column(cells))
    assert message.startswith(f"train.csv: column 'c' holds dates or times (such as '{min(cells)}'): ")
    remedy = (
        "days since the first"
        if ":" in cells[0][:5]
        else "data.dates: {c: [month, days]} or data.dates: auto"
    )
    assert remedy in message


def test_dates_are_categories_where_they_are_listed(read_data: ReadData) -> None:
    cells = ["2020-01-01", "2020-01-02"]
    assert only_feature(read_data(column(cells), categorical="c")).categories == cells


@pytest.mark.parametrize(
    "cells", [['"2,5"', '"3,5"'], ["1_000", "2_000"], ["5%", "12 %"], ["$3", "$4.50"], ["1 000", "-20"]]
)
def test_numbers_that_are_not_written_as_such_are_refused_with_advice(
    refusal: Refusal, read_data: ReadData, cells: list[str]
) -> None:
    message = refusal(column([*cells, cells[0]]))
    assert "column 'c'" in message
    assert "numbers" in message
    assert "data.categorical" in message
    assert len(only_feature(read_data(column([*cells, cells[0]]), categorical="c")).categories) == 2


@pytest.mark.parametrize(
    "cells", [["A1", "A2"], ["12b", "13"], ["1-2", "3-4"], [">5", "<5"], ["v1.2", "v1.3"]]
)
def test_codes_are_not_taken_for_numbers(read_data: ReadData, cells: list[str]) -> None:
    assert len(only_feature(read_data(column(cells), categorical="c")).categories) == 2
    if cells[1] != "13":
        assert only_feature(read_data(column(cells))).kind == "category"


@pytest.mark.parametrize(
    ("count", "rows", "taken"), [(10, 10, True), (11, 11, False), (50, 100, True), (51, 100, False)]
)
def test_as_many_texts_as_names_are_refused_with_advice(
    read_data: ReadData, refusal: Refusal, count: int, rows: int, taken: bool
) -> None:
    text = column(f"n{row % count}" for row in range(rows))
    assert len(only_feature(read_data(text, categorical="c")).categories) == count
    if taken:
        assert len(only_feature(read_data(text)).categories) == count
    else:
        message = refusal(text)
        assert message.startswith(
            f"train.csv: column 'c' has {count} different texts in {rows} rows, as names"
        )
        assert "data.id" in message


def test_text_among_numbers_is_reported_with_its_line(refusal: Refusal) -> None:
    message = refusal(column([1, 2, "x", 3]))
    assert message.startswith("train.csv:4: column 'c': found 'x' where a number is wanted: ")
    assert "data.categorical" in message


def test_a_text_at_first_and_numbers_below_are_reported_with_its_line(refusal: Refusal) -> None:
    message = refusal(column(["x", 1, 2, "x", 3]))
    assert message.startswith("train.csv:2: column 'c': found 'x' where other rows have numbers: ")
    assert "data.categorical" in message


def test_a_column_of_numbers_may_begin_with_a_gap(read_data: ReadData) -> None:
    assert only_feature(read_data(column(["", "NA", 1, 2]), missing="mean")).kind == "number"


def test_a_feature_is_reported_by_what_it_is() -> None:
    assert str(Feature(name="a")) == "a: number"
    assert str(Feature(name="b", kind="boolean")) == "b: true or false"
    many = Feature(name="c", kind="category", categories=[*"abcdefgh", "two\nlines"])
    assert str(many) == "c: 9 categories (a, b, c, d, e, f, ...)"
    assert "\n" not in str(Feature(name="c", kind="category", categories=["two\nlines", "x" * 500]))
