import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.units import bytes_text, seconds_text

KIB, MIB, GIB, TIB = 2**10, 2**20, 2**30, 2**40
UNITS = {"KiB": KIB, "MiB": MIB, "GiB": GIB, "TiB": TIB}
DURATIONS = {"s": 1, "min": 60, "h": 3600, "days": 86_400}

BYTES = [
    (0, "0 KiB"),
    (KIB, "1 KiB"),
    (MIB - KIB, "1023 KiB"),
    (MIB, "1 MiB"),
    (GIB - MIB, "1023 MiB"),
    (GIB, "1.0 GiB"),
    (1.5 * GIB, "1.5 GiB"),
    (TIB - GIB, "1023.0 GiB"),
    (TIB, "1.0 TiB"),
    (5000 * TIB, "5000.0 TiB"),
]
SECONDS = [
    (0, "0.0 s"),
    (0.6, "0.6 s"),
    (9.9, "9.9 s"),
    (10, "10 s"),
    (89, "89 s"),
    (120, "2 min"),
    (5340, "89 min"),
    (5400, "1.5 h"),
    (86400, "24.0 h"),
    (71.9 * 3600, "71.9 h"),
    (72 * 3600, "3 days"),
    (1e8, "1,157 days"),
]


@pytest.mark.parametrize(("size", "text"), BYTES)
def test_bytes_are_told_in_the_largest_unit_that_they_fill(size: float, text: str) -> None:
    assert bytes_text(size) == text


@pytest.mark.parametrize(("seconds", "text"), SECONDS)
def test_a_duration_is_told_in_seconds_minutes_hours_or_days(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def value(text: str, units: dict[str, int]) -> float:
    """What a text says, in the smallest unit."""
    number, unit = text.split(" ")
    assert re.fullmatch(r"\d+(\.\d)?", number)
    return float(number) * units[unit]


@given(size=st.integers(MIB, 2**60))
def test_a_size_reads_back_to_within_its_rounding(size: int) -> None:
    assert value(bytes_text(size), UNITS) == pytest.approx(size, rel=0.05, abs=0.5 * MIB)


@given(seconds=st.floats(1, 1e7))
def test_a_duration_reads_back_to_within_a_third(seconds: float) -> None:
    assert value(seconds_text(seconds), DURATIONS) == pytest.approx(seconds, rel=1 / 3)


@given(small=st.integers(0, 2**50), large=st.integers(0, 2**50))
def test_a_larger_size_never_reads_as_a_smaller_one(small: int, large: int) -> None:
    small, large = sorted((small, large))
    assert value(bytes_text(small), UNITS) <= value(bytes_text(large), UNITS)
