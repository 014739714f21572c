"""Text of users and libraries made fit for a line: nothing that a terminal would act on, nothing endless."""

import re

# Characters of a word, such as a column's name or a path, and of a line.
LONGEST_WORD, LONGEST_LINE = 200, 2000
LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")


def legible(text: str) -> str:
    """Return a text with its control characters escaped, and what is too long shortened in the middle."""
    text = LONG_WORD.sub(lambda word: _shortened(word[0], LONGEST_WORD), text)
    return _escaped(_shortened(text, LONGEST_LINE))


def legible_lines(text: str) -> str:
    """Return lines, such as a table, with their control characters escaped."""
    return "\n".join(map(_escaped, text.split("\n")))


def _escaped(line: str) -> str:
    return "".join(map(_seen, line))


def _seen(character: str) -> str:
    if character == " " or character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def _shortened(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    kept = (longest - 3) // 2
    return f"{text[:kept]}...{text[-kept:]}"
