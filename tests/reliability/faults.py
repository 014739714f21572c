"""Have every change of files fail that `ntk` makes, one at a time, and look at what is there.

`OMP_NUM_THREADS=1 python -m tests.reliability.faults` prints a table of counts, and whatever went wrong.
A process that has loaded everything forks for each run, so that thousands take minutes.
"""

import argparse
import errno
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ntkcli import files

from .scenarios import Scenario, contents, load, write_inputs

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CODES = ("ENOSPC", "EDQUOT", "EIO", "EACCES")
# A write that takes half of its bytes, and a disk that stays full: nothing is made or written any more.
SHORT, STAYS_FULL = "short write", "full from then on"
KINDS = (*CODES, SHORT, STAYS_FULL)
TAKES_SPACE = frozenset({"create", "write", "make_folder", "reserve", "link"})
# If these fail, something may stay behind until the next run, or what is whole not be on the disk yet.
CLEANS_UP = frozenset({"remove", "remove_folder"})
LEFTOVER = re.compile(r"\.ntk-|(^|/)\.partial-")


SCENARIOS = {
    "fit": Scenario("fit spec.yaml --out run"),
    "fit --overwrite": Scenario("fit spec.yaml --out run --overwrite", ("fit other.yaml --out run",)),
    "kernel": Scenario("kernel spec.yaml --out a/run"),
    "tune": Scenario("tune grid.yaml --out run", (), re.compile(r"run(/trials\.(csv|jsonl)|/best\.yaml|)$")),
    "predict --out p.csv": Scenario(
        "predict fitted test.csv --out p.csv --overwrite",
        ("fit spec.yaml --out fitted", "predict fitted train.csv --out p.csv"),
    ),
    "predict --out p.csv.gz": Scenario(
        "predict fitted test.csv --out p.csv.gz", ("fit spec.yaml --out fitted",)
    ),
    "simulate": Scenario("simulate simulate.yaml --out run", (), re.compile(r"run(/networks(/.*|)|)$")),
}


class Fault:
    """Fails a change, the first after so many, and tells which it was."""

    def __init__(self, kind: str, at: int, note: int) -> None:
        self._kind, self._left, self._note = kind, at, note
        self._is_cut = False

    def __call__(self, change: files.Change, path: Path) -> None:
        """Be told of a change, and fail it or not."""
        self._left -= 1
        if self._left >= 0 or (self._left < -1 and self._kind != STAYS_FULL):
            return
        if self._kind in CODES:
            self._fail(getattr(errno, self._kind), change, path)
        if self._kind == STAYS_FULL and change in TAKES_SPACE:
            self._fail(errno.ENOSPC, change, path)

    def write(self, file: files.WrittenFile, data: "ReadableBuffer") -> int:
        """Write a part of the bytes, or fail where a part was written before."""
        view = memoryview(data).cast("B")
        path = Path(str(file.name))
        if self._is_cut:
            self._is_cut = False
            self._fail(errno.ENOSPC, "write", path)
        self(("write"), path)
        if self._left == -1 and self._kind == SHORT:
            self._is_cut = len(view) > 1
            view = view[: max(1, len(view) // 2)]
        return io.FileIO.write(file, view)

    def _fail(self, code: int, change: files.Change, path: Path) -> None:
        note_down(self._note, change, path)
        raise OSError(code, os.strerror(code), str(path))


@dataclass
class Trial:
    """A scenario in a folder, with what is there before and after a run in which nothing fails."""

    name: str
    scenario: Scenario
    work: Path
    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    runs: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Make what is there before, and run the command once."""
        self.folder, self.template = self.work / "now", self.work / "before"
        self.log, self.note = self.work / "log", self.work / "note"
        self.folder.mkdir()
        write_inputs(self.folder)
        for words in self.scenario.before:
            self.run_well(words)
        shutil.copytree(self.folder, self.template)
        self.before = contents(self.folder)
        self.run_well(self.scenario.words)
        self.changes = self.note.read_text(encoding="utf-8").splitlines()
        self.after = contents(self.folder)

    def run_well(self, words: str) -> None:
        """Run a command that must succeed, and note its changes."""
        if code := self.run(words):
            raise SystemExit(f"{self.name}: ntk {words} ends with {code}: {self.said()}")

    def run(self, words: str, kind: str = "", at: int = 0) -> int:
        """Run `ntk WORDS` in a process of its own, with a fault or without, and return its exit code."""
        child = os.fork()
        if child == 0:
            self._be_ntk(words, kind, at)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def _be_ntk(self, words: str, kind: str, at: int) -> None:
        from ntkcli.__main__ import main

        code = 1
        try:
            os.chdir(self.folder)
            sys.stdout = sys.stderr = self.log.open("w", encoding="utf-8")
            note = os.open(self.note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            # No power is cut here, and a disk would take most of the time.
            os.fsync = lambda fd: None
            if kind:
                fault = Fault(kind, at, note)
                files.watch_with(fault)
                files.WrittenFile.write = lambda file, data, /: fault.write(file, data)  # type: ignore[method-assign]
            else:
                files.watch_with(lambda change, path: note_down(note, change, path))
            sys.argv = ["ntk", *shlex.split(words)]
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        finally:
            sys.stdout.flush()
            os._exit(code)

    def said(self) -> str:
        """What the last run said."""
        return self.log.read_text(encoding="utf-8").strip()

    def fail(self, kind: str, at: int) -> None:
        """Fail a change, look at what is there, and run again."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.template, self.folder)
        code = self.run(self.scenario.words, kind, at)
        self.runs[kind] += 1
        self.codes[code] += 1
        noted, said, left = self.note.read_text(encoding="utf-8"), self.said(), contents(self.folder)
        found = [*self._told(kind, code, noted, said), *self._left(code, noted, left)]
        again = self.run(self.scenario.words)
        is_cleaning = any(line.split()[0] in CLEANS_UP for line in noted.splitlines())
        done = {path for path in left if not LEFTOVER.search(path)} if is_cleaning else set(left)
        is_done = {
            path: left[path] for path in done
        } == self.after and "--overwrite" not in self.scenario.words
        if again != (6 if is_done else 0):
            found.append(f"the next run ends with {again}: {self.said()}")
        # A run that is refused deletes nothing that the one before could not.
        now = {path: data for path, data in contents(self.folder).items() if not is_done or path in done}
        if differences := self._differences(now):
            found.append(f"after the next run, {differences}")
        where = (noted or self.changes[at]).splitlines()[0]
        self.faults += [
            f"{self.name}, {kind} at change {at}, {where} (exit {code}): {what}" for what in found
        ]

    def _told(self, kind: str, code: int, noted: str, said: str) -> Iterator[str]:
        """What is wrong with the exit code and the message."""
        right = 6 if kind in ("EIO", "EACCES") else 5
        if code not in (0, right):
            yield f"ends with {code}, not {right}: {said[-300:]}"
        if code == 0 and noted and noted.split()[0] == "write":
            yield "a write failed, and nobody was told"
        errors = [line for line in said.splitlines() if line.startswith("ntk: error:")]
        if "Traceback" in said or len(errors) != bool(code):
            yield f"says {said[-300:]}"

    def _left(self, code: int, noted: str, left: dict[str, bytes]) -> Iterator[str]:
        """What is wrong with the files."""
        kept = {path: data for path, data in left.items() if not LEFTOVER.search(path)}
        if len(kept) < len(left) and not any(line.split()[0] in CLEANS_UP for line in noted.splitlines()):
            yield f"leaves {min(set(left) - set(kept))}"
        if code == 0 and kept != self.after:
            yield f"though it ended well, {self._differences(kept)}"
        if code == 0 or kept in (self.before, self.after):
            return
        unfinished = self.scenario.unfinished
        torn = [
            path for path, data in kept.items() if data not in (self.before.get(path), self.after.get(path))
        ]
        torn += [path for path in self.before if path not in kept]
        new = [path for path in kept if path not in self.before]
        if unfinished:
            torn = [path for path in torn if not unfinished.search(path)]
            new = [path for path in new if not unfinished.search(path)]
            whole = {path for path in self.after if not unfinished.search(path)} - set(self.before)
            if set(new) == whole:
                new = []
        # An empty folder may stay where its removal was what failed.
        if any(line.split()[0] in CLEANS_UP for line in noted.splitlines()):
            new = [path for path in new if kept[path]]
        if torn or new:
            yield f"in part: {sorted({*torn, *new})[0]}"

    def _differences(self, found: dict[str, bytes]) -> str:
        paths = [path for path in {*found, *self.after} if found.get(path) != self.after.get(path)]
        return f"other than without a fault: {', '.join(sorted(paths))}" if paths else ""


def note_down(note: int, change: files.Change, path: Path) -> None:
    """Write a line of a change to a file that is open."""
    os.write(note, f"{change} {path}\n".encode())


def main() -> None:
    """Fail the changes of all scenarios, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="fail every so many changes alone")
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="a scenario")
    chosen = parser.parse_args()
    load()
    faults: list[str] = []
    total, codes = Counter[str](), Counter[int]()
    write = sys.stdout.write
    write("| Command | Changes | Runs | Wrong |\n|---|---:|---:|---:|\n")
    with tempfile.TemporaryDirectory() as work:
        for number, name in enumerate(chosen.only or SCENARIOS):
            place = Path(work) / str(number)
            place.mkdir()
            trial = Trial(name, SCENARIOS[name], place)
            sys.stdout.flush()
            trial.prepare()
            cases = [
                (kind, at)
                for at, change in enumerate(trial.changes)
                for kind in KINDS
                if kind != SHORT or change.startswith("write ")
            ]
            for kind, at in cases[number % chosen.every :: chosen.every]:
                trial.fail(kind, at)
            write(f"| `{name}` | {len(trial.changes)} | {trial.runs.total()} | {len(trial.faults)} |\n")
            sys.stdout.flush()
            total, codes, faults = total + trial.runs, codes + trial.codes, faults + trial.faults
    counts = ", ".join(f"{count} with {kind}" for kind, count in total.items())
    ends = ", ".join(f"{count} with exit {code}" for code, count in sorted(codes.items()))
    write(f"\n{total.total()} runs: {counts}.\nThey ended: {ends}.\n")
    sys.stderr.write("".join(f"{fault}\n" for fault in faults))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
