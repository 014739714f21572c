"""Logs: whole lines with time and level, whatever is shown on the terminal."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest

from ntkcli.errors import DataError, NtkError, RunDirectoryError
from ntkcli.files.appended_file import AppendedFile
from ntkcli.files.watch import unwatched, watch_with
from ntkcli.interruption import Interruption
from ntkcli.journal import Journal
from ntkcli.terminal.log import Format, Log

LINE = re.compile(r"(\S+) (error|warning|info) (.*)")


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def lines(path: Path) -> list[tuple[str, str]]:
    """The level and the text of each line of a log, whose times have a zone."""
    found = [LINE.fullmatch(line) for line in path.read_text().splitlines()]
    matches = [match for match in found if match]
    assert len(matches) == len(found)
    assert all(datetime.fromisoformat(match[1]).tzinfo for match in matches)
    return [(match[2], match[3]) for match in matches]


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_messages_have_the_level_that_they_begin_with(tmp_path: Path) -> None:
    journal = Journal(Log(tmp_path / "log", "text"))
    journal.tell("note: begun")
    journal.warn("few rows")
    assert lines(tmp_path / "log") == [("info", "note: begun"), ("warning", "few rows")]


def test_a_phase_is_told_every_half_minute_at_most_and_at_its_end(tmp_path: Path) -> None:
    clock = Clock()
    log = Log(tmp_path / "log", "json", clock)
    with log.progress("gram", 100) as advance:
        for clock.now in (29.0, 30.0, 59.0, 60.0, 61.0):
            advance(10)
    first, second, last = records(tmp_path / "log")
    assert first | {"time": ""} == {
        "time": "",
        "level": "info",
        "message": "gram 20%, 2 min left",
        "phase": "gram",
        "done": 20,
        "length": 100,
        "rate": 20 / 30,
        "seconds_left": 120.0,
    }
    assert (second["done"], second["seconds_left"]) == (40, 90.0)
    assert (last["message"], last["done"], last["seconds"]) == ("gram: 61.00 s", 50, 61.0)


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_and_the_exit_code_end_a_log_to_which_later_runs_add(tmp_path: Path, form: Format) -> None:
    path = tmp_path / "log"
    errors: list[tuple[BaseException, int]] = [
        (DataError("line 1\nline 2"), 3),
        (Interruption("time is up", 75), 75),
        (click.exceptions.Exit(4), 4),
        (click.UsageError("no"), 2),
        (ZeroDivisionError("by nought"), 1),
    ]
    for error, _ in errors:
        with pytest.raises(type(error)), Log(path, form).of_command():
            raise error
    with Log(path, form).of_command():
        pass
    text = path.read_text()
    assert [int(code) for code in re.findall(r"ended with exit code (\d+)", text)] == [
        *(code for _, code in errors),
        0,
    ]
    assert all(words in text for words in ("line 1", "line 2", "time is up", "by nought"))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_message_is_one_line_whatever_is_in_it(tmp_path: Path, form: Format) -> None:
    Log(tmp_path / "log", form).message("a\nb\x00\udcff")
    assert len((tmp_path / "log").read_text().splitlines()) == 1


@pytest.mark.parametrize("name", ["no/such", ".", "data.csv"])
def test_what_cannot_take_a_log_is_refused_and_left_as_it_is(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data.csv"
    data.write_text("a,y\n1,2\n")
    with pytest.raises(RunDirectoryError, match="--log") as refusal:
        Log(tmp_path / name, "text")
    assert refusal.value.exit_code == 6
    assert data.read_text() == "a,y\n1,2\n"


def test_a_pipe_that_nobody_reads_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NtkError, match="cannot be written"):
        Log(tmp_path / "pipe", "text")


def test_a_log_that_fails_later_fails_nothing(tmp_path: Path) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "full")

    log = Log(tmp_path / "log", "text")
    log.message("before")
    watch_with(full)
    try:
        log.message("lost")
        with log.of_command():
            pass
    finally:
        watch_with(unwatched)
    log.message("closed by now")
    assert lines(tmp_path / "log") == [("info", "before")]


def test_a_line_that_was_cut_short_does_not_spoil_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = AppendedFile(tmp_path / "log")
    write: Callable[[int, bytes], int] = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
        file.append(b"first\n")
    file.append(b"second\n")
    file.append(b"third\n")
    file.close()
    assert (tmp_path / "log").read_bytes() == b"fir\nsecond\nthird\n"
