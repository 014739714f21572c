"""The terminal: messages and progress on stderr, tables on stdout."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Literal, TextIO, cast

import click

from ntkcli.journal import Advance, unseen

if TYPE_CHECKING:
    from ntkcli.results.metrics import Metrics
    from ntkcli.results.score import BaselineScore, KernelScore

# What a table shows where the target was not observed.
UNOBSERVED: dict[str, float | None] = {"rmse": None, "nll": None, "coverage": None}


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


def score_table(metrics: "Metrics") -> str:
    """Return a table with a line for every kernel, time and target, and below them the baselines.

    The target's column is there only if there are several, and the baselines only if any target was observed.
    """
    # Not at the top: numpy takes long to load, and only who has scores needs it.
    from ntkcli.regression.question import time_text

    several = len({score.target for score in metrics.scores}) > 1
    summaries = [score.metrics.summary for score in metrics.scores if score.metrics is not None]
    rows, names = str(metrics.rows), ["kernel", "time", *(["target"] if several else [])]
    lines = [["rows", *names, *(summaries or [UNOBSERVED])[0], "seconds"]]
    for score in metrics.scores:
        cells = _cells(score, with_target=several)
        lines.append([rows, score.kernel, time_text(score.time), *cells, f"{score.ready:.2f}"])
    if any(score.metrics is not None for score in metrics.baselines):
        baselines = [(score.baseline, _cells(score, with_target=several)) for score in metrics.baselines]
        lines += [[rows, name, "", *cells, ""] for name, cells in baselines]
    return _aligned(lines)


def _cells(score: "KernelScore | BaselineScore", *, with_target: bool) -> list[str]:
    numbers = UNOBSERVED if score.metrics is None else score.metrics.summary
    return [*([score.target] if with_target else []), *map(_number, numbers.values())]


def aligned_left(lines: list[list[str]]) -> str:
    """Return lines of cells flush left, each column as wide as its widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _aligned(lines: list[list[str]]) -> str:
    """Cells flush right, each column as wide as its widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
