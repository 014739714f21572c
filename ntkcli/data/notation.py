"""The notation of a file: which of its cells are numbers, which hold no value, and what to do."""

import math
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import product

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.faults import MISSING
from ntkcli.data.faults import number_in as plain_number
from ntkcli.data.remedies import OF_SPEC, Remedies
from ntkcli.spec.csv_format import CsvFormat

# Texts that stand for no value in many tables, but might be one.
NO_VALUES = frozenset(
    ["-", "--", "---", ".", "..", "*", "none", "None", "n/a", "#N/A", "<NA>", "nil", "missing"]
)
# What people put between the digits of large numbers.
GROUPINGS = (None, ",", ".", " ", "'", "\u2019", "\u00a0", "\u202f", "_")


class Notation:
    """How cells of a file are to be read.

    form: how the file is written; None where its numbers are none of its texts.
    remedies: what its user can do about what is wrong in it.
    missing: the texts that hold no value.
    """

    def __init__(self, form: CsvFormat | None = None, remedies: Remedies = OF_SPEC) -> None:
        self.form, self.remedies = form, remedies
        others = form.na_values if form else []
        self.missing = MISSING | {space + text for text in others for space in ("", " ")}
        numbers = {plain_number(text) for text in others} - {None}
        self._missing_numbers = frozenset(numbers)

    @cached_property
    def number_in(self) -> Callable[[str], float | None]:
        """What returns the number that a text means, or None."""
        return number_reader(self.form.decimal, self.form.thousands) if self.form else plain_number

    def is_missing(self, text: str) -> bool:
        """Return whether a cell in a column of numbers holds no value: by its text, or as a number."""
        return text in self.missing or (
            bool(self._missing_numbers) and self.number_in(text) in self._missing_numbers
        )

    def values(self, texts: Iterable[str]) -> FloatArray:
        """Return the numbers that texts mean: NaN where no value is, infinity where no number is."""
        is_missing, number_in = self.is_missing, self.number_in
        found = [math.nan if is_missing(text) else number_in(text) for text in texts]
        return np.array([math.inf if value is None else value for value in found], dtype=np.float64)

    def remedy(self, text: str) -> str:
        """Return what to do about a text where a number is wanted: set a key, if one helps, or correct it."""
        keys = self.keys([text])
        if self.form and text.strip() in NO_VALUES:
            keys = f"{self.remedies.key}na_values: ['{text.strip()}']"
        return ", or ".join(filter(None, [keys, self.remedies.name, self.header_key]))

    @property
    def header_key(self) -> str:
        """What to do where a file is read without a header, and has one; "" where it is not."""
        if self.form is None or self.form.header == "first":
            return ""
        return f"{self.remedies.key}header: first if the first line has names"

    def keys(self, texts: Iterable[str]) -> str:
        """Return the keys by which texts that are no numbers would be some; "" for none."""
        texts = [text.strip() for text in texts]
        # Nearly every text is a word.
        if self.form is None or not texts or not any(map(str.isdigit, texts[0])):
            return ""
        found = [keys for keys in self._changes() if self._are_numbers(texts, keys)]
        fewest = min(map(len, found), default=0)
        keys = [self._set(changed) for changed in found if len(changed) == fewest]
        return " or ".join(keys)

    def _set(self, keys: dict[str, str | None]) -> str:
        assert self.form is not None
        text = " and ".join(f"{self.remedies.key}{key}: {_shown(value)}" for key, value in keys.items())
        if keys.get("decimal") == self.form.separator:
            text += f" (with another data.csv.separator than {_shown(self.form.separator)})"
        return text

    def _changes(self) -> list[dict[str, str | None]]:
        """Return other ways to write numbers, each as the keys that it changes."""
        assert self.form is not None
        own = {"decimal": self.form.decimal, "thousands": self.form.thousands}
        ways = [dict(zip(own, way, strict=True)) for way in product(".,", GROUPINGS) if way[0] != way[1]]
        return [{key: value for key, value in way.items() if value != own[key]} for way in ways]

    def _are_numbers(self, texts: list[str], keys: dict[str, str | None]) -> bool:
        assert self.form is not None
        number_in = number_reader(
            keys.get("decimal") or self.form.decimal, keys.get("thousands", self.form.thousands)
        )
        return all(math.isfinite(math.nan if (n := number_in(text)) is None else n) for text in texts)


def number_reader(decimal: str, thousands: str | None) -> Callable[[str], float | None]:
    """Return what reads numbers in a notation.

    Args:
        decimal: the mark before fractions.
        thousands: the mark between groups of three digits, where there is one.
    """
    if decimal == "." and thousands is None:
        return plain_number
    # What is grouped is grouped throughout: 2,5 is not 25.
    whole = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+" if thousands else r"(?!)"
    grouped = re.compile(rf"[ \t]*[-+]?{whole}(?:{re.escape(decimal)}\d*)?(?:[eE][-+]?\d+)?[ \t]*", re.ASCII)

    def number_in(text: str) -> float | None:
        if thousands and thousands in text and grouped.fullmatch(text):
            text = text.replace(thousands, "")
        if decimal != ".":
            text = text.replace(".", "?").replace(decimal, ".")
        return plain_number(text)

    return number_in


def _shown(value: str | None) -> str:
    return "null" if value is None else f"'{value}'" if value != "'" else '"\'"'
