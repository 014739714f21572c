"""What `ntk` shows on the terminal: messages and progress on stderr, tables on stdout."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, TextIO, cast

import click

from ntkcli.progress import Advance, unseen


class Stream:
    """Standard output or error, for news not worth failing for: a reader that is gone ends no run."""

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        self._name = name

    def write(self, text: str) -> int:
        """Write, or drop the text."""
        try:
            stream = getattr(sys, self._name)
            stream.write(text)
            stream.flush()
        except (OSError, ValueError, AttributeError):
            # Python would try to write the rest at exit, and turn the failure into the exit code.
            setattr(sys, self._name, io.StringIO())
        return len(text)

    def flush(self) -> None:
        """Nothing to do: every write is flushed."""

    def isatty(self) -> bool:
        """Whether a person watches."""
        with suppress(ValueError, AttributeError):
            return bool(getattr(sys, self._name).isatty())
        return False


class Terminal:
    """A journal's display: messages always, progress bars only where a person watches."""

    def __init__(self) -> None:
        self._stream = Stream("stderr")

    def message(self, text: str) -> None:
        """One line on stderr."""
        self._stream.write(f"ntk: {text}\n")

    @contextmanager
    def progress(self, label: str, length: int) -> Iterator[Advance]:
        """A progress bar on stderr for phases that have a length."""
        if length == 0 or not self._stream.isatty():
            yield unseen
            return
        with click.progressbar(length=length, label=f"{label:8}", file=cast("TextIO", self._stream)) as bar:
            yield bar.update


def labelled(lines: list[tuple[str, str]]) -> str:
    """A line each, texts below each other behind their labels."""
    width = max(len(label) for label, _ in lines)
    return "\n".join(f"{label:<{width}}  {text}" for label, text in lines)


def score_table(rows: int, scores: list[dict[str, Any]]) -> str:
    """A line for every kernel, time and target; the target's column only if there are several.

    Args:
        rows: number of rows predicted.
        scores: kernel, time, target, seconds, and the metrics that there are.
    """
    several = len({score["target"] for score in scores}) > 1
    names = ["kernel", "time", "target"] if several else ["kernel", "time"]
    metrics = ["rmse", "nll", "coverage"]
    lines = [["rows", *names, *metrics, "seconds"]]
    for score in scores:
        texts = [score[name] for name in names]
        numbers = [_number(score.get(metric)) for metric in metrics]
        lines.append([str(rows), *texts, *numbers, f"{score['seconds']:.2f}"])
    return _aligned(lines)


def aligned_left(lines: list[list[str]]) -> str:
    """Cells flush left, each column as wide as its widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _aligned(lines: list[list[str]]) -> str:
    """Cells flush right, each column as wide as its widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
