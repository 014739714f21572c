"""Spellings: texts that may be meant as one category, such as `yes`, `Yes` and `YES.`"""

import re

from ntkcli.data.faults import number_in

# What people put around a word without changing it; + and - do, as in grades and blood groups.
AROUND = " \t.,;:!?'\"`"
BETWEEN = re.compile(r"[\s_]+")


def same_spellings(categories: list[str]) -> list[list[str]]:
    """Return the groups of categories that differ in case, in spaces or in what is around them alone.

    Numbers are the same if they are equal, such as 1 and 1.0.

    Args:
        categories: different texts.
    """
    groups: dict[str | float, list[str]] = {}
    for text in categories:
        groups.setdefault(_key(text), []).append(text)
    return [group for group in groups.values() if len(group) > 1]


def _key(text: str) -> str | float:
    number = number_in(text)
    if number is not None and number == number:
        return number
    plain = BETWEEN.sub(" ", text.strip(AROUND)).casefold()
    return plain or text
