"""What the commands leave and tell that nobody disturbs."""

import shutil
from pathlib import Path
from typing import TypeVar

from .folder import contents
from .soak_checks import References, told
from .soak_commands import JUDGED, PREDICTED, SHOWN, WRITERS, Command
from .soak_process import Process

T = TypeVar("T")


def references_of(work: Path, outputs: Path) -> References:
    """Run the commands that write, and after each those that read, alone in a folder with the inputs.

    Raises:
        SystemExit: one does not end well.
    """
    found = References()
    inputs = {path.name for path in work.iterdir()}
    for words in WRITERS:
        _run(Command("", words), work, outputs)
        for name in ("run", "kernel", "tune/fit"):
            if (work / name).is_dir():
                _add(found.runs.setdefault(name, []), contents(work / name))
        if (work / "run").is_dir():
            _add_told(found, SHOWN, work, outputs)
        # A fit without a cache predicts the same.
        if (work / "run" / "model").is_dir() and "kept" not in words:
            _add_predictions(found, work, outputs)
        for path in work.iterdir():
            if path.name not in inputs:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return found


def _add_predictions(found: References, work: Path, outputs: Path) -> None:
    for command in PREDICTED:
        _run(command, work, outputs)
        _add(found.tables, (work / "p.csv").read_bytes())
    _add_told(found, JUDGED, work, outputs)


def _add_told(found: References, command: Command, work: Path, outputs: Path) -> None:
    text = _run(command, work, outputs).child.read("stdout")
    _add(found.told.setdefault(command.name, []), told(text))


def _run(command: Command, work: Path, outputs: Path) -> Process:
    process = Process.begin(command, work, outputs, [])
    if code := process.end():
        raise SystemExit(f"ntk {command.words} ends with {code}, alone: {process.child.read('stderr')}")
    return process


def _add(to: list[T], one: T) -> None:
    if one not in to:
        to.append(one)
