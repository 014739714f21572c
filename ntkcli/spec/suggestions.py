"""Suggestions: the word that a misspelt one was probably meant to be."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` with the known word nearest to another, or "" if none is near."""
    by_lower = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""
