"""What is there before and after a command that nothing stops, and what may be there after one that is."""

from collections.abc import Iterator
from dataclasses import dataclass

from .folder import Contents, differences
from .scenarios import LEFTOVER, Scenario


@dataclass(frozen=True)
class Sides:
    """What is there before and after a scenario that nothing stops."""

    scenario: Scenario
    before: Contents
    after: Contents

    def kept(self, left: Contents) -> Contents:
        """What is left, without what the next run deletes or fills, and with a run that it puts back."""
        grows, waiting = self.scenario.grows, self.scenario.waiting
        if waiting and waiting in left and "run/" not in left:
            left = {path.replace(waiting, "run/"): data for path, data in left.items()}
        kept = {path: data for path, data in left.items() if grows.match(path) or not LEFTOVER.search(path)}
        new = [
            path for path in kept if path.endswith("/") and path not in self.before and not grows.match(path)
        ]
        empty = {
            folder for folder in new if not any(path != folder and path.startswith(folder) for path in kept)
        }
        return {path: data for path, data in kept.items() if path not in empty}

    def torn(self, kept: Contents) -> Iterator[str]:
        """What is neither as before nor as after, and not unfinished either."""
        grows, steps = self.scenario.grows, self.scenario.steps
        for path in sorted({*kept, *self.before}):
            if steps.match(path) and kept.get(path) not in (
                None,
                self.before.get(path),
                self.after.get(path),
            ):
                yield f"{path} is torn"
        rest, before, after = (
            {path: data for path, data in side.items() if not grows.match(path) and not steps.match(path)}
            for side in (kept, self.before, self.after)
        )
        if rest not in (before, after):
            yield f"in part: {'; '.join(differences(rest, after))}"

    def is_done(self, left: Contents) -> bool:
        """Whether all results are there."""
        grows = self.scenario.grows
        return all(left.get(path) == data for path, data in self.after.items() if not grows.match(path))
