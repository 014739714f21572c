import click
import pytest

from ntkcli.terminal.duration import DURATION, DurationType


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("90s", 90),
        ("55m", 3300),
        ("2h", 7200),
        ("1.5h", 5400),
        (".5", 0.5),
        ("2 H", 7200),
        ("30d", 30 * 86400),
        (30.0, 30),
    ],
)
def test_a_duration_is_its_seconds(text: object, seconds: float) -> None:
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "m", "-1", "1w", "1h30m", "nan", "inf", "1e3", "9" * 400, "٣m"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="such as 90, 90s, 55m, 2h or 30d"):
        DURATION.convert(text, None, None)


def test_no_time_at_all_is_refused_where_it_makes_no_sense() -> None:
    with pytest.raises(click.BadParameter, match="no time at all"):
        DurationType(above_zero=True).convert("0m", None, None)
