"""Texts as days since 1970, and the order in which a column has days and months."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.data.date_reading import Order, day_of, is_date, settled_order

READ: list[tuple[str, Order, float]] = [
    ("1970-01-01", "year first", 0),
    ("1970-01-02", "year first", 1),
    ("1969-12-31", "year first", -1),
    ("2000-03-01", "year first", 11017),
    ("2000/3/1", "year first", 11017),
    ("2000-03", "year first", 11017),
    ("1970-01-01T06:00", "year first", 0.25),
    ("1970-01-01T06", "year first", 0.25),
    ("1970-01-01 18:00:00", "year first", 0.75),
    ("1970-01-01T12:00:00Z", "year first", 0.5),
    ("1970-01-01T12:00:00.5Z", "year first", 0.5 + 0.5 / 86400),
    ("1970-01-01 12:00:00,25", "year first", 0.5 + 0.25 / 86400),
    ("1970-01-01T12:00+06:00", "year first", 0.25),
    ("1970-01-01T12:00:00-0600", "year first", 0.75),
    ("1970-01-01T00:00+01", "year first", -1 / 24),
    ("02/01/1970", "day first", 1),
    ("2.1.1970 12:00", "day first", 1.5),
    ("02/01/1970", "month first", 31),
    ("1-2-1970", "month first", 1),
]
NO_DATES = [
    "", "1970", "19700101", "12:30", "1970-13-01", "1970-02-29", "1970-00-01", "1970-01-01T24:00",
    "1970-01-01T12:", "1970-01-01T", "1970-01-01 ", "1970-01-01T 12:00",
    "1970-01-01T12:60", "1970-01-01T12:00:60", "1970-01/01", "1970-01T12:00", "31/12/99",
    "1970-01-01T12:00+1", "0000-01-01", "1970-01-01x", "January 1970", "197\u0660-01-01",
]  # fmt: skip


@pytest.mark.parametrize(("text", "order", "days"), READ)
def test_a_date_is_days_since_1970(text: str, order: Order, days: float) -> None:
    assert day_of(text, order) == pytest.approx(days, abs=1e-12)


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_date_is_none_in_any_order(text: str) -> None:
    assert not is_date(text)


@given(
    moment=st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),
    minutes=st.none() | st.integers(-23 * 60, 23 * 60),
    mark=st.sampled_from(["T", " "]),
)
def test_what_python_writes_in_iso_8601_is_read_as_that_moment(
    moment: datetime, minutes: int | None, mark: str
) -> None:
    zone = UTC if minutes is None else timezone(timedelta(minutes=minutes))
    written = moment.isoformat(mark) if minutes is None else moment.replace(tzinfo=zone).isoformat(mark)
    expected = (moment.replace(tzinfo=zone) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)
    assert day_of(written, "year first") == pytest.approx(expected, rel=1e-15, abs=1e-9)


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["2020-01-02", "2020-01-03T10:00"], "year first"),
        (["01/02/2020", "31/12/2020"], "day first"),
        (["01/02/2020", "12/31/2020"], "month first"),
        (["01/02/2020", "31/12/2020", "32/13/2020"], "day first"),
        (["01/02/2020", "31/12/2020", "x"], "day first"),
        (["x", "2020-01-02"], "year first"),
        ([], "year first"),
    ],
)
def test_a_number_above_12_settles_the_order(texts: list[str], order: Order) -> None:
    assert settled_order(texts) == order


def test_an_order_that_nothing_settles_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"may have days or months first .*'01/02/2020'.*YYYY-MM-DD"):
        settled_order(["03/02/2020", "01/02/2020", "12/12/2021"])
    with pytest.raises(ValueError, match=r"days first \('31/12/2020'\) and months first \('12/30/2020'\)"):
        settled_order(["31/12/2020", "12/30/2020", "01/02/2020"])
