"""What must hold while commands meet and are killed: how they end, and what is there."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ntkcli.stores.entries import entries
from ntkcli.stores.piece_file import PieceFile

from .folder import contents
from .scenarios import LEFTOVER
from .soak_commands import CACHE_SIZE
from .soak_process import Process

# What is said of a cache that is not as it should be.
ODD = re.compile(r"Traceback|unexpected \w+:|is damaged|cannot be kept")
# Of what `ntk show` tells, what no two runs share.
OWN = ("written", "seconds", "peak_memory_bytes", "files")
# How often a directory is read that another takes the place of meanwhile.
LOOKS = 20

Contents = dict[str, bytes]


@dataclass
class References:
    """What runs leave and tell that nobody disturbs.

    runs: contents of directories, by place; any of several.
    tables: predictions.
    told: by command, on standard output.
    """

    runs: dict[str, list[Contents]] = field(default_factory=dict)
    tables: list[bytes] = field(default_factory=list)
    told: dict[str, list[Any]] = field(default_factory=dict)


def ended_badly(process: Process, code: int, references: References, *, has_fit: bool) -> Iterator[str]:
    """What is wrong with how a process ended.

    Args:
        process: that has ended.
        code: that it ended with.
        references: to compare with what it told.
        has_fit: whether there was a fit from its start on.
    """
    command, said = process.command, process.child.read("stderr")
    if process.is_stuck:
        yield "is stuck"
    elif code not in {0, *_of_signals(process)}:
        known = command.ends.get(code)
        if known is None or not known.search(said) or (code == 3 and has_fit):
            yield "ends otherwise than it may"
    if ODD.search(said):
        yield f"says {said.strip()[-300:]}"
    known_reports = references.told.get(command.name)
    if code == 0 and known_reports and told(process.child.read("stdout")) not in known_reports:
        yield "tells of no whole run"


def _of_signals(process: Process) -> set[int]:
    """The exit codes that follow from the signals that a process was sent."""
    found = {code for number in process.sent for code in (128 + number, -number)}
    is_asked = signal.SIGTERM in process.sent and process.command.goes_on
    return found | ({75} if is_asked else set())


def told(text: str) -> Any:
    """The JSON that a command tells, apart from what no two runs share."""
    content = json.loads(text)
    return {key: value for key, value in content.items() if key not in OWN}


def seen(place: Path) -> Contents | None:
    """The contents of a directory, none of them another's; None where it is not there."""
    for _ in range(LOOKS):
        try:
            before = place.stat()
            found = contents(place)
            after = place.stat()
        except FileNotFoundError:
            if not place.exists():
                return None
            continue
        if (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns):
            return found
    return {}


def torn(work: Path, references: References) -> Iterator[str]:
    """What is there in a folder, and is not whole."""
    for name, whole in references.runs.items():
        found = seen(work / name)
        # A search takes the mark of a fit away before the next.
        if found and found not in whole and not (name == "tune/fit" and "run.json" not in found):
            yield f"{name} is none of the whole runs: {_difference(found, whole)}"
    table = work / "p.csv"
    if table.exists() and table.read_bytes() not in references.tables:
        yield "p.csv is none of the predictions"


def _difference(found: Contents, whole: list[Contents]) -> str:
    nearest = min(whole, key=lambda one: sum(found.get(path) != one.get(path) for path in {*found, *one}))
    paths = sorted(path for path in {*found, *nearest} if found.get(path) != nearest.get(path))
    return ", ".join(paths)


def unsound(cache: Path) -> Iterator[str]:
    """Pieces of the cache that say of themselves to be finished, and are not what was written."""
    for entry in entries(cache) if cache.exists() else []:
        # Another process may delete it meanwhile.
        with suppress(FileNotFoundError):
            if entry.layout is None:
                continue
            with closing(PieceFile(entry.path, entry.layout, 0.0)) as file:
                for piece in range(len(entry.layout.sizes)):
                    if file.has(piece) and not file.is_sound(piece):
                        yield f"{entry.path.name} is damaged"


def left_behind(work: Path) -> Iterator[str]:
    """What must not be there once all is whole."""
    for path in contents(work):
        if LEFTOVER.search(path):
            yield f"{path} is left"
    size = sum(entry.size for entry in entries(work / "cache"))
    if size > CACHE_SIZE:
        yield f"the cache has {size} bytes, and may have {CACHE_SIZE}"
