"""Conditions that few commands meet, brought about in a process before its command begins."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path

from ntkcli.files import changes
from ntkcli.jobs import summation
from ntkcli.kernels.stored_operator import StoredOperator
from ntkcli.linalg import pivoted_cholesky
from ntkcli.stores import checkpoint_files
from ntkcli.stores.checkpoint_files import CheckpointFiles


@dataclass(frozen=True)
class Condition:
    """A condition.

    bring_about: changes the process.
    sign: changes of files by which a command shows that it met the condition.
    least: how many of these there are in one that nothing stops.
    """

    bring_about: Callable[[], None]
    sign: re.Pattern[str]
    least: int = 1

    def is_met(self, changes: Iterable[str]) -> bool:
        """Whether the changes of files, a line each, show it."""
        return sum(bool(self.sign.search(change)) for change in changes) >= self.least


def _save_every_state() -> None:
    """Have iterates and sums saved each time, and as many of them for few rows as there are for many."""
    CheckpointFiles.__init__ = partialmethod(  # type: ignore[method-assign,assignment]
        CheckpointFiles.__init__, interval=0.0
    )
    checkpoint_files.LEAST_PAUSES = 0.0
    vars(summation)["GROUP_ROWS"] = 8
    # A poor preconditioner, and few columns that help each other along.
    pivoted_cholesky.FEWEST_COLUMNS = 3
    StoredOperator.best_columns = 2  # type: ignore[assignment,method-assign]


def _exchange_nothing() -> None:
    """Have the system without a call that exchanges two names in one step."""

    def exchange(one: Path, other: Path) -> bool:
        return False

    changes.exchange = exchange


EVERY_STATE = Condition(_save_every_state, re.compile(r"^rename .*/states/"), least=4)
NO_EXCHANGE = Condition(_exchange_nothing, re.compile(r"^rename .*\.ntk-old$"))
