"""Run commands that meet at one run directory, one cache and one file, eight at a time; kill a third.

`python -m tests.reliability.soak --minutes 10` prints a table of counts, and whatever was lost.
A process that has loaded everything forks for each, so that thousands run in that time.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from . import one_thread  # noqa: F401
from .child import SIGNALS, import_all
from .kill import AT_CHANGES
from .soak_checks import ended_badly, left_behind, torn, unsound
from .soak_commands import COMMANDS, LAST, Command, write_files
from .soak_process import Process
from .soak_references import references_of

AT_ONCE = 8
# Of the commands, how many are killed, at a moment within so many seconds.
SHARE, WITHIN_SECONDS = 1 / 3, 1.0
# Losses that are told; after more, the rest is of no use.
MOST_LOSSES = 20


class Soak:
    """Commands that run beside each other in a folder.

    codes: by command, how many ended with each exit code.
    kills: how many were sent each kind of signals.
    looks: at what is there.
    losses: what did not hold.

    Args:
        place: an empty folder.
        draw: of the commands and the kills.
    """

    def __init__(self, place: Path, draw: random.Random) -> None:
        self.work, self._draw = place / "work", draw
        self.codes: dict[str, Counter[int]] = {}
        self.kills: Counter[str] = Counter()
        self.looks = 0
        self.losses: list[str] = []
        self._outputs = [place / str(number) for number in range(AT_ONCE)]
        for folder in (self.work, *self._outputs):
            folder.mkdir()
        write_files(self.work)
        self._references = references_of(self.work, self._outputs[0])
        self._running: dict[Path, Process] = {}
        # When there was a fit first, after which there always is one.
        self._fitted = float("inf")

    def run(self, seconds: float) -> None:
        """Start commands for so many seconds, wait for those that run, and make everything whole."""
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end and len(self.losses) < MOST_LOSSES:
                for outputs in self._outputs:
                    if outputs not in self._running:
                        self._running[outputs] = self._begun(outputs)
                self._turn()
            while self._running:
                self._turn()
        finally:
            for process in self._running.values():
                process.child.stop()
        self._finish()

    def _begun(self, outputs: Path) -> Process:
        command, kills = self._draw.choice(COMMANDS), []
        if self._draw.random() < SHARE:
            kind, moment = self._draw.choice(list(AT_CHANGES)), self._draw.random() * WITHIN_SECONDS
            kills = [(moment + 0.05 * place, number) for place, number in enumerate(AT_CHANGES[kind])]
        return Process.begin(command, self.work, outputs, kills)

    def _turn(self) -> None:
        """Look at every process once, and at what is there if one has ended."""
        ended = [
            (outputs, code)
            for outputs, process in self._running.items()
            if (code := process.code()) is not None
        ]
        for outputs, code in ended:
            self._judge(self._running.pop(outputs), code)
        if ended:
            self._look()
        time.sleep(0.002)

    def _judge(self, process: Process, code: int) -> None:
        command = process.command
        self.codes.setdefault(command.name, Counter())[code] += 1
        if process.sent:
            self.kills[next(kind for kind, sent in AT_CHANGES.items() if sent == tuple(process.sent))] += 1
        found = ended_badly(process, code, self._references, has_fit=process.child.start > self._fitted)
        self.losses += [
            f"ntk {command.words} (sent {[*map(int, process.sent)]}, exit {code}): {what}: "
            f"{process.child.read('stderr').strip()[-300:]}"
            for what in found
        ]

    def _look(self) -> None:
        self.looks += 1
        if (self.work / "run" / "model").exists():
            self._fitted = min(self._fitted, time.monotonic())
        elif self._fitted < time.monotonic():
            self.losses.append("the fit in run is gone")
        self.losses += [*torn(self.work, self._references), *unsound(self.work / "cache")]

    def _finish(self) -> None:
        """Run what makes everything whole, undisturbed, and look for what is left beside it."""
        for words in LAST:
            process = Process.begin(Command("the last", words), self.work, self._outputs[0], [])
            self._judge(process, process.end())
        self._look()
        self.losses += left_behind(self.work)

    def table(self) -> str:
        """How often each command ended with each exit code."""
        codes = sorted(
            {code for counts in self.codes.values() for code in counts},
            key=lambda code: (code < 0, abs(code)),
        )
        lines = [
            "| Command | Runs |" + "".join(f" {code} |" for code in codes),
            "|---|" + "---:|" * (1 + len(codes)),
        ]
        for name, counts in sorted(self.codes.items()):
            cells = [counts.total(), *(counts[code] for code in codes)]
            lines.append(f"| `{name}` |" + "".join(f" {cell} |" for cell in cells))
        return "\n".join(lines)


def main() -> None:
    """Let the commands meet, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None, help="of the commands and the kills")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else int.from_bytes(os.urandom(3))
    print(f"seed {seed}\n", flush=True)
    # Whoever started this process may have it ignore them; each ends it, and the children with it.
    for number in SIGNALS:
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    import_all()
    with tempfile.TemporaryDirectory() as place:
        soak = Soak(Path(place), random.Random(seed))
        soak.run(60 * chosen.minutes)
    print(soak.table())
    kills = ", ".join(f"{count} by {kind}" for kind, count in soak.kills.items())
    total = sum(counts.total() for counts in soak.codes.values())
    print(f"\n{total} runs, {soak.kills.total()} of them killed: {kills}.")
    print(f"{soak.looks} looks at what was there; {len(soak.losses)} losses.")
    print("\n".join(soak.losses), file=sys.stderr)
    sys.exit(bool(soak.losses))


if __name__ == "__main__":
    main()
