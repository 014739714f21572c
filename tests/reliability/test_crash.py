"""A sample of what `make crash` tries at length."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_killed_command_leaves_the_old_or_the_new_and_the_next_run_nothing_beside_it() -> None:
    names = ("fit --overwrite, two renames", "fit --resume, pcg", "tune, random")
    line = ["-m", "tests.reliability.crash", "--every", "120", "--moments", "4", "--seed", "5", "--jobs", "1"]
    only = [word for name in names for word in ("--only", name)]
    ended = subprocess.run(
        [sys.executable, *line, *only], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert (ended.returncode, ended.stderr.strip()) == (0, "")
    for name in names:
        assert re.search(rf"\| `{name}` \| \d+ \| [1-9].* \| 0 \|", ended.stdout), ended.stdout
