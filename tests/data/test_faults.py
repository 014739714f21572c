import pytest

from ntkcli.data.faults import number_in, shown, some


@pytest.mark.parametrize("text", ["two\nlines", "x" * 10_000, "\x1b[31m", "a\0b"])
def test_a_cell_is_shown_on_one_short_line(text: str) -> None:
    for line in (shown(text), some([text] * 100)):
        assert len(line.splitlines()) == 1
        assert line.isprintable()
        assert len(line) < 500


def test_of_many_texts_some_are_shown() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some([*"abcdefg"]) == "a, b, c, d, e, f, ..."
    assert some(["a", "b", "c"], most=2) == "a, b, ..."


@pytest.mark.parametrize(
    ("text", "number"), [(" 1.5e3 ", 1500.0), ("1_0", None), ("\uff12", None), ("red", None), ("", None)]
)
def test_a_number_is_what_pandas_reads(text: str, number: float | None) -> None:
    assert number_in(text) == number
