"""What a command writes on standard output, and the journal of what it does."""

from typing import TYPE_CHECKING

from ntkcli.terminal.display import Terminal, whole_output

if TYPE_CHECKING:
    from ntkcli.journal import Journal


def journal(*, quiet: bool = False) -> "Journal":
    """Return a journal that is shown on the terminal, or nowhere."""
    from ntkcli.journal import Journal

    return Journal() if quiet else Journal(Terminal())


def print_result(text: str) -> None:
    """Write the result of a command; unlike messages, it is an error if it cannot be written."""
    from ntkcli.runs.output_file import standard_output

    with whole_output(), standard_output() as stdout:
        stdout.write(f"{text}\n")
