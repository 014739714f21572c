"""The reading of dates and times: texts in one order become days since 1970, in UTC."""

import re
from datetime import date
from functools import lru_cache
from typing import Literal

Order = Literal["year first", "day first", "month first"]

_YEAR_LAST = r"(?P<{}>\d\d?)(?P<mark>[-/.])(?P<{}>\d\d?)(?P=mark)(?P<year>\d{{4}})"
_DATES: dict[Order, re.Pattern[str]] = {
    "year first": re.compile(
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d\d?)(?:(?P=mark)(?P<day>\d\d?))?", re.ASCII
    ),
    "day first": re.compile(_YEAR_LAST.format("day", "month"), re.ASCII),
    "month first": re.compile(_YEAR_LAST.format("month", "day"), re.ASCII),
}
_TIME = re.compile(
    r"(?P<hour>[01]?\d|2[0-3])(?::(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d(?:[.,]\d+)?))?)?"
    r" ?(?:Z|(?P<sign>[-+])(?P<ahead_hours>\d\d):?(?P<ahead_minutes>[0-5]\d)?)?",
    re.ASCII,
)
# Many rows have few days, and few times of day.
_REMEMBERED = 100_000
_FIRST_DAY = date(1970, 1, 1).toordinal()
YEAR_LAST: tuple[Order, Order] = ("day first", "month first")
FORMS: dict[Order, str] = {
    "year first": "YYYY-MM-DD",
    "day first": "DD/MM/YYYY",
    "month first": "MM/DD/YYYY",
}
_REMEDY = "write dates as YYYY-MM-DD"


def is_date(text: str) -> bool:
    """Return whether a text is a date in some order."""
    return any(day_of(text, order) is not None for order in FORMS)


def settled_order(texts: list[str]) -> Order:
    """Return the order of the dates of a column: of most of them, as some may be slips.

    Args:
        texts: the different cells of the column that hold a value.

    Raises:
        ValueError: days and months are not to be told apart; the message says why, and the remedy.
    """
    of_day, of_month = ({t for t in texts if day_of(t, order) is not None} for order in YEAR_LAST)
    if 2 * len(of_day | of_month) <= len(texts):
        return "year first"
    days, months = sorted(of_day - of_month), sorted(of_month - of_day)
    if days and months:
        raise ValueError(f"has days first ({days[0]!r}) and months first ({months[0]!r}): {_REMEDY}")
    if not days and not months:
        text = min(of_day)
        raise ValueError(
            f"may have days or months first (such as {text!r}; no number is above 12): {_REMEDY}"
        )
    return "day first" if days else "month first"


def day_of(text: str, order: Order) -> float | None:
    """Return the days from 1970 to a date, with its time as a fraction; None if it is no date of an order.

    A time without an offset is taken for UTC, and a month without a day for its first.
    """
    written, mark, time = text.partition("T" if "T" in text else " ")
    day = _day(written, order, has_time=bool(mark))
    if day is None or not mark:
        return day
    passed = _share_of_day(time.lstrip(" ") if mark == " " else time)
    return None if passed is None else day + passed


@lru_cache(_REMEMBERED)
def _day(text: str, order: Order, *, has_time: bool) -> float | None:
    """Return the days from 1970 to a date; one with a time needs its day."""
    found = _DATES[order].fullmatch(text)
    if not found or (has_time and not found["day"]):
        return None
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"] or 1))
    except ValueError:
        return None
    return float(day.toordinal() - _FIRST_DAY)


@lru_cache(_REMEMBERED)
def _share_of_day(text: str) -> float | None:
    """Return the share of a day that is over at a time, in UTC: below 0 or above 1 by its offset."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    minutes = 60 * int(found["hour"]) + int(found["minute"] or 0)
    if found["sign"]:
        ahead = 60 * int(found["ahead_hours"]) + int(found["ahead_minutes"] or 0)
        minutes -= ahead if found["sign"] == "+" else -ahead
    return (60 * minutes + float((found["second"] or "0").replace(",", "."))) / 86400
