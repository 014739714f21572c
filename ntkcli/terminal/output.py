"""What a command writes on standard output, and the journal of what it does."""

from typing import TYPE_CHECKING, Any, Protocol

from ntkcli.terminal.display import Stream, Terminal, whole_output

if TYPE_CHECKING:
    from ntkcli.journal import Journal


class Report(Protocol):
    """What a command has to show: the same for people and for programs."""

    @property
    def text(self) -> str:
        """What a terminal shows, without the last newline."""

    @property
    def content(self) -> dict[str, Any]:
        """What --json prints: an object without NaN and infinity."""


def journal(*, quiet: bool = False) -> "Journal":
    """Return a journal that is shown on the terminal, or nowhere."""
    from ntkcli.journal import Journal

    return Journal() if quiet else Journal(Terminal())


def print_report(report: Report, *, as_json: bool) -> None:
    """Write a report as text or as JSON; unlike messages, it is an error if it cannot be written."""
    from ntkcli.runs.json_files import json_text

    print_result(json_text(report.content).rstrip("\n") if as_json else report.text)


def print_report_of_run(report: Report, *, as_json: bool, quiet: bool) -> None:
    """Write a report on what is in a run directory by now.

    Text is then a message, which may get lost, and is not written if `quiet`. JSON, which was asked for, is a
    result even so.
    """
    if as_json:
        print_report(report, as_json=True)
    elif not quiet:
        Stream("stdout").write(f"{report.text}\n")


def print_result(text: str) -> None:
    """Write the result of a command; unlike messages, it is an error if it cannot be written."""
    from ntkcli.runs.output_file import standard_output

    with whole_output(), standard_output() as stdout:
        stdout.write(f"{text}\n")
