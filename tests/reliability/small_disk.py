"""Run `ntk` on disks in memory that are too small, and print what came of it, a line of JSON for each run.

`unshare --map-root-user --mount python -m tests.reliability.small_disk FOLDER` ends with 77 where no disk
may be mounted.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .child import Child
from .folder import contents
from .scenario_inputs import write_inputs

SIZES = (16, 48, 96, 200)
NOT_PERMITTED = 77
COMMANDS = {
    "fit": "fit ../spec.yaml --out run",
    "predict": "predict ../fitted ../predicted.csv --out p.csv",
    "tune": "tune ../grid.yaml --out run",
}
SECONDS = 60.0


@contextmanager
def mounted(place: Path, size: int) -> Iterator[None]:
    """Mount a disk of so many KiB for the `with` block.

    Raises:
        CalledProcessError: it is not permitted.
    """
    options = ["-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(place)]
    subprocess.run(["mount", *options], check=True, capture_output=True, text=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def main() -> None:
    """Run every command on every disk."""
    folder = Path(sys.argv[1])
    disk, outputs = folder / "disk", folder / "outputs"
    disk.mkdir()
    outputs.mkdir()
    write_inputs(folder)
    lines = (folder / "test.csv").read_text(encoding="utf-8").splitlines()
    (folder / "predicted.csv").write_text("\n".join([lines[0], *lines[1:] * 200]), encoding="utf-8")
    for command in COMMANDS:
        importlib.import_module(f"ntkcli.commands.{command}")
    Child.begin("fit spec.yaml --out fitted", folder, outputs).outcome(SECONDS)
    for size in SIZES:
        for command, words in COMMANDS.items():
            try:
                with mounted(disk, size):
                    outcome = Child.begin(words, disk, outputs).outcome(SECONDS)
                    left = sorted(contents(disk))
            except subprocess.CalledProcessError as error:
                print(error.stderr)
                sys.exit(NOT_PERMITTED)
            print(json.dumps([command, size, outcome.code, outcome.said, left]))


if __name__ == "__main__":
    main()
