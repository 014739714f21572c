"""How much a command tells, and the options that say so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ntkcli.terminal.display import Several, Stream, Terminal, Warnings, write_message
from ntkcli.terminal.legible import legible_lines
from ntkcli.terminal.options import PATH
from ntkcli.terminal.output import Report, print_report

if TYPE_CHECKING:
    from ntkcli.journal import Display, Journal
    from ntkcli.terminal.log import Format, Log

_QUIET = click.option(
    "--quiet", "-q", count=True, help="Leave out progress and tables; -qq leaves out warnings too."
)
_VERBOSE = click.option("--verbose", "-v", is_flag=True, help="Tell phases as they end, with their seconds.")


_LOG = click.option(
    "--log", metavar="FILE", type=PATH, help="Append what happens to this file, line by line."
)
_LOG_FORMAT = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of the lines of --log.",
)


@dataclass(frozen=True)
class Messages:
    """What a command shows beside its results.

    quiet: 1 leaves out all but warnings, 2 these too.
    verbose: whether phases are told as they end.
    log: of all that happens, if there is one.
    """

    quiet: int = 0
    verbose: bool = False
    log: "Log | None" = None

    def journal(self) -> "Journal":
        """Return a journal that is shown so."""
        from ntkcli.journal import Journal

        return Journal(Several([*self._displays()]))

    def tell(self, text: str) -> None:
        """Show a line."""
        if self.log:
            self.log.message(text)
        if not self.quiet:
            write_message(text)

    def error(self, text: str) -> None:
        """Show an error that does not end the command."""
        if self.log:
            self.log.write("error", text)
        write_message(f"error: {text}")

    def report(self, report: Report, *, as_json: bool) -> None:
        """Write a report on what is in a run directory by now.

        Text is then a message, which may get lost. JSON, which was asked for, is a result even so.
        """
        if as_json:
            print_report(report, as_json=True)
        elif not self.quiet:
            Stream("stdout").write(f"{legible_lines(report.text)}\n")

    def _displays(self) -> Iterator["Display"]:
        if self.log:
            yield self.log
        if self.quiet == 0:
            yield Terminal(is_verbose=self.verbose)
        elif self.quiet == 1:
            yield Warnings()


def with_messages(command: Callable[..., None]) -> Callable[..., None]:
    """Declare the options that say what a command tells, and where, and hand them to it as Messages."""

    @wraps(command)
    def told(
        *positional: Any,
        quiet: int,
        verbose: bool,
        log: Path | None,
        log_format: "Format",
        **arguments: Any,
    ) -> None:
        if quiet and verbose:
            raise click.UsageError("--quiet and --verbose: give one of them")
        if log is None:
            command(*positional, messages=Messages(quiet, verbose), **arguments)
            return
        from ntkcli.terminal.log import Log

        opened = Log(log, log_format)
        with opened.of_command():
            command(*positional, messages=Messages(quiet, verbose, opened), **arguments)

    return _QUIET(_VERBOSE(_LOG(_LOG_FORMAT(told))))
