"""What the cells of a file mean."""

import pytest

from ntkcli.data.notation import Notation, number_reader
from ntkcli.data.remedies import OF_MODEL, OF_SPEC
from ntkcli.spec.csv_format import CsvFormat

NUMBERS = [
    (".", ",", "1,234.5", 1234.5),
    (".", ",", "1,234,567", 1234567.0),
    (".", ",", "-12,345e2", -1234500.0),
    (".", ",", " 999.25 ", 999.25),
    (".", ",", "1234567.5", 1234567.5),
    (",", ".", "1.234,5", 1234.5),
    (",", ".", "1.234", 1234.0),
    (",", None, "2,5", 2.5),
    (",", None, "-,5e-3", -0.0005),
    (",", "\u202f", "12\u202f345,5", 12345.5),
    (".", "'", "1'000", 1000.0),
    (".", " ", "1 000 000", 1e6),
]
TEXTS = [
    (".", ",", "2,5"),
    (".", ",", "12,34"),
    (".", ",", "1,2345"),
    (".", ",", "1234,567"),
    (".", ",", ",234"),
    (".", ",", "1.5,000"),
    (",", None, "2.5"),
    (",", ".", "2.5"),
    (",", None, "1,2,3"),
    (".", None, "1,234"),
    (".", " ", "1 00"),
    (".", "_", "1_00"),
]
KEYS = [
    ({}, ["2,5", "10,25"], "set data.csv.decimal: ',' (with another data.csv.separator than ',')"),
    ({"separator": ";"}, ["2,5", "10,25"], "set data.csv.decimal: ','"),
    ({"separator": ";"}, ["1,234"], "set data.csv.thousands: ',' or set data.csv.decimal: ','"),
    ({"separator": ";"}, ["1.234,5"], "set data.csv.decimal: ',' and set data.csv.thousands: '.'"),
    ({"separator": ";"}, ["1 234"], "set data.csv.thousands: ' '"),
    ({"separator": ";"}, ["1'234"], 'set data.csv.thousands: "\'"'),
    ({"separator": ";", "decimal": ","}, ["2.5"], "set data.csv.decimal: '.'"),
    ({}, ["-", "none"], ""),
    ({}, ["red"], ""),
    ({}, ["2,5", "red"], ""),
    ({}, [], ""),
]


@pytest.mark.parametrize(("decimal", "thousands", "text", "value"), NUMBERS)
def test_a_number_is_read_as_it_is_written(
    decimal: str, thousands: str | None, text: str, value: float
) -> None:
    assert number_reader(decimal, thousands)(text) == value


@pytest.mark.parametrize(("decimal", "thousands", "text"), TEXTS)
def test_what_is_written_otherwise_is_no_number(decimal: str, thousands: str | None, text: str) -> None:
    assert number_reader(decimal, thousands)(text) is None


@pytest.mark.parametrize(("keys", "texts", "advice"), KEYS)
def test_the_keys_that_would_read_texts_are_named(
    keys: dict[str, str], texts: list[str], advice: str
) -> None:
    assert Notation(CsvFormat.model_validate(keys)).keys(texts) == advice


def test_beside_a_model_the_remedy_is_another_fit() -> None:
    notation = Notation(CsvFormat(separator=";"), OF_MODEL)
    assert notation.remedy("2,5") == f"fit again with data.csv.decimal: ',', or {OF_MODEL.name}"


def test_without_a_header_a_text_may_be_a_name() -> None:
    advice = f"{OF_SPEC.name}, or set data.csv.header: first if the first line has names"
    assert Notation(CsvFormat(header="none")).remedy("red") == advice


def test_a_mark_that_often_stands_for_no_value_can_be_listed() -> None:
    assert Notation(CsvFormat()).remedy(" - ") == f"set data.csv.na_values: ['-'], or {OF_SPEC.name}"


def test_where_no_key_helps_the_remedy_is_the_usual_one() -> None:
    assert Notation(CsvFormat()).remedy("red") == Notation().remedy("2,5") == OF_SPEC.name


@pytest.mark.parametrize("text", ["", "NA", "-", " -", "-999", "-999.0", " -999"])
def test_texts_that_are_listed_hold_no_value_and_nor_do_equal_numbers(text: str) -> None:
    assert Notation(CsvFormat(na_values=["-", "-999"])).is_missing(text)


@pytest.mark.parametrize("text", ["0", "999", "--", "x"])
def test_other_texts_hold_one(text: str) -> None:
    assert not Notation(CsvFormat(na_values=["-", "-999"])).is_missing(text)
