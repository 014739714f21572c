"""YAML with comments: a comment behind each line, aligned, and values written so that YAML reads them."""

import re
from dataclasses import dataclass

import yaml

# Comments stand here, but behind longer lines.
MOST_ALIGNED = 44
PLAIN = re.compile(r"(\.\./)*[A-Za-z][A-Za-z0-9_./-]*")
# Words that are read as something else.
WORDS = re.compile(r"yes|no|on|off|true|false|null|y|n|nan|inf|infinity|none|all|auto", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """A line of YAML.

    text: of the line; empty for a comment alone.
    comment: behind it.
    """

    text: str
    comment: str = ""

    @property
    def off(self) -> "Line":
        """This line as a comment, to be taken out of it by who wants it."""
        indent = len(self.text) - len(self.text.lstrip())
        return Line(f"{self.text[:indent]}# {self.text[indent:]}", self.comment)


def text_of(lines: list[Line]) -> str:
    """Return lines as one text, with their comments aligned."""
    lengths = [len(line.text) for line in lines if line.comment and len(line.text) <= MOST_ALIGNED]
    width = max(lengths, default=0)
    return "".join(f"{_shown(line, width)}\n" for line in lines)


def _shown(line: Line, width: int) -> str:
    if not line.comment:
        return line.text
    comment = "".join(mark if mark.isprintable() else "?" for mark in line.comment)
    return f"{line.text:<{width}}  # {comment}" if line.text else f"# {comment}"


def scalar(text: str) -> str:
    """Return a text as a YAML value, in quotes where it would be read as something else."""
    if PLAIN.fullmatch(text) and not WORDS.fullmatch(text):
        return text
    return yaml.safe_dump(text, default_style='"', width=float("inf"), allow_unicode=True).strip()


def flow(values: list[str]) -> str:
    """Return texts as a YAML list on one line."""
    return f"[{', '.join(map(scalar, values))}]"
