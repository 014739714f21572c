import pytest
from hypothesis import given
from hypothesis.strategies import text

from ntkcli.terminal.display import write_message
from ntkcli.terminal.legible import LONGEST_LINE, LONGEST_WORD, legible


@pytest.mark.parametrize("plain", ["runs/a b: größer als 3 µm — 東京", "", "C:\\data", "x" * LONGEST_WORD])
def test_what_can_be_read_stays_as_it_is(plain: str) -> None:
    assert legible(plain) == plain


@given(text())
def test_nothing_is_left_that_a_terminal_would_act_on(any_text: str) -> None:
    assert legible(any_text).isprintable()


def test_control_characters_are_escaped() -> None:
    assert legible("a\x00b\x1b[31m\t\udcff\u202e") == r"a\x00b\x1b[31m\t\udcff\u202e"


def test_long_words_and_lines_are_shortened_in_the_middle() -> None:
    shown = legible(f"the column 'first{'x' * 5000}last' is no number")
    assert shown.startswith("the column 'firstxxx")
    assert shown.endswith("xxxlast' is no number")
    assert len(shown) < LONGEST_WORD + 30
    assert len(legible("so on " * 5000)) <= LONGEST_LINE


def test_messages_are_legible(capsys: pytest.CaptureFixture[str]) -> None:
    write_message("error: \x1b[2J gone")
    assert capsys.readouterr().err == "ntk: error: \\x1b[2J gone\n"
