from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ntkcli.data.data_warnings import data_warnings
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset

SAMPLES = Path(__file__).parent.parent.parent / "sample_data"
CLEAN = "a,b,y\n1,10,5\n2,20,6\n4,10,9\n3,40,8\n"

Warned = Callable[..., list[str]]


@pytest.fixture
def warned(tmp_path: Path, write: Callable[[str, str], Path]) -> Warned:
    """The warnings about a training file, without the file's folder; keyword arguments are keys of data."""

    def warnings_of(text: str, **keys: Any) -> list[str]:
        path = write("train.csv", text)
        spec = DataSpec.model_validate({"train": str(path), "target": "y", **keys})
        return [
            line.removeprefix(f"{tmp_path}/")
            for line in data_warnings(load_dataset(spec), spec, singular=True)
        ]

    return warnings_of


def far_out(value: float, column: str) -> str:
    """2,000 rows; the column is 1 and -1 in turn, and `value` at line 4."""
    values = [value if row == 2 else (-1) ** row for row in range(2000)]
    even = {"a": [500 * row for row in range(2000)], "b": [1e6 - 500 * row for row in range(2000)]}
    columns = even | {"y": even["a"]} | {column: values}
    return "a,b,y\n" + "".join(f"{a},{b},{y}\n" for a, b, y in zip(*columns.values(), strict=True))


def test_clean_data_is_not_warned_of(warned: Warned) -> None:
    assert warned(CLEAN) == warned(CLEAN, standardize=False) == []


@pytest.mark.parametrize("standardize", [True, False])
def test_rows_that_repeat_others_are_counted_and_the_first_is_reported_with_both_lines(
    warned: Warned, standardize: bool
) -> None:
    text = CLEAN + "\n" + "2,20,1\n1,10,7\n2,20,6\n"
    (warning,) = warned(text, standardize=standardize)
    assert warning.startswith("train.csv: line 7 has the features of line 3, and 2 more rows those of others")
    assert "singular" in warning
    assert "ridge" in warning


def test_rows_that_differ_in_the_last_digit_are_no_repeats(warned: Warned) -> None:
    assert warned(CLEAN + "1,10.000000000000002,5\n") == []


def test_a_constant_column_is_reported_where_standardising_does_not_drop_it(warned: Warned) -> None:
    text = "a,b,y\n1,7,5\n2,7,6\n4,7,9\n"
    assert warned(text, standardize=False) == ["train.csv: column 'b' is constant"]
    assert warned(text) == []


def test_uneven_scales_are_reported_with_both_columns_and_the_remedy(warned: Warned) -> None:
    text = "a,b,y\n0.001,5,5\n-0.002,-2000,6\n0.001,10,9\n"
    (warning,) = warned(text, standardize=False)
    assert warning.startswith("train.csv: column 'b' has values up to 2e+03 and 'a' up to 0.002 only")
    assert "data.standardize: true" in warning
    assert warned(text) == []


def test_scales_within_a_thousand_are_even_enough(warned: Warned) -> None:
    assert warned("a,b,y\n1,999,5\n0.5,20,6\n0.2,10,9\n", standardize=False) == []
    assert warned("a,b,y\n1,1001,5\n0.5,20,6\n0.2,10,9\n", standardize=False) != []


def test_a_column_of_zeros_is_constant_and_has_no_scale(warned: Warned) -> None:
    assert warned("a,b,y\n0,1,5\n0,2,6\n0,3,9\n", standardize=False) == ["train.csv: column 'a' is constant"]
    constant, uneven = warned("a,b,c,y\n0,0.1,500,5\n0,0.2,1,6\n0,0.1,9,9\n", standardize=False)
    assert constant == "train.csv: column 'a' is constant"
    assert uneven.startswith("train.csv: column 'c' has values up to 500 and 'b' up to 0.2 only")


@pytest.mark.parametrize("column", ["a", "y"])
def test_a_far_out_value_is_reported_with_its_line_and_column(warned: Warned, column: str) -> None:
    (warning,) = warned(far_out(1e6, column), standardize=False)
    assert warning.startswith(f"train.csv:4: column {column!r} is here 45 standard deviations ")


def test_a_far_out_feature_is_reported_when_it_is_standardised_too(warned: Warned) -> None:
    (warning,) = warned(far_out(1e6, "a"))
    assert warning.startswith("train.csv:4: column 'a' is ")
    assert "45 standard deviations" in warning


def test_values_of_a_few_deviations_are_not_far_out(warned: Warned) -> None:
    assert warned(far_out(10, "y")) == []


def test_every_warning_is_given(warned: Warned) -> None:
    header, *rows = far_out(1e6, "y").splitlines()
    lines = [f"{header},c,d", *(f"{row},7,{i % 3}" for i, row in enumerate(rows)), *2 * [f"{rows[5]},7,2"]]
    found = warned("\n".join(lines), standardize=False)
    for what in (
        "train.csv: line 2002 has the features of line 7, and 1 more row those of others:",
        "train.csv: column 'c' is constant",
        "train.csv: column 'b' has values up to 1e+06 and 'd' up to 2 only",
        "train.csv:4: column 'y' is here",
    ):
        assert len([line for line in found if line.startswith(what)]) == 1
    assert len(found) == 4


@pytest.mark.parametrize(
    ("name", "targets", "expected"),
    [
        (
            "concrete",
            ["strength"],
            ["line 250 has the features of line 102, and 24 more rows those of others"],
        ),
        ("residential", ["sales_price", "construction_cost"], []),
    ],
)
def test_of_the_sample_data_only_what_is_true_is_warned(
    name: str, targets: list[str], expected: list[str]
) -> None:
    path = SAMPLES / f"{name}_train.csv"
    spec = DataSpec(train=path, target=targets)
    found = list(data_warnings(load_dataset(spec), spec, singular=True))
    assert [line.startswith(f"{path}: {what}") for line, what in zip(found, expected, strict=True)] == [
        True for _ in expected
    ]


def test_the_lines_reported_of_the_sample_data_hold_the_same_features() -> None:
    lines = (SAMPLES / "concrete_train.csv").read_text().splitlines()
    assert lines[250 - 1].rsplit(",", 1)[0] == lines[102 - 1].rsplit(",", 1)[0]
    assert len({line.rsplit(",", 1)[0] for line in lines[1:]}) == len(lines) - 1 - 25
