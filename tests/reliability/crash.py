"""Kill `ntk` at every change of files and at random moments, and look at what is there.

`python -m tests.reliability.crash --moments 2000` prints a table of counts, and whatever was lost.
"""

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Iterator

from . import one_thread  # noqa: F401
from .attempts import Attempt, Case
from .folder import Contents, contents, differences
from .kill import AT_CHANGES, AT_MOMENTS, KILL, TERM, Sender
from .scenarios import SCENARIOS
from .tally import try_all
from .trial import STUCK_SECONDS, Trial

# EX_TEMPFAIL, with which SIGTERM ends what is to be resumed.
TRY_AGAIN = 75
# Of the time that a command takes.
LATEST_MOMENT = 1.2


def kill(trial: Trial, case: Case) -> Attempt:
    """Kill a command before a change of files or some seconds after its start, and look at what is there."""
    kind, when = case
    trial.restore()
    if kind in AT_CHANGES:
        first, where = AT_CHANGES[kind][0], f"before change {when:.0f}, {trial.changes[int(when)]}"
        outcome = trial.run(trial.scenario.words, Sender(int(when), AT_CHANGES[kind]))
    else:
        first, where = AT_MOMENTS[kind], f"after {when:.4f} s"
        child = trial.begin(trial.scenario.words)
        time.sleep(when)
        os.kill(child.pid, first)
        outcome = child.outcome(STUCK_SECONDS)
    left = contents(trial.folder)
    is_soft = KILL not in AT_CHANGES.get(kind, (first,))
    found = [
        *(_faults_of_end(trial, first, outcome.code, left) if is_soft else ()),
        *_faults(trial, outcome.code, left),
    ]
    follow = trial.next_faults()
    head = f"{trial.name}, {kind}, {where} (exit {outcome.code}, {outcome.said[-300:]!r})"
    return Attempt(
        kind, outcome.code, follow is not None, [f"{head}: {fault}" for fault in [*found, *(follow or ())]]
    )


def _faults_of_end(trial: Trial, number: signal.Signals, code: int | None, left: Contents) -> Iterator[str]:
    """What is wrong with a command that had the time to clean up."""
    kept = trial.sides.kept(left)
    goes_on = "--resume" in trial.scenario.words and number == TERM
    if code not in {0, 128 + number, -number, *([TRY_AGAIN] if goes_on else [])}:
        yield f"ends with {code}"
    if leftovers := sorted(set(left) - set(kept)):
        yield f"leaves {leftovers[0]}"
    if code != 0 and kept == trial.sides.after:
        yield "is whole, and says that it is not"


def _faults(trial: Trial, code: int | None, left: Contents) -> Iterator[str]:
    """What is wrong with what is there."""
    kept = trial.sides.kept(left)
    if code == 0 and kept != trial.sides.after:
        yield f"though it ended well, {'; '.join(differences(kept, trial.sides.after))}"
    yield from trial.sides.torn(kept)


def _kinds_before(change: str) -> list[str]:
    """What is sent before a change: Python acts on a signal once SQLite has returned from all its writes."""
    is_sqlite_write = change.startswith("write ") and "study.db" in change
    return ["kill -9"] if is_sqlite_write else list(AT_CHANGES)


def main() -> None:
    """Kill all scenarios, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--moments", type=int, default=2000, help="random moments, for all scenarios together"
    )
    parser.add_argument("--seed", type=int, default=None, help="of the moments")
    parser.add_argument("--every", type=int, default=1, help="kill at every so many changes alone")
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="a scenario")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else int.from_bytes(os.urandom(3))
    print(f"seed {seed}\n")
    draw, names = random.Random(seed), chosen.only or list(SCENARIOS)

    def cases(trial: Trial) -> list[Case]:
        changes = [*enumerate(trial.changes)][draw.randrange(chosen.every) :: chosen.every]
        latest, kinds = LATEST_MOMENT * trial.seconds, list(AT_MOMENTS)
        count = -(-chosen.moments // len(names))
        moments = [(kinds[number % len(kinds)], draw.uniform(0, latest)) for number in range(count)]
        return [*((kind, at) for at, change in changes for kind in _kinds_before(change)), *moments]

    is_well = try_all(names, [*AT_CHANGES, *AT_MOMENTS], cases, kill, chosen.jobs)
    sys.exit(not is_well)


if __name__ == "__main__":
    main()
