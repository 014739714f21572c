"""Waiting for a directory that another run is writing."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ntkcli.errors import RunDirectoryError
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.lock import IMPATIENT, Patience

CONTENTS = ("run.json",)


def opened(place: Path) -> RunDirectory:
    """A run that is being written."""
    run = RunDirectory(place, overwrite=False, contents=CONTENTS).__enter__()
    (run.path / "run.json").write_text("first")
    return run


def test_what_is_free_is_tried_once_and_nothing_is_told() -> None:
    told: list[str] = []
    assert next(iter(Patience(60, told.append).tries("waiting"))) is None
    assert list(IMPATIENT.tries("waiting")) == [None]
    assert told == []


def test_a_wait_is_told_once_and_ends_with_its_time() -> None:
    told: list[str] = []
    start = time.monotonic()
    assert len(list(Patience(0.5, told.append).tries("waiting"))) > 2
    assert time.monotonic() - start < 30
    assert told == ["waiting"]


def test_a_run_begins_when_the_one_before_it_has_ended(tmp_path: Path) -> None:
    place = tmp_path / "run"
    first = opened(place)
    patience = Patience(60, lambda _: first.__exit__(None, None, None))
    with RunDirectory(place, overwrite=True, contents=CONTENTS, patience=patience) as run:
        assert (place / "run.json").read_text() == "first"
        (run.path / "run.json").write_text("second")
    assert (place / "run.json").read_text() == "second"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_what_the_other_run_has_written_is_not_replaced_unasked(tmp_path: Path) -> None:
    place = tmp_path / "run"
    first = opened(place)
    patience = Patience(60, lambda _: first.__exit__(None, None, None))
    run = RunDirectory(place, overwrite=False, contents=CONTENTS, patience=patience)
    with pytest.raises(RunDirectoryError, match="is already there"), run:
        pytest.fail("it computes what it cannot write")
    assert (place / "run.json").read_text() == "first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


WAITING = """
import os, signal, sys
from pathlib import Path
from ntkcli import interruption
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.lock import Patience
interruption.listen(print)
first = RunDirectory(Path(sys.argv[1]), overwrite=False, contents=("run.json",)).__enter__()
patience = Patience(60, lambda _: os.kill(os.getpid(), signal.SIGTERM))
RunDirectory(Path(sys.argv[1]), overwrite=False, contents=("run.json",), patience=patience).__enter__()
"""


def test_a_signal_ends_a_wait_at_once(tmp_path: Path) -> None:
    start = time.monotonic()
    words = [sys.executable, "-c", WAITING, str(tmp_path / "run")]
    assert subprocess.run(words, check=False, timeout=60).returncode == 143
    assert time.monotonic() - start < 30
