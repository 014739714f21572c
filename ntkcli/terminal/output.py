"""What a command writes on standard output."""

from typing import Any, Protocol

from ntkcli.terminal.display import whole_output
from ntkcli.terminal.legible import legible_lines


class Report(Protocol):
    """What a command has to show: the same for people and for programs."""

    @property
    def text(self) -> str:
        """What a terminal shows, without the last newline."""

    @property
    def content(self) -> dict[str, Any]:
        """What --json prints: an object without NaN and infinity."""


def print_report(report: Report, *, as_json: bool) -> None:
    """Write a report as text or as JSON; unlike messages, it is an error if it cannot be written."""
    from ntkcli.runs.json_files import json_text

    print_result(json_text(report.content).rstrip("\n") if as_json else legible_lines(report.text))


def print_result(text: str) -> None:
    """Write the result of a command; unlike messages, it is an error if it cannot be written."""
    from ntkcli.runs.output_file import standard_output

    with whole_output(), standard_output() as stdout:
        stdout.write(f"{text}\n")
