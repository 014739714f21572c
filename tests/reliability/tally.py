"""What came of many attempts at stopping commands: workers that make them, and a table of counts."""

import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .child import import_all
from .scenarios import SCENARIOS
from .trial import Trial

# Where there is one, a disk in memory.
MEMORY = Path("/dev/shm")
Case = tuple[str, float]


@dataclass(frozen=True)
class Attempt:
    """One attempt.

    kind: of what stops the command.
    code: that it ended with; None where it was stuck.
    is_followed: whether the next run was looked at, too.
    faults: what was wrong.
    """

    kind: str
    code: int | None
    is_followed: bool
    faults: list[str]


Try = Callable[[Trial, Case], Attempt]


@dataclass
class Tally:
    """Prints a table, a line for each scenario.

    kinds: the columns.
    """

    kinds: Sequence[str]
    kind_counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[int | None] = field(default_factory=Counter)
    followed: int = 0
    changes: int = 0
    faults: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Print the head."""
        heads = ("Command", "Changes", *self.kinds, "Next runs", "Wrong")
        print(f"| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}", flush=True)

    def add(self, name: str, changes: int, attempts: Sequence[Attempt]) -> None:
        """Print the line of a scenario, and what was wrong on standard error."""
        counts = Counter(attempt.kind for attempt in attempts)
        followed = sum(attempt.is_followed for attempt in attempts)
        wrong = [fault for attempt in attempts for fault in attempt.faults]
        self._print(f"`{name}`", changes, counts, followed, len(wrong))
        self.kind_counts += counts
        self.codes.update(attempt.code for attempt in attempts)
        self.followed, self.changes = self.followed + followed, self.changes + changes
        self.faults += wrong
        sys.stderr.write("".join(f"{fault}\n" for fault in wrong))
        sys.stderr.flush()

    def end(self) -> None:
        """Print the total."""
        self._print("total", self.changes, self.kind_counts, self.followed, len(self.faults))
        ends = ", ".join(f"{count} with {code}" for code, count in self.codes.most_common())
        print(f"\n{self.kind_counts.total()} commands were stopped, and ended: {ends}.", flush=True)

    def _print(self, name: str, changes: int, counts: Counter[str], followed: int, wrong: int) -> None:
        cells = (name, changes, *(counts[kind] for kind in self.kinds), followed, wrong)
        print(f"| {' | '.join(map(str, cells))} |", flush=True)


_attempt: Callable[[Case], Attempt]


def _become_worker(attempt: Try, trial: Trial) -> None:
    global _attempt
    _attempt = lambda case: attempt(trial, case)  # noqa: E731


def _attempted(case: Case) -> Attempt:
    return _attempt(case)


def try_all(
    names: Iterable[str],
    kinds: Sequence[str],
    cases: Callable[[Trial], Sequence[Case]],
    attempt: Try,
    jobs: int,
) -> bool:
    """Try all cases of scenarios, print the counts, and return whether nothing was wrong.

    Args:
        names: of the scenarios.
        kinds: of what stops a command.
        cases: of a scenario.
        attempt: makes one.
        jobs: processes at a time.
    """
    import_all()
    tally = Tally(kinds)
    tally.begin()
    fork = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as work:
        # What is temporary for a command goes as well.
        tempfile.tempdir = work
        for number, name in enumerate(names):
            place = Path(work) / str(number)
            place.mkdir()
            trial = Trial(name, SCENARIOS[name], place)
            with fork.Pool(jobs, _become_worker, (attempt, trial)) as pool:
                attempts = list(pool.imap_unordered(_attempted, cases(trial), chunksize=4))
            tally.add(name, len(trial.changes), attempts)
    tally.end()
    return not tally.faults
