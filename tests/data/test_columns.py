from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from ntkcli.data.columns import check_present, check_test_columns, choose_columns
from ntkcli.data.csv_file import CsvFile
from ntkcli.errors import DataError

Header = Callable[[str, str], CsvFile]


@pytest.fixture
def header(write: Callable[[str, str], Path]) -> Header:
    """A file with this name and header."""
    return lambda name, line: CsvFile(write(name, line + "\n"))


def test_all_features_are_the_columns_that_are_neither_target_nor_id(header: Header) -> None:
    columns = choose_columns(header("train.csv", "n,a,y,b"), ["y"], "all", ["n"])
    assert (columns.features, columns.targets, columns.ids) == (["a", "b"], ["y"], ["n"])


def test_listed_features_keep_the_order_of_the_list(header: Header) -> None:
    assert choose_columns(header("train.csv", "a,b,c,y"), ["y"], ["c", "a"], []).features == ["c", "a"]


@pytest.mark.parametrize(
    ("targets", "features", "key", "missing", "meant"),
    [
        (["strenght"], "all", "data.target", "strenght", "strength"),
        (["STRENGTH"], "all", "data.target", "STRENGTH", "strength"),
        (["strength"], ["cement", "watr"], "data.features", "watr", "water"),
    ],
)
def test_a_misspelt_column_is_named_with_its_key_and_the_one_meant(
    header: Header,
    targets: list[str],
    features: Literal["all"] | list[str],
    key: str,
    missing: str,
    meant: str,
) -> None:
    with pytest.raises(DataError) as refusal:
        choose_columns(header("train.csv", "cement,water,strength"), targets, features, [])
    assert f"train.csv:1: has no column {missing!r} ({key}); did you mean {meant!r}?" in str(refusal.value)


def test_a_column_unlike_any_other_is_reported_with_the_columns_there_are(header: Header) -> None:
    with pytest.raises(
        DataError, match=r"has no column 'zzz' \(data\.target\): correct the name; the file has a, b$"
    ):
        choose_columns(header("train.csv", "a,b"), ["zzz"], "all", [])


def test_a_long_list_of_columns_is_cut(header: Header) -> None:
    with pytest.raises(DataError, match=r"the file has c0, c1, .*, \.\.\.$") as refusal:
        choose_columns(header("train.csv", ",".join(f"c{i}" for i in range(500))), ["zzz"], "all", [])
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_than_the_comma_is_reported(header: Header, separator: str) -> None:
    with pytest.raises(DataError, match=r"train\.csv:1: columns are separated by"):
        choose_columns(header("train.csv", separator.join("aby")), ["y"], "all", [])


def test_no_feature_is_refused(header: Header) -> None:
    with pytest.raises(DataError, match="nothing to learn from"):
        choose_columns(header("train.csv", "y,n"), ["y"], "all", ["n"])


@pytest.mark.parametrize(
    ("test_header", "all_features"),
    [("a,b", True), ("b,a", True), ("a,b,y", True), ("n,a,b,y", True), ("a,b,c", False), ("b,a,z,y", False)],
)
def test_a_test_file_with_all_features_is_taken(header: Header, test_header: str, all_features: bool) -> None:
    train, test = header("train.csv", "a,b,y"), header("test.csv", test_header)
    ids = ["n"] if "n" in test_header else []
    columns = choose_columns(train, ["y"], ["a", "b"], ids)
    check_test_columns(train, test, columns, all_features=all_features)


@pytest.mark.parametrize(
    ("test_header", "what"),
    [
        ("a,y,n", "test.csv:1: has no column 'b', a feature of "),
        ("a,B,y,n", "did you mean 'B'?"),
        ("a,b,c,y,n", "test.csv:1: column 'c' is not in "),
    ],
)
def test_a_test_file_that_differs_is_refused(header: Header, test_header: str, what: str) -> None:
    train, test = header("train.csv", "a,b,y,n"), header("test.csv", test_header)
    columns = choose_columns(train, ["y"], "all", ["n"])
    with pytest.raises(DataError) as refusal:
        check_test_columns(train, test, columns, all_features=True)
    assert what in str(refusal.value)


def test_a_column_that_the_training_file_has_too_is_not_the_one_meant(header: Header) -> None:
    train, test = header("train.csv", "lag1,lag2,y"), header("test.csv", "lag1,y")
    columns = choose_columns(train, ["y"], "all", [])
    with pytest.raises(DataError, match=r"has no column 'lag2', a feature of .*train\.csv$"):
        check_test_columns(train, test, columns, all_features=True)


@pytest.mark.parametrize("key", ["data.id", "data.categorical"])
def test_a_column_that_is_not_there_is_named_with_its_key(header: Header, key: str) -> None:
    test = header("test.csv", "a,name,place")
    check_present(test, ["place", "name"], key)
    with pytest.raises(DataError) as refusal:
        check_present(test, ["place", "nam"], key)
    assert str(refusal.value).endswith(f"test.csv:1: has no column 'nam' ({key}); did you mean 'name'?")
