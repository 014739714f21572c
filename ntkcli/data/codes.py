"""Numbers that are no amounts: marks of missing values, ids, classes, and codes such as zip codes."""

import re

import numpy as np

from ntkcli.arrays import FloatArray

# What stands for a missing value in many tables.
MARKS = frozenset([-1.0, *(sign * float("9" * digits) for digits in range(1, 7) for sign in (-1, 1))])
# How often a number has to be there, and its distance to the others in units of their range: if it is one of
# the usual marks, and if it is any other number.
USUAL, UNUSUAL = (2, 1.0), (5, 3.0)
# Numbers beside a mark, by which their range is known.
FEWEST_OTHERS = 5
# -1 is near to many ranges: then others are no less than 0 and half of them at least this, and it is there
# more often than the least of them.
LARGE, OFTEN = 10.0, 2
# Ids are as many different whole numbers as rows, in a range hardly larger than their number.
FEWEST_ROWS, RANGE = 20, 2
FEWEST_CODES = 10
# Numbers of no more different values than that, each so often on average, may be classes.
FEW_VALUES, EACH = 10, 5
ID_NAME = re.compile(r"(.*[\W_])?(?i:id|uid|uuid|guid|index|idx|rownames?|row)|.*[a-z](ID|Id)|(?i:unnamed).*")
TIME_NAME = re.compile(r".*(year|date|time|day|week|month|hour|minute|second|step|period|quarter).*|t", re.I)
# Names of what is an id if it differs in every row, and may be anything if not.
KEY_NAME = re.compile(r"[A-Z]+ID|pid|.*[a-zA-Z](?i:num|number)|(.*[\W_])(?i:no|nr|num|number|key)")
CODE_NAME = re.compile(
    r".*(zip|postal|postcode|fips|phone|isbn).*|plz|ssn|.*code"
    r"|(.*[\W_])?(flight|route|account|invoice|ticket|sku|ean|tract)([\W_]?(no|nr|num|number))?",
    re.I,
)
LEADING_ZERO = re.compile(r"0\d+")


def missing_mark(values: FloatArray) -> float | None:
    """Return the number that seems to stand for a missing value, or None.

    It is the least or the largest, is there repeatedly, and is far from all others.

    Args:
        values: (n,), of a column; NaN where one is missing.
    """
    distinct, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if len(distinct) <= FEWEST_OTHERS:
        return None
    ends = (
        (distinct[0], counts[0], distinct[1:], counts[1]),
        (distinct[-1], counts[-1], distinct[:-1], counts[-2]),
    )
    for value, count, others, next_count in ends:
        fewest, distance = USUAL if value in MARKS else UNUSUAL
        gap = min(abs(value - others[0]), abs(value - others[-1]))
        is_far = count >= fewest and gap > distance * (others[-1] - others[0])
        if is_far or (value == -1 and _is_below(others, int(count), int(next_count))):
            return float(value)
    return None


def _is_below(others: FloatArray, count: int, next_count: int) -> bool:
    """Return whether -1 is far below others that are not as far from it as their range is wide."""
    amounts = others[0] >= 0 and float(np.median(others)) >= LARGE
    return amounts and count > max(USUAL[0], OFTEN * next_count)


def looks_like_ids(name: str, values: FloatArray) -> bool:
    """Return whether a column numbers the rows, or is named as such.

    Args:
        name: of the column.
        values: (n,), NaN where one is missing.
    """
    if not _are_whole(values):
        return False
    n, different = len(values), len(np.unique(values))
    if ID_NAME.fullmatch(name):
        return different > max(FEWEST_CODES, n / 2)
    if different < n or n < FEWEST_ROWS:
        return False
    is_numbering = np.ptp(values) < RANGE * n or KEY_NAME.fullmatch(name)
    return bool(is_numbering) and not TIME_NAME.fullmatch(name)


def looks_like_codes(name: str, values: FloatArray, texts: list[str]) -> bool:
    """Return whether a column holds whole numbers that are codes: by its name, or since some begin with 0.

    Args:
        name: of the column.
        values: (n,), NaN where one is missing.
        texts: some of its cells, as the file has them.
    """
    if any(LEADING_ZERO.fullmatch(text) for text in texts):
        return True
    return bool(CODE_NAME.fullmatch(name)) and _are_whole(values) and len(np.unique(values)) >= FEWEST_CODES


def are_few_values(values: FloatArray) -> bool:
    """Return whether numbers (n,) may be classes: few whole numbers or any two, each of them repeatedly."""
    different, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    is_few = 2 <= len(different) <= FEW_VALUES and counts.mean() >= EACH and counts.min() > 1
    return bool(is_few and (len(different) == 2 or (different == np.round(different)).all()))


def _are_whole(values: FloatArray) -> bool:
    present = values[~np.isnan(values)]
    return len(present) > 0 and bool((present == np.round(present)).all())
