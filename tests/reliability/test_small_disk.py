"""On real disks that are too small, a command is done or says so, and nothing is half there."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.small_disk import NOT_PERMITTED

ROOT = Path(__file__).parents[2]
# What a search that is not done leaves for the next call, and where its fit begins.
OF_SEARCH = {"run/", "run/trials.jsonl", "run/trials.csv", "run/best.yaml"}


def test_on_a_disk_too_small_a_command_ends_with_5_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare, with which a disk is mounted for one process alone")
    line = ["unshare", "--map-root-user", "--mount", sys.executable, "-m", "tests.reliability.small_disk"]
    ended = subprocess.run([*line, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode == NOT_PERMITTED or ended.stderr.startswith("unshare:"):
        pytest.skip(f"no disk may be mounted here: {(ended.stdout + ended.stderr).strip()}")
    assert ended.returncode == 0, ended.stderr
    runs = [json.loads(text) for text in ended.stdout.splitlines()]
    whole = {command: left for command, _, code, _, left in runs if code == 0}
    for command, size, code, said, left in runs:
        what = f"{command} on {size} KiB: {code}, {said}, {left}"
        assert code in {0, 5}, what
        assert said.count("ntk: error: ") == bool(code), what
        if code == 0:
            assert left == whole[command], what
        else:
            assert set(left) <= (OF_SEARCH if command == "tune" else set()), what
    # Both ends were met.
    assert {(command, bool(code)) for command, _, code, *_ in runs} == {
        (command, is_full) for command in ("fit", "predict", "tune") for is_full in (True, False)
    }
