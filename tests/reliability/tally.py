"""What came of many attempts at stopping commands: a table of counts."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from .attempts import Attempt, Case, Try, attempts, work_folder
from .child import import_all
from .scenarios import SCENARIOS
from .sqlite_calls import sqlite_library
from .trial import Trial


@dataclass
class Tally:
    """Prints a table, a line for each scenario.

    kinds: the columns.
    wrong: what was wrong, of how many commands.
    """

    kinds: Sequence[str]
    wrong: int = 0
    _counts: Counter[str] = field(default_factory=Counter)
    _codes: Counter[int | None] = field(default_factory=Counter)
    _followed: int = 0
    _changes: int = 0

    def begin(self) -> None:
        """Print the head."""
        heads = ("Command", "Changes", *self.kinds, "Next runs", "Wrong")
        print(f"| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}", flush=True)

    def add(self, name: str, changes: int, made: Sequence[Attempt]) -> None:
        """Print the line of a scenario, and what was wrong on standard error."""
        counts = Counter(attempt.kind for attempt in made)
        followed = sum(attempt.is_followed for attempt in made)
        wrong = [attempt for attempt in made if attempt.faults]
        self._print(f"`{name}`", changes, counts, followed, len(wrong))
        sys.stderr.write("".join(f"{fault}\n" for attempt in wrong for fault in attempt.faults))
        sys.stderr.flush()
        self._counts += counts
        self._codes.update(attempt.code for attempt in made)
        self._changes, self._followed = self._changes + changes, self._followed + followed
        self.wrong += len(wrong)

    def end(self) -> None:
        """Print the total."""
        self._print("total", self._changes, self._counts, self._followed, self.wrong)
        ends = ", ".join(f"{count} with {code}" for code, count in self._codes.most_common())
        print(f"\n{self._counts.total()} commands were stopped. They ended: {ends}.", flush=True)

    def _print(self, name: str, changes: int, counts: Counter[str], followed: int, wrong: int) -> None:
        cells = (name, changes, *(counts[kind] for kind in self.kinds), followed, wrong)
        print(f"| {' | '.join(map(str, cells))} |", flush=True)


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
    if sqlite_library() is None:
        print("The changes that SQLite makes are not among them: its library is not to be had here.\n")
    tally = Tally(kinds)
    tally.begin()
    with work_folder() as work:
        for number, name in enumerate(names):
            place = work / str(number)
            place.mkdir()
            trial = Trial(name, SCENARIOS[name], place)
            tally.add(name, len(trial.changes), attempts(trial, cases(trial), attempt, jobs))
    tally.end()
    return not tally.wrong
