"""Columns of dates as features."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.data.dataset import Dataset
from ntkcli.data.date_encoding import DateEncoding
from ntkcli.data.feature import Feature
from ntkcli.data.raw_data import RawData
from ntkcli.data.survey import survey
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset
from .test_feature import column, only_feature
from .test_survey import FEW, SpecOf, both_sides, bytes_of, table

ReadData = Callable[..., Dataset]
Refusal = Callable[..., str]

PARTS = ["year", "month", "weekday", "hour", "days"]
# A Thursday, a Monday and a Friday.
MOMENTS = ["1970-01-01", "1970-04-06T06:00", "1971-07-02 18:00Z"]


def encoded(dataset: Dataset) -> dict[str, list[float]]:
    return dict(zip(dataset.schema.features.columns, dataset.train.x.T.tolist(), strict=True))


def test_every_part_of_a_date_is_what_the_calendar_says(read_data: ReadData) -> None:
    found = encoded(read_data(column(MOMENTS), dates={"c": PARTS}, standardize=False))
    assert [*found] == [
        "c year", "c month cos", "c month sin", "c weekday cos", "c weekday sin", "c hour cos", "c hour sin",
        "c days",
    ]  # fmt: skip
    expected: dict[str, Any] = {
        "c year": [1970, 1970, 1971],
        "c month cos": [1, 0, -1],
        "c month sin": [0, 1, 0],
        "c weekday cos": np.cos(2 * np.pi * np.array([3, 0, 4]) / 7),
        "c weekday sin": np.sin(2 * np.pi * np.array([3, 0, 4]) / 7),
        "c hour cos": [1, 0, 0],
        "c hour sin": [0, 1, -1],
        "c days": [0, 95.25, 547.75],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12, atol=1e-12, err_msg=name)


def test_the_two_columns_of_a_circle_share_a_scale_and_every_part_has_variance_1(read_data: ReadData) -> None:
    cells = [f"2020-{month:02}-{2 * month:02}" for month in (1, 2, 4, 5, 9, 12)]
    raw = read_data(column(cells), dates={"c": ["month", "days"]}, standardize=False).train.x
    x = read_data(column(cells), dates={"c": ["month", "days"]}).train.x
    np.testing.assert_allclose([x[:, :2].var(axis=0).sum(), x[:, 2].var()], 1, rtol=1e-12)
    ratio = x[:, :2].std(axis=0) / raw[:, :2].std(axis=0)
    np.testing.assert_allclose(ratio[0], ratio[1], rtol=1e-12)


def test_days_begin_at_the_first_date_in_training(read_data: ReadData) -> None:
    dataset = read_data(
        column(["2020-02-03", "2020-02-01", "2020-02-02T12:00"]), dates={"c": "days"}, standardize=False
    )
    assert dataset.train.x.tolist() == [[2], [0], [1.5]]
    assert str(only_feature(dataset)) == "c: date (YYYY-MM-DD) as days since 2020-02-01"


@pytest.mark.parametrize(
    ("cells", "parts"),
    [
        (["2020-01-01", "2020-01-02", "2020-01-03"], ["days", "weekday"]),
        (["2020-01-01", "2020-01-08", "2021-02-10"], ["days", "month"]),
        (["2020-01", "2020-02", "2020-03"], ["days", "month"]),
        (["2019-01-01", "2020-01-01", "2021-01-01"], ["days"]),
        (["2020-01-01 10:00", "2020-01-01 11:00", "2020-01-01"], ["days", "hour"]),
        (["13/01/2020", "14/02/2020 01:00", "15/02/2020"], ["days", "month", "weekday", "hour"]),
    ],
)
def test_auto_takes_days_and_the_parts_that_tell_more(
    read_data: ReadData, cells: list[str], parts: list[str]
) -> None:
    date = only_feature(read_data(column(cells), dates="auto")).date
    assert date is not None
    assert date.parts == parts


def test_auto_leaves_other_texts_and_what_is_listed_alone(read_data: ReadData) -> None:
    text = "a,b,n,y\n2020-01-01,p,1,1\n2020-01-02,q,2,2\n2020-01-01,p,3,3\n"
    dataset = read_data(text, dates="auto", categorical="a")
    assert [feature.kind for feature in dataset.schema.features.features] == ["category"] * 2 + ["number"]


@pytest.mark.parametrize("standardize", [True, False])
def test_parts_that_are_constant_are_dropped_as_constant_columns_are(
    read_data: ReadData, standardize: bool
) -> None:
    text = column(["2020-03-01", "2020-03-02", "2020-03-04"])
    dataset = read_data(text, dates={"c": PARTS}, standardize=standardize)
    assert np.isfinite(dataset.train.x).all()
    if standardize:
        assert dataset.schema.features.columns == ["c weekday cos", "c weekday sin", "c days"]
        dropped = [warning.split(": ")[1] for warning in dataset.warnings]
        assert dropped == [
            f"the {part} of column 'c' is constant and was dropped" for part in ("year", "month", "hour")
        ]
    else:
        assert len(dataset.schema.features.columns) == 8
        assert dataset.warnings == []


def test_dates_that_are_all_one_are_dropped(read_data: ReadData) -> None:
    dataset = read_data("c,n,y\n2020-01-01,1,1\n2020-01-01,2,2\n", dates="auto")
    assert dataset.schema.features.columns == ["n"]
    assert [warning.split(": ")[1] for warning in dataset.warnings] == [
        "column 'c' is constant and was dropped"
    ]


def test_new_dates_are_read_in_the_order_of_training(read_data: ReadData, refusal: Refusal) -> None:
    train = column(["01/02/2020", "31/12/2020"])
    dataset = read_data(train, column(["02/04/2021"]), dates={"c": "month"}, standardize=False)
    np.testing.assert_allclose(dataset.test.x, [[0, 1]], atol=1e-12)
    message = refusal(train, column(["02/03/2021", "12/31/2020", "2020-12-31"]), dates={"c": "days"})
    assert message.startswith(
        "test.csv:3: column 'c': found '12/31/2020' where a date (DD/MM/YYYY) is wanted: correct it"
    )


@pytest.mark.parametrize("cell", ["x", "5", "2020-02-30", "12:30", "31/12/2020", "31/12/99"])
@pytest.mark.parametrize("dates", ["auto", {"c": ["days"]}])
def test_a_cell_that_is_no_date_is_told_with_its_line(refusal: Refusal, cell: str, dates: Any) -> None:
    message = refusal(column(["2020-01-01", "2020-01-02", cell]), dates=dates)
    assert message.startswith(
        f"train.csv:4: column 'c': found '{cell}' where a date (YYYY-MM-DD) is wanted: correct it, drop"
    )


def test_days_and_months_that_are_not_to_be_told_apart_are_refused_in_one_line(refusal: Refusal) -> None:
    message = refusal(column(["01/02/2020", "03/04/2020"]), dates="auto")
    assert message == (
        "train.csv: column 'c' may have days or months first (such as '01/02/2020'; no number is above 12): "
        "write dates as YYYY-MM-DD"
    )


@pytest.mark.parametrize("dates", ["auto", {"c": ["days", "month"]}])
def test_a_date_without_a_value_is_refused_filled_or_its_row_dropped(
    read_data: ReadData, refusal: Refusal, dates: Any
) -> None:
    text = column(["", "2020-01-01", "2020-02-03", "NA", "2020-03-08"])
    assert refusal(text, dates=dates).startswith("train.csv:2: column 'c': is empty: fill the value in")
    assert len(read_data(text, dates=dates, missing="drop").train) == 3
    filled = read_data(text, dates=dates, missing="mean", standardize=False).train.x
    np.testing.assert_allclose(filled[[0, 3]], [filled[[1, 2, 4]].mean(axis=0)] * 2, rtol=1e-12)


def test_a_column_that_is_no_date_is_named_at_its_key(refusal: Refusal, read_data: ReadData) -> None:
    text = column(MOMENTS)
    message = refusal(text, dates={"d": ["days"]})
    assert message == "train.csv:1: has no column 'd' (data.dates): correct the name; the file has c, y"
    assert "found '5' where a date (YYYY-MM-DD) is wanted" in refusal(column([5, 6]), dates={"c": ["days"]})


@settings(max_examples=25)
@given(
    days=st.lists(st.integers(0, 40_000), min_size=2, max_size=9, unique=True),
    parts=st.lists(st.sampled_from(PARTS), min_size=1, unique=True),
)
def test_an_encoding_survives_its_record(
    tmp_path_factory: pytest.TempPathFactory, days: list[int], parts: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "dates.csv"
    texts = (np.array(days).astype("M8[D]") + np.timedelta64(77, "m")).astype(str)
    path.write_text(column(texts))
    spec = DataSpec.model_validate(
        {"train": path, "target": "y", "dates": {"c": parts}, "standardize": False}
    )
    dataset = load_dataset(spec)
    feature = only_feature(dataset)
    assert Feature.model_validate_json(feature.model_dump_json()) == feature
    (again,) = dataset.schema.tables(dataset.train.file, rows=1000)
    assert np.array_equal(again.x, dataset.train.x)


def test_a_file_in_parts_has_the_dates_of_one_in_memory(spec_of: SpecOf) -> None:
    """The only other date, in the last row, and the texts that name too many days for categories."""
    train = table()
    train["when"] = [f"2020-0{1 + i % 9}-{1 + i % 28:02} 0{i % 10}:00" for i in range(len(train))]
    train["late"] = ["2020-01-01"] * (len(train) - 1) + ["2020-01-05"]
    spec = spec_of(train, dates="auto")
    found = survey(spec, limits=FEW, read_rows=7)
    assert not found.is_small
    dataset = found.raw.dataset(spec)
    assert [feature.name for feature in dataset.schema.features.features] == ["a", "c", "when", "late"]
    whole = dataset.schema.checked_table(RawData.read(spec).train, dataset.train.file)
    (parts, _) = both_sides(found, spec)
    assert np.array_equal(np.concatenate([part.x for part in parts]), whole.x)
    other = survey(spec, limits=FEW, read_rows=50)
    assert bytes_of(both_sides(other, spec)[0]) == bytes_of(parts)


def test_an_encoding_without_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="parts"):
        DateEncoding(order="year first", first=0.0, parts=[])
