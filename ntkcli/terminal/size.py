"""Sizes on the command line, such as 10GB, 8GiB or 1000 bytes."""

from typing import TYPE_CHECKING, Any

import click

from ntkcli.units import bytes_of

if TYPE_CHECKING:
    _Type = click.ParamType[int]
else:  # the oldest Click that is supported knows no types of values
    _Type = click.ParamType


class SizeType(_Type):
    """A size, which becomes its bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes of a text; a number is taken as it is."""
        found = value if isinstance(value, int) else bytes_of(value)
        if found is None:
            self.fail(f"{value!r} is no size: write one such as 10GB, 8GiB or a number of bytes", param, ctx)
        return found


SIZE = SizeType()
