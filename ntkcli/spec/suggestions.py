"""`Did you mean`: what a misspelt word was probably meant to be."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing when no name is near."""
    by_lower = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""
