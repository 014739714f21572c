"""Kill `ntk` at every change of files and at random moments, and look at what is there.

`python -m tests.reliability.crash --moments 2000` prints a table of counts, and whatever was lost.
A process that has loaded everything forks for each run, so that thousands take minutes.
"""

import argparse
import os
import random
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ntkcli import files

from .scenarios import LEFTOVER, SCENARIOS, Scenario, contents, load, write_inputs

KILL, TERM, INT = signal.SIGKILL, signal.SIGTERM, signal.SIGINT
# Signals that are sent at a change of files, and at those after it.
KINDS = {"kill -9": (KILL,), "SIGTERM": (TERM,), "SIGINT": (INT,), "SIGTERM, then kill -9": (TERM, KILL)}
# After which a run counts as stuck.
STUCK_SECONDS = 20.0


class Sender:
    """Sends signals to its own process before a change of files, and before those that follow."""

    def __init__(self, at: int, signals: tuple[signal.Signals, ...]) -> None:
        self._left = at
        self._signals = list(signals)

    def __call__(self, change: files.Change, path: Path) -> None:
        """Be told of a change."""
        if self._left > 0:
            self._left -= 1
        elif self._signals:
            os.kill(os.getpid(), self._signals.pop(0))


@dataclass
class Trial:
    """A scenario in a folder, with what it looks like before and after a run that nobody kills.

    changes: of files in such a run.
    seconds: of such a run.
    """

    name: str
    scenario: Scenario
    folder: Path
    template: Path
    log: Path
    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    changes: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)

    def prepare(self) -> None:
        """Make what is there before, and run the command once."""
        self.template.mkdir()
        self.folder.mkdir()
        write_inputs(self.folder)
        for words in self.scenario.before:
            if code := self.end(self.begin(words)):
                raise SystemExit(f"{self.name}: ntk {words} ends with {code}: {self.log.read_text()}")
        shutil.copytree(self.folder, self.template, dirs_exist_ok=True)
        self.before = contents(self.folder)
        read, write = os.pipe()
        changes = os.fdopen(write, "w", encoding="utf-8")
        start = time.perf_counter()
        code = self.end(self.begin(self.scenario.words, lambda *_: print(end=".", file=changes, flush=True)))
        self.seconds = time.perf_counter() - start
        if code:
            raise SystemExit(f"{self.name}: ends with {code}: {self.log.read_text()}")
        changes.close()
        with os.fdopen(read, "rb") as file:
            self.changes = len(file.read())
        self.after = contents(self.folder)

    def begin(self, words: str, watch: files.Watch = files.unwatched) -> int:
        """Start `ntk WORDS` in a process of its own."""
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            self._run(words, watch)
        return child

    def _run(self, words: str, watch: files.Watch) -> None:
        from ntkcli.__main__ import main

        code = 1
        try:
            os.chdir(self.folder)
            sys.stdout = sys.stderr = self.log.open("w", encoding="utf-8")
            # No power is cut here, and a disk would take most of the time.
            os.fsync = lambda fd: None
            files.watch_with(watch)
            sys.argv = ["ntk", *shlex.split(words)]
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except KeyboardInterrupt:
            # Before anything has begun.
            code = 128 + INT
        finally:
            sys.stdout.flush()
            os._exit(code)

    def end(self, child: int) -> int | None:
        """Wait for a process to end, and return its exit code, -N for signal N; None if it is stuck."""
        until = time.monotonic() + STUCK_SECONDS
        while time.monotonic() < until:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        os.kill(child, KILL)
        os.waitpid(child, 0)
        return None

    def restore(self) -> None:
        """Have the folder as it was before."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.template, self.folder)

    def kill_at_change(self, kind: str, at: int) -> None:
        """Send signals at a change, and look."""
        self.restore()
        code = self.end(self.begin(self.scenario.words, Sender(at, KINDS[kind])))
        self.look(kind, f"at change {at}", code)

    def kill_at_moment(self, kind: str, moment: float) -> None:
        """Send a signal so many seconds after the start, and look."""
        self.restore()
        child = self.begin(self.scenario.words)
        time.sleep(moment)
        os.kill(child, KINDS[kind][0])
        self.look(kind, f"after {moment:.4f} s", self.end(child))

    def look(self, kind: str, when: str, code: int | None) -> None:
        """Look at what is there after a kill, and after the next run."""
        self.kills[kind] += 1
        left = contents(self.folder)
        told = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        found = [*self._first_faults(kind, code, left)]
        # A command that is done is refused without it.
        is_done = all(left.get(path) == data for path, data in self.after.items())
        again = self.end(self.begin(self.scenario.words + " --overwrite" * is_done))
        if again != 0:
            said = self.log.read_text(encoding="utf-8").strip()
            found.append(f"the next run ends with {again}: {said}")
        found.extend(self._differences(contents(self.folder), "after the next run"))
        self.faults.extend(f"{self.name}, {kind} {when} (exit {code}): {fault}" for fault in found)
        if found:
            self.faults.append(f"    it said: {told.strip()[-300:]}")

    def _first_faults(self, kind: str, code: int | None, left: dict[str, bytes]) -> Iterator[str]:
        leftovers = [path for path in left if LEFTOVER.search(path)]
        kept = {path: data for path, data in left.items() if path not in leftovers}
        if KILL not in KINDS[kind]:
            number = KINDS[kind][0]
            if code not in {0, 128 + number, -number}:
                yield f"ends with {code}"
            if leftovers:
                yield f"leaves {leftovers[0]}"
        if code == 0 and kept != self.after:
            yield from self._differences(kept, "though it ended well")
        if code != 0 and KILL not in KINDS[kind] and kept == self.after:
            yield "is whole, and says that it is not"
        yield from self._torn(kept)

    def _torn(self, kept: dict[str, bytes]) -> Iterator[str]:
        """What is neither as before nor as after."""
        if kept in (self.before, self.after):
            return
        if self.scenario.unfinished is None:
            yield "; ".join(self._differences(kept, "in part"))
            return
        for path, data in kept.items():
            is_old = self.before.get(path) == data or self.after.get(path) == data
            if not is_old and not self.scenario.unfinished.search(path):
                yield f"{path} is torn"
        fits = {path for path in self.after if path.startswith("run/fit/")}
        if not fits.isdisjoint(kept) and not fits <= set(kept):
            yield "run/fit is torn"

    def _differences(self, found: dict[str, bytes], when: str) -> Iterator[str]:
        for path in sorted({*found, *self.after}):
            if found.get(path) != self.after.get(path):
                what = (
                    "is left" if path not in self.after else "is missing" if path not in found else "differs"
                )
                yield f"{path} {what} {when}"


def trials(names: Iterable[str], work: Path) -> Iterator[Trial]:
    """The scenarios, each in a folder of its own."""
    for number, name in enumerate(names):
        place = work / str(number)
        place.mkdir()
        trial = Trial(name, SCENARIOS[name], place / "now", place / "before", place / "log")
        trial.prepare()
        yield trial


def main() -> None:
    """Kill all scenarios, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--moments", type=int, default=2000, help="random moments, for all scenarios together"
    )
    parser.add_argument("--seed", type=int, default=None, help="of the moments")
    parser.add_argument("--every", type=int, default=1, help="kill at every so many changes alone")
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="a scenario")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else int.from_bytes(os.urandom(3))
    print(f"seed {seed}\n")
    load()
    draw, names, faults = random.Random(seed), chosen.only or list(SCENARIOS), []
    print("| Command | Changes | At each | At moments | Lost |\n|---|---:|---:|---:|---:|")
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as work:
        for trial in trials(names, Path(work)):
            for at in range(draw.randrange(chosen.every), trial.changes, chosen.every):
                for kind in KINDS:
                    trial.kill_at_change(kind, at)
            at_changes = trial.kills.total()
            for number in range(chosen.moments // len(names)):
                kind = list(KINDS)[number % 3]
                trial.kill_at_moment(kind, draw.random() * trial.seconds)
            lost = len([fault for fault in trial.faults if not fault.startswith(" ")])
            at_moments = trial.kills.total() - at_changes
            print(f"| `{trial.name}` | {trial.changes} | {at_changes} | {at_moments} | {lost} |", flush=True)
            total += trial.kills
            faults += trial.faults
    print(f"\n{total.total()} runs: " + ", ".join(f"{count} by {kind}" for kind, count in total.items()))
    print("\n".join(faults), file=sys.stderr)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
