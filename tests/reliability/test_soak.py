"""Some seconds of what `make soak` does for ten minutes, and what it finds."""

import re
import subprocess
import sys
from pathlib import Path

from .folder import contents
from .soak_checks import References, left_behind, torn


def test_commands_that_meet_and_are_killed_lose_nothing() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.reliability.soak", "--minutes", "0.01", "--seed", "3"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ended.returncode, ended.stderr.strip()) == (0, "")
    assert re.search(r"\| `the last` \| 4 \| 4 \|", ended.stdout)


def test_what_is_torn_or_left_behind_is_found(tmp_path: Path) -> None:
    for name in ("run", "cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "run" / "metrics.json").write_text("1")
    (tmp_path / "p.csv").write_text("1")
    whole = References({"run": [contents(tmp_path / "run")]}, [b"1"])
    assert [*torn(tmp_path, whole), *left_behind(tmp_path)] == []
    (tmp_path / "run" / "metrics.json").write_text("2")
    (tmp_path / "p.csv").write_text("")
    (tmp_path / ".run.ntk-lock").touch()
    (tmp_path / "cache" / "x.gram").write_bytes(bytes(2**17))
    assert [*torn(tmp_path, whole), *left_behind(tmp_path)] == [
        "run is none of the whole runs: metrics.json",
        "p.csv is none of the predictions",
        ".run.ntk-lock is left",
        "the cache has 131072 bytes, and may have 81920",
    ]
