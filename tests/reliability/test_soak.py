"""Some seconds of what `make soak` does for ten minutes."""

import re
import subprocess
import sys


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
