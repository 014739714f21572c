"""Some of the changes of files that `python -m tests.reliability.faults` has fail."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_change_that_fails_loses_nothing() -> None:
    line = ["-m", "tests.reliability.faults", "--every", "6", "--only"]
    outcome = subprocess.run(
        [sys.executable, *line, "predict --out p.csv.gz"],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert re.search(r"\| `predict --out p\.csv\.gz` \| \d+ \| [1-9]\d* \| 0 \|", outcome.stdout)
