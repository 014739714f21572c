"""The terminal: messages and progress on stderr, tables on stdout."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Literal, TextIO, cast

import click

from ntkcli.journal import Advance, unseen


class Stream:
    """A stream writes to standard output or error, and never fails: a run goes on when its reader is gone."""

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        self._name = name

    def write(self, text: str) -> int:
        """Write the text, or drop it where the stream is closed; return its length."""
        try:
            stream = getattr(sys, self._name)
            stream.write(text)
            stream.flush()
        except (OSError, ValueError, AttributeError):
            # Python would try to write the rest at exit, and turn the failure into the exit code.
            setattr(sys, self._name, io.StringIO())
        return len(text)

    def flush(self) -> None:
        """Do nothing, since every write is flushed."""

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        with suppress(ValueError, AttributeError):
            return bool(getattr(sys, self._name).isatty())
        return False


@contextmanager
def whole_output() -> Iterator[None]:
    """Run a block that writes data to stdout, and end it without an error when its reader is gone."""
    try:
        yield
    except BrokenPipeError:
        sys.stdout = io.StringIO()


class Terminal:
    """A terminal displays a journal: messages always, progress bars only if stderr is a terminal."""

    def __init__(self) -> None:
        self._stream = Stream("stderr")
        self._set_label: Callable[[str], None] = _unseen

    def message(self, text: str) -> None:
        """Write one line on stderr."""
        self._stream.write(f"ntk: {text}\n")

    @contextmanager
    def progress(self, label: str, length: int) -> Iterator[Advance]:
        """Show a progress bar on stderr, if the phase has a length; yield what advances it."""
        if length == 0 or not self._stream.isatty():
            yield unseen
            return
        with click.progressbar(length=length, label=f"{label:8}", file=cast("TextIO", self._stream)) as bar:
            self._set_label = partial(setattr, bar, "label")
            yield bar.update
        self._set_label = _unseen

    def note(self, text: str) -> None:
        """Set the label of the progress bar that is shown, from its next step on."""
        self._set_label(text)


def _unseen(text: str) -> None:
    """Drop a label, as no progress bar is shown."""


def labelled(lines: list[tuple[str, str]]) -> str:
    """Return a line for each label and text, with the texts aligned."""
    width = max(len(label) for label, _ in lines)
    return "\n".join(f"{label:<{width}}  {text}" for label, text in lines)


def aligned_left(lines: list[list[str]]) -> str:
    """Return lines of cells flush left, each column as wide as its widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
