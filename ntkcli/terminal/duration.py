"""Durations on the command line, such as 90, 90s, 55m, 2h or 30d."""

import math
import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    _Type = click.ParamType[float]
else:  # the oldest Click that is supported knows no types of values
    _Type = click.ParamType

# Seconds of a unit; a number alone is of seconds.
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
FORM = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([smhd]?)")


class DurationType(_Type):
    """A duration, which becomes its seconds as a float.

    Args:
        above_zero: whether no time at all is refused.
    """

    name = "duration"

    def __init__(self, *, above_zero: bool = False) -> None:
        self._above_zero = above_zero

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds of a text; a number, such as a default, is taken as it is."""
        if isinstance(value, int | float):
            return float(value)
        found = FORM.fullmatch(value.strip().lower())
        seconds = float(found[1]) * UNITS[found[2]] if found else math.nan
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is no duration: write one such as 90, 90s, 55m, 2h or 30d", param, ctx)
        if self._above_zero and not seconds:
            self.fail(f"{value!r} is no time at all: write a duration such as 90s, 55m or 2h", param, ctx)
        return seconds


DURATION = DurationType()
