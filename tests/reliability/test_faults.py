"""Some of the changes of files that `python -m tests.reliability.faults` has fail."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_change_that_fails_loses_nothing() -> None:
    names = ("fit, cache", "fit --resume, nystrom", "tune, random")
    only = [word for name in names for word in ("--only", name)]
    line = ["-m", "tests.reliability.faults", "--every", "197", "--jobs", "1", *only]
    ended = subprocess.run(
        [sys.executable, *line], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    for name in names:
        pattern = rf"\| `{re.escape(name)}` \| [1-9]\d* \|.* [1-9]\d* .*\| 0 \|"
        assert re.search(pattern, ended.stdout), ended.stdout
