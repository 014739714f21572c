import io
import sys
from dataclasses import dataclass

import pytest

from ntkcli.terminal.display import Several, Stream, Terminal, Warnings
from ntkcli.terminal.progress_bar import ERASE, ProgressBar

from ..lines import Lines


def test_a_message_is_a_line_of_ntks(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().message("almost done")
    assert capsys.readouterr() == ("", "ntk: almost done\n")


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock, beside a terminal of 80 columns."""
    monkeypatch.setattr(Stream, "isatty", lambda _: True)
    monkeypatch.setattr(Stream, "width", 80)
    monkeypatch.setenv("TERM", "xterm")
    return Clock()


def screen(written: str) -> list[str]:
    """The lines that are seen where `written` was written."""
    lines = [line.rsplit(ERASE, 1)[-1] for line in written.split("\n")]
    assert not any("\r" in line for line in lines)
    return lines


def test_a_phase_of_less_than_half_a_second_shows_nothing(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Terminal(clock).progress("gram", 10) as advance:
        clock.now = 0.49
        advance(9)
    assert capsys.readouterr() == ("", "")


def test_a_bar_is_seen_from_its_first_step_after_half_a_second_until_its_phase_ends(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Terminal(clock).progress("gram", 4) as advance:
        clock.now = 0.5
        advance(1)
        (line,) = screen(capsys.readouterr().err)
        assert line == f"gram      [{'#' * 9}{'-' * 27}]   25%  0:00:02 left"
    assert screen(capsys.readouterr().err) == [""]


def test_a_phase_whose_only_step_is_its_last_shows_no_bar(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Terminal(clock).progress("gram", 4) as advance:
        clock.now = 9.0
        advance(4)
    assert capsys.readouterr() == ("", "")


def test_of_phases_within_phases_the_innermost_is_seen(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal, seen = Terminal(clock), []
    with terminal.progress("outer", 10) as outer:
        clock.now = 1.0
        outer(1)
        with terminal.progress("inner", 10) as inner:
            outer(1)
            clock.now = 2.0
            inner(1)
            outer(1)
            seen += screen(capsys.readouterr().err)
        seen += screen(capsys.readouterr().err)
        outer(1)
        seen += screen(capsys.readouterr().err)
    assert [line.split(" ")[0] for line in seen] == ["inner", "", "outer"]
    assert "40%" in seen[-1]


def test_a_message_stands_on_a_line_of_its_own_and_the_bar_comes_back_below(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal(clock)
    with terminal.progress("gram", 10) as advance:
        clock.now = 1.0
        advance(1)
        terminal.message("almost done")
        assert screen(capsys.readouterr().err) == ["ntk: almost done", ""]
        advance(1)
        assert capsys.readouterr().err.startswith(f"{ERASE}gram")


def test_a_note_is_the_label_even_of_a_bar_that_comes_later(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal(clock)
    terminal.note("dropped, as nothing goes on")
    with terminal.progress("tune", 10) as advance:
        advance(1)
        terminal.note("tune, rmse 2.5")
        clock.now = 1.0
        advance(1)
        assert screen(capsys.readouterr().err)[0].startswith("tune, rmse 2.5  [#")


def test_a_phase_that_fails_leaves_no_bar(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        with Terminal(clock).progress("gram", 10) as advance:
            clock.now = 1.0
            advance(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert screen(capsys.readouterr().err) == [""]


@pytest.mark.parametrize("width", [1, 20, 79, 200])
def test_a_bar_is_narrower_than_the_terminal(width: int) -> None:
    line = ProgressBar("a label of some length", 10, start=0.0, done=1).line(1.0, width)
    assert len(line) == min(width - 1, 22 + 2 + 38 + 2 + 4 + 2 + len("0:00:09 left"))


def test_a_stream_whose_reader_is_gone_drops_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Broken())
    assert Stream("stdout").write("news") == 4
    assert not isinstance(sys.stdout, Broken)
    assert not Stream("stdout").isatty()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_stream_writes_utf_8_whatever_the_locale(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """Of bytes in a name that are no characters, their numbers."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    Stream("stdout").write("größe of a\udcff\n")
    assert written.getvalue().decode("utf-8") == "größe of a\\udcff\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("warning: odd", "ntk: \x1b[1;33mwarning:\x1b[0m odd\n"),
        ("error: a.yaml:3: no: not so", "ntk: \x1b[1;31merror:\x1b[0m a.yaml:3: no: not so\n"),
        ("the ridge is 3", "ntk: the ridge is 3\n"),
        ("data.relevance: the factors", "ntk: data.relevance: the factors\n"),
    ],
)
def test_kinds_of_messages_are_coloured_on_a_terminal(
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    shown: str,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    Terminal(clock).message(text)
    assert capsys.readouterr().err == shown


@pytest.mark.parametrize(
    ("name", "value"), [("NO_COLOR", "1"), ("NO_COLOR", "0"), ("TERM", "dumb"), (None, "")]
)
def test_colours_are_left_out_where_they_are_not_wanted_or_not_shown(
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str | None,
    value: str,
) -> None:
    """By https://no-color.org, on a terminal that has none, or in a file."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    if name:
        monkeypatch.setenv(name, value)
    else:
        monkeypatch.setattr(Stream, "isatty", lambda _: False)
    Terminal(clock).message("warning: odd")
    assert capsys.readouterr().err == "ntk: warning: odd\n"


def test_an_empty_no_color_is_none(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    assert Stream("stderr").takes_colours


def test_a_terminal_that_cannot_go_back_in_a_line_has_no_bars(
    clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with Terminal(clock).progress("gram", 4) as advance:
        clock.now = 1.0
        advance(1)
    assert capsys.readouterr().err == ""


def test_without_a_terminal_a_long_phase_is_told_every_half_minute_at_most(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    with Terminal(clock).progress("gram", 100) as advance:
        for clock.now in (10.0, 31.0, 45.0, 60.0, 61.0, 90.0):
            advance(10)
        clock.now = 200.0
        advance(40)
    assert capsys.readouterr() == ("", "ntk: gram 20%, 2 min left\nntk: gram 50%, 61 s left\n")


def test_several_displays_show_the_same() -> None:
    one, other = Lines(), Lines()
    both = Several([one, other])
    both.message("begun")
    with both.progress("gram", 10) as advance:
        both.note("nearly")
        advance(3)
    assert one.lines == other.lines == ["begun"]


def test_a_display_of_warnings_shows_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("begun", "warning: few rows"):
        Warnings().message(text)
    assert capsys.readouterr().err == "ntk: warning: few rows\n"
