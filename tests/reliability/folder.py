"""What is in a folder, as far as it lasts: seconds, memory and warnings aside."""

import json
import re
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

Contents = dict[str, bytes]
STUDY = "study.db"
# Of run.json; what went wrong with what is kept for other runs is a warning.
PASSING = {"seconds": 0, "peak_memory_bytes": 0, "warnings": []}
# What differs from run to run in what a study says.
TIMES = re.compile(r"'\d{4}-\d\d-\d\d [^']*'|\"seconds\": [^,}]*")


def contents(folder: Path) -> Contents:
    """The bytes of all files in a folder by their paths, and nothing for folders, whose paths end with /."""
    found: Contents = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        found |= {f"{name}/": b""} if path.is_dir() else {name: _lasting(path)}
    return found


def differences(found: Contents, expected: Contents) -> list[str]:
    """What is missing, left, or other than expected."""
    return [
        f"{path} {'is left' if path not in expected else 'is missing' if path not in found else 'differs'}"
        for path in sorted({*found, *expected})
        if found.get(path) != expected.get(path)
    ]


def _lasting(path: Path) -> bytes:
    if path.name == STUDY:
        # It has the times of its trials, which trials.csv has without.
        return b""
    data = path.read_bytes()
    if path.name == "trials.csv":
        return b"\n".join(line.rpartition(b",")[0] for line in data.splitlines())
    if path.name == "run.json":
        with suppress(ValueError):  # it is there in part
            return json.dumps(json.loads(data) | PASSING).encode()
    return data


def studies(folder: Path) -> Contents:
    """What the studies in a folder say once SQLite has opened a copy; seconds aside.

    Raises:
        sqlite3.Error: one of them is torn.
    """
    found = {}
    for path in folder.rglob(STUDY):
        with tempfile.TemporaryDirectory() as copies:
            for part in path.parent.glob(f"{STUDY}*"):
                shutil.copy(part, copies)
                found[part.name] = b""
            with closing(sqlite3.connect(Path(copies) / STUDY)) as study:
                found[STUDY] = TIMES.sub("", "\n".join(study.iterdump())).encode()
    return found
