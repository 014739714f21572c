import pytest

from ntkcli.data.faults import find_fault

COLUMNS = ["a", "b", "id"]


def fault_of(*rows: list[str]) -> str:
    """The first fault of rows that stand at lines 2, 4, 6, ..."""
    return str(find_fault(((2 + 2 * i, row) for i, row in enumerate(rows)), COLUMNS, ["a", "b"]) or "")


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


def test_the_first_fault_is_told() -> None:
    assert fault_of(["1", "1", "x"], ["1", "?", "x"], ["!", "1"]).startswith("4: ")
