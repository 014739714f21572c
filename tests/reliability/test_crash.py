"""A sample of what `make crash` tries at length."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("name", ["fit --overwrite", "predict --out"])
def test_a_killed_command_leaves_the_old_or_the_new_and_the_next_run_nothing_beside_it(name: str) -> None:
    words = [
        "--every",
        "40" if name.startswith("fit") else "4",
        "--moments",
        "2",
        "--seed",
        "5",
        "--only",
        name,
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.reliability.crash", *words],
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (ended.returncode, ended.stderr.strip()) == (0, "")
    assert "by SIGTERM, then kill -9" in ended.stdout
