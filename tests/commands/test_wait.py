"""`--wait` of the commands that write a directory."""

from pathlib import Path

import pytest

from ntkcli.runs.lock import FileLock

from .run_files import MakeSpec, Ntk

SECTIONS = {
    "tune": {"validation": {"folds": 3}, "space": {"inference.ridge": [0.1, 1.0]}},
    "simulate": {"widths": [4], "seeds": 2, "rows": 10},
}


@pytest.mark.parametrize("command", ["fit", "kernel", "spectrum", "tune", "simulate"])
def test_commands_wait_for_their_directory_as_long_as_they_are_told(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, command: str
) -> None:
    spec = make_spec(**SECTIONS)
    in_it = command in ("tune", "simulate")
    (tmp_path / "out").mkdir() if in_it else None
    lock = FileLock(tmp_path / ("out/.ntk-lock" if in_it else ".out.ntk-lock"))
    assert lock.acquire()
    plain = ntk(command, spec, "--out", "out")
    waiting = ntk(command, spec, "--out", "out", "--wait", "0.3s")
    lock.release()
    assert (plain.returncode, waiting.returncode) == (6, 6)
    assert "give --wait 10m" in plain.stderr
    assert "waiting" not in plain.stderr
    assert waiting.stderr.count("waiting for it to end") == 1
    assert ntk(command, spec, "--out", "out", "--wait", "10m").returncode == 0
