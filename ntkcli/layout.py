"""Cells and labels as lines of text, below each other."""

from collections.abc import Callable, Sequence


def labelled(lines: Sequence[tuple[str, str]]) -> str:
    """Return a line for each label and text, with the texts aligned."""
    width = max(len(label) for label, _ in lines)
    return "\n".join(f"{label:<{width}}  {text}" for label, text in lines)


def aligned_left(lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells flush left, each column as wide as its widest cell."""
    return _aligned(lines, str.ljust)


def aligned_right(lines: Sequence[Sequence[str]]) -> str:
    """Return lines of cells flush right, each column as wide as its widest cell."""
    return _aligned(lines, str.rjust)


def _aligned(lines: Sequence[Sequence[str]], justify: Callable[[str, int], str]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(justify(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
