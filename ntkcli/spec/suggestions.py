"""`Did you mean`: what a misspelt word was probably meant to be."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing when no choice is near."""
    by_lower = {choice.casefold(): choice for choice in choices}
    near = difflib.get_close_matches(word.casefold(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""
