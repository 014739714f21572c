"""The csv section of data."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from ntkcli.spec.csv_format import CsvFormat
from ntkcli.spec.spec import Spec

Faults = Callable[[str], list[str]]

CHARACTER = "should be one character, and no letter, digit or sign"
WRONG = [
    ("separator: ab", f"separator: {CHARACTER}"),
    ("separator: x", f"separator: {CHARACTER}"),
    ("separator: ''", f"separator: {CHARACTER}"),
    ("separator: 1", "separator: should be a valid string"),
    ("separator: '\u00a7'", f"separator: {CHARACTER}"),
    ("decimal: ;", "decimal: should be '.' or ','"),
    ("thousands: '-'", f"thousands: {CHARACTER}"),
    ("quote: '\"\"'", f"quote: {CHARACTER}"),
    ("comment: //", f"comment: {CHARACTER}"),
    ("encoding: utf8000", "encoding: should be an encoding of text, such as utf-8, cp1252"),
    ("encoding: rot13", "encoding: should be an encoding of text"),
    ("encoding: base64", "encoding: should be an encoding of text"),
    ("header: true", "header: should be 'first' or 'none'"),
    ("na_values: ['-', '-']", "na_values: should name everything once"),
    ("seperator: ;", "seperator: "),
]
CONFLICTS: list[tuple[dict[str, Any], str]] = [
    ({"decimal": ","}, "separator and decimal are both ','"),
    ({"separator": ";", "decimal": ",", "thousands": ","}, "decimal and thousands are both ','"),
    ({"separator": ";", "quote": ";"}, "separator and quote are both ';'"),
    ({"separator": "#", "comment": "#"}, "separator and comment are both '#'"),
    ({"quote": "'", "comment": "'"}, "quote and comment are both"),
    ({"decimal": ",", "quote": ",", "separator": ";"}, "quote and decimal are both ','"),
]


@pytest.mark.parametrize(("line", "what"), WRONG)
def test_a_wrong_key_is_reported_by_its_path(faults: Faults, line: str, what: str) -> None:
    (fault,) = faults(f"data:\n  train: t.csv\n  target: y\n  csv: {{{line}}}\n")
    assert fault.startswith(f"4: data.csv.{what}")


@pytest.mark.parametrize(("keys", "what"), CONFLICTS)
def test_marks_that_are_the_same_are_refused(keys: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        CsvFormat.model_validate(keys)


@pytest.mark.parametrize("text", ["tab", r"'\t'", r'"\t"'])
def test_a_tab_is_written_as_people_write_it(read: Callable[[str], Spec], text: str) -> None:
    spec = read(f"data: {{train: t.csv, target: y, csv: {{separator: {text}}}}}")
    assert spec.data.csv.separator == "\t"


def test_numbers_stand_for_no_value_as_they_are_written(read: Callable[[str], Spec]) -> None:
    spec = read("data: {train: t.csv, target: y, csv: {na_values: [-999, '-', -9.5]}}")
    assert spec.data.csv.na_values == ["-999", "-", "-9.5"]


def test_digits_may_be_grouped_by_the_mark_between_cells_which_quotes_hold() -> None:
    assert CsvFormat(thousands=",").separator == ","
