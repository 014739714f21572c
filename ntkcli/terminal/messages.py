"""How much a command tells, and the options that say so."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from ntkcli.terminal.display import Stream, Terminal, Warnings, write_message
from ntkcli.terminal.output import Report, print_report

if TYPE_CHECKING:
    from ntkcli.journal import Display, Journal

_QUIET = click.option(
    "--quiet", "-q", count=True, help="Leave out progress and tables; -qq leaves out warnings too."
)
_VERBOSE = click.option("--verbose", "-v", is_flag=True, help="Tell phases as they end, with their seconds.")


@dataclass(frozen=True)
class Messages:
    """What a command shows beside its errors.

    quiet: 1 leaves out all but warnings, 2 these too.
    verbose: whether phases are told as they end.
    """

    quiet: int = 0
    verbose: bool = False

    def journal(self) -> "Journal":
        """Return a journal that is shown so."""
        from ntkcli.journal import Journal

        return Journal(self._display)

    def tell(self, text: str) -> None:
        """Show a line."""
        if not self.quiet:
            write_message(text)

    def report(self, report: Report, *, as_json: bool) -> None:
        """Write a report on what is in a run directory by now.

        Text is then a message, which may get lost. JSON, which was asked for, is a result even so.
        """
        if as_json:
            print_report(report, as_json=True)
        elif not self.quiet:
            Stream("stdout").write(f"{report.text}\n")

    @property
    def _display(self) -> "Display | None":
        match self.quiet:
            case 0:
                return Terminal(is_verbose=self.verbose)
            case 1:
                return Warnings()
        return None


def with_messages(command: Callable[..., None]) -> Callable[..., None]:
    """Declare the options that say how much a command tells, and hand them to it as Messages."""

    @wraps(command)
    def told(*positional: Any, quiet: int, verbose: bool, **arguments: Any) -> None:
        if quiet and verbose:
            raise click.UsageError("--quiet and --verbose: give one of them")
        command(*positional, messages=Messages(quiet, verbose), **arguments)

    return _QUIET(_VERBOSE(told))
