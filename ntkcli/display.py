"""What `ntk` shows on the terminal: messages and progress on stderr, tables on stdout."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click


class Terminal:
    """A journal's display: messages always, progress bars only where a person watches."""

    def message(self, text: str) -> None:
        """One line on stderr."""
        click.echo(f"ntk: {text}", err=True)

    @contextmanager
    def progress(self, label: str, length: int) -> Iterator[Callable[[int], None]]:
        """A progress bar on stderr for phases that have a length."""
        if length == 0 or not sys.stderr.isatty():
            yield lambda _: None
            return
        with click.progressbar(length=length, label=f"{label:8}", file=sys.stderr) as bar:
            yield bar.update


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Text columns, each as wide as its widest cell; numbers flush right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in [header, *rows]
    )


def number(value: float | None, digits: int = 4) -> str:
    """A number in `digits` significant digits, or a dash for none."""
    return "-" if value is None else f"{value:.{digits}g}"
