"""A scenario in a folder, with what is there before and after a run that nothing stops."""

import os
import shutil
import sqlite3
from pathlib import Path

from .child import Child, Outcome, without_disk
from .folder import Contents, contents, differences, studies
from .scenario_inputs import write_inputs
from .scenarios import Scenario
from .sides import Sides
from .watcher import Noter, Watcher

# After which a run counts as stuck.
STUCK_SECONDS = 60.0


class Trial:
    """A scenario that was run well, to be stopped as often as one likes, by several processes.

    sides: what is there before and after a run that nothing stops.
    changes: of files in such a run, a line each.
    seconds: of such a run.

    Args:
        name: of the scenario.
        scenario: what is run.
        work: an empty folder.

    Raises:
        SystemExit: it does not end well, or does not meet its condition.
    """

    def __init__(self, name: str, scenario: Scenario, work: Path) -> None:
        self.name, self.scenario, self._work = name, scenario, work
        self._template = work / "before"
        # Contents from which the next run went well.
        self._sound: list[Contents] = []
        write_inputs(self.folder)
        for words in scenario.before:
            self._run_well(words)
        shutil.copytree(self.folder, self._template)
        before = contents(self.folder)
        self.note.unlink(missing_ok=True)
        self._run_well(scenario.words, Noter(self.note))
        self.changes = self.note.read_text(encoding="utf-8").splitlines()
        if scenario.condition and not scenario.condition.is_met(self.changes):
            raise SystemExit(f"{name}: ntk {scenario.words} does not meet its condition")
        self.sides = Sides(scenario, before, contents(self.folder))
        self.restore()
        self.seconds = self._run_well(scenario.words).seconds

    @property
    def folder(self) -> Path:
        """Where this process runs it."""
        return self._own("now")

    @property
    def note(self) -> Path:
        """A file for notes of this process."""
        return self._own("notes") / "note"

    def _own(self, name: str) -> Path:
        folder = self._work / f"{name}-{os.getpid()}"
        folder.mkdir(exist_ok=True)
        return folder

    def begin(self, words: str, watcher: Watcher | None = None) -> Child:
        """Start `ntk WORDS` in the folder, with a watcher under its changes."""

        def prepare() -> None:
            without_disk()
            if self.scenario.condition:
                self.scenario.condition.bring_about()
            if watcher:
                watcher.begin()

        return Child.begin(words, self.folder, self._own("outputs"), prepare)

    def run(self, words: str, watcher: Watcher | None = None) -> Outcome:
        """Run `ntk WORDS` in the folder, with a watcher under its changes."""
        return self.begin(words, watcher).outcome(STUCK_SECONDS)

    def _run_well(self, words: str, watcher: Watcher | None = None) -> Outcome:
        outcome = self.run(words, watcher)
        if outcome.code:
            raise SystemExit(f"{self.name}: ntk {words} ends with {outcome.code}: {outcome.said}")
        return outcome

    def restore(self) -> None:
        """Have the folder as it was before."""
        shutil.rmtree(self.folder)
        shutil.copytree(self._template, self.folder, dirs_exist_ok=True)

    def next_faults(self) -> list[str] | None:
        """What is wrong with the next run, from what is left now; None where it need not be repeated.

        That is where it went well from the same files before.
        """
        left = contents(self.folder)
        try:
            state = left | studies(self.folder)
        except sqlite3.Error as error:
            return [f"the study is torn: {error}"]
        if state == self.sides.before or state in self._sound:
            return None
        again = self.run(self.scenario.again if self.sides.is_done(left) else self.scenario.words)
        found = [
            f"after the next run, {text}" for text in differences(contents(self.folder), self.sides.after)
        ]
        if again.code != 0:
            found.append(f"the next run ends with {again.code}: {again.said[-300:]}")
        if not found:
            self._sound.append(state)
        return found
