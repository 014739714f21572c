"""Have every change of files fail that `ntk` makes, one at a time, and look at what is there.

`python -m tests.reliability.faults` prints a table of counts, and whatever went wrong.
"""

import argparse
import os
import sys
from collections.abc import Iterator

from . import one_thread  # noqa: F401
from .attempts import Attempt, Case
from .child import Outcome
from .fault import KINDS, SHORT, Fault
from .folder import Contents, contents, differences
from .scenarios import SCENARIOS
from .tally import try_all
from .trial import Trial

# If these fail, something may stay behind until the next run.
CLEANS_UP = frozenset({"remove", "remove_folder"})


def fail(trial: Trial, case: Case) -> Attempt:
    """Fail a change of files, and look at what is there."""
    kind, at = case
    trial.restore()
    trial.note.unlink(missing_ok=True)
    outcome = trial.run(trial.scenario.words, Fault(kind, int(at), trial.note))
    failed = trial.note.read_text(encoding="utf-8").splitlines() if trial.note.exists() else []
    left = contents(trial.folder)
    found = [*_told(kind, outcome, failed), *_left(trial, outcome, failed, left)]
    follow = trial.next_faults()
    head = f"{trial.name}, {kind} at change {at:.0f}, {trial.changes[int(at)]} (exit {outcome.code})"
    return Attempt(
        kind, outcome.code, follow is not None, [f"{head}: {fault}" for fault in [*found, *(follow or ())]]
    )


def _told(kind: str, outcome: Outcome, failed: list[str]) -> Iterator[str]:
    """What is wrong with the exit code and the message."""
    # SQLite has one code for most of what a disk says.
    is_study = any("study.db" in line for line in failed)
    right = {5, 6} if is_study else {6} if kind in ("EIO", "EACCES") else {5}
    if outcome.code not in {0, *right}:
        yield f"ends with {outcome.code}, not {min(right)}: {outcome.said[-300:]}"
    if "Traceback" in outcome.said or outcome.said.count("ntk: error:") != bool(outcome.code):
        yield f"says {outcome.said[-300:]}"
    is_lost = not is_study and any(line.startswith("write ") for line in failed)
    if outcome.code == 0 and is_lost and "ntk: warning:" not in outcome.said:
        yield "a write failed, and nobody was told"


def _left(trial: Trial, outcome: Outcome, failed: list[str], left: Contents) -> Iterator[str]:
    """What is wrong with the files."""
    kept, grows = trial.sides.kept(left), trial.scenario.grows
    is_cleaning = any(line.split()[0] in CLEANS_UP for line in failed)
    if (leftovers := set(left) - set(kept)) and not is_cleaning:
        yield f"leaves {min(leftovers)}"
    if outcome.code == 0:
        # What goes on from run to run need not be whole: a warning tells of it.
        results, after = (
            {p: d for p, d in side.items() if not grows.match(p)} for side in (kept, trial.sides.after)
        )
        if results != after:
            yield f"though it ended well, {'; '.join(differences(results, after))}"
    else:
        yield from trial.sides.torn(kept)


def main() -> None:
    """Fail the changes of all scenarios, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="fail every so many changes alone")
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="a scenario")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    chosen = parser.parse_args()

    def cases(trial: Trial) -> list[Case]:
        everywhere: list[Case] = [
            (kind, at)
            for at, change in enumerate(trial.changes)
            for kind in KINDS
            if kind != SHORT or change.startswith("write ")
        ]
        return everywhere[:: chosen.every]

    sys.exit(not try_all(chosen.only or SCENARIOS, KINDS, cases, fail, chosen.jobs))


if __name__ == "__main__":
    main()
