import pytest

from ntkcli.data.faults import MISSING
from ntkcli.data.record_faults import find_faults

COLUMNS = ["a", "b", "id"]


def fault_of(*rows: list[str], missing: bool = False) -> str:
    """The first fault of rows that stand at lines 2, 4, 6, ..."""
    return next(iter(faults_of(*rows, missing=missing)), "")


def faults_of(*rows: list[str], missing: bool = False) -> list[str]:
    """All faults of rows that stand at lines 2, 4, 6, ..."""
    lines = ((2 + 2 * i, row) for i, row in enumerate(rows))
    found = find_faults(lines, COLUMNS, ["a", "b"], missing=missing)
    return [f"{fault.line}: {fault.what}" for fault in found]


@pytest.mark.parametrize("text", ["1", " 1 ", "-1e-3", "+.5", "5.", "1E5", "007"])
def test_a_number_is_no_fault(text: str) -> None:
    assert fault_of([text, "0", "x"]) == ""


@pytest.mark.parametrize("text", ["", " ", "\t"])
def test_an_empty_cell_is_a_fault(text: str) -> None:
    assert fault_of(["1", "1", "x"], ["1", text, "x"]).startswith("4: column 'b': is empty: ")


@pytest.mark.parametrize("text", ["red", "1,5", "1 2", "0x10", "--1", "1e", "12%", "$3", "NA"])
def test_text_is_a_fault_and_shown(text: str) -> None:
    assert fault_of([text, "1", "x"]).startswith(f"2: column 'a': found {text!r} where a number is wanted: ")


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-Infinity", "1e999"])
def test_what_is_not_finite_is_a_fault_and_shown(text: str) -> None:
    assert fault_of(["1", text, "x"]).startswith(
        f"2: column 'b': found {text!r} where a finite number is wanted: "
    )


def test_digits_grouped_by_underscores_are_a_fault() -> None:
    assert fault_of(["1_000", "1", "x"]).startswith("2: column 'a': found '1_000' ")


@pytest.mark.parametrize(
    ("row", "count"),
    [([], "0 fields"), (["1"], "1 field"), (["1", "1"], "2 fields"), (["1"] * 4, "4 fields")],
)
def test_a_ragged_row_is_a_fault(row: list[str], count: str) -> None:
    assert fault_of(["1", "1", "x"], row) == f"4: has {count} where the header has 3: make them equal"


def test_text_in_a_column_that_need_not_be_a_number_is_no_fault() -> None:
    assert fault_of(["1", "2", ""], ["1", "2", "NaN"]) == ""


def test_every_fault_is_found() -> None:
    found = faults_of(["1", "1", "x"], ["red", "?", "x"], ["!", "1"], ["1", "", "x"])
    assert [fault.split(":", 2)[:2] for fault in found] == [
        ["4", " column 'a'"],
        ["4", " column 'b'"],
        ["6", " has 2 fields where the header has 3"],
        ["8", " column 'b'"],
    ]


@pytest.mark.parametrize("mark", sorted(MISSING))
def test_a_mark_of_a_missing_value_is_a_fault_unless_values_may_be_missing(mark: str) -> None:
    assert fault_of(["1", mark, "x"], missing=True) == ""
    fault = fault_of(["1", mark, "x"])
    assert fault.startswith("2: column 'b': ")
    assert fault.endswith("or set data.missing")


@pytest.mark.parametrize("text", ["inf", "-inf", "1e999", "red", "-nan", "NAN", "none", "??"])
def test_what_is_no_mark_is_a_fault_all_the_same(text: str) -> None:
    assert fault_of(["1", text, "x"], missing=True).startswith("2: column 'b': found ")


def test_names_among_numbers_are_reported_with_the_remedy() -> None:
    assert "data.categorical" in fault_of(["red", "1", "x"])
    assert "data.task: classification" in fault_of(["red", "1", "x"])
    assert "data.categorical" not in fault_of(["inf", "1", "x"])


@pytest.mark.parametrize("text", ["two\nlines", "x" * 10_000])
def test_a_cell_at_fault_is_shown_on_one_short_line(text: str) -> None:
    fault = fault_of([text, "1", "x"])
    assert (len(fault.splitlines()), len(fault) < 500) == (1, True)
