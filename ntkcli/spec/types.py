"""The types of single values in a spec: numbers, column names, paths and sizes of memory."""

import math
import re
from collections import Counter
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticKnownError
from pydantic_core.core_schema import CoreSchema

from ntkcli.spec.path import meant_path
from ntkcli.spec.section import Written
from ntkcli.units import bytes_of

T = TypeVar("T")

# What may stand before the digits of a number; of one that is not below 0; of one above 0.
SIGN = "[+-]?"
NOT_BELOW_0 = r"(?:\+?|-(?=[0_.]*(?:[eE]|\s*$)))"
ABOVE_0 = r"\+?(?=[^eE]*[1-9])"


def number(value: object) -> object:
    """Return the number that a text such as 1e-3 or inf means, which YAML takes for text; else the value."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _float_text(others: str = "") -> str:
    """Return a regular expression, of Python and of JavaScript, for the texts that `float` reads.

    Args:
        others: an expression for what may stand in the place of digits.
    """
    digits = "[0-9](?:_?[0-9])*"
    decimal = rf"(?:{digits}\.?(?:{digits})?|\.{digits})(?:[eE][+-]?{digits})?"
    return rf"^\s*{SIGN}(?:{decimal}{others})\s*$"


def _not_nan(value: float) -> float:
    if math.isnan(value):
        raise ValueError("should be a number, not NaN")
    return value


def listed(value: object) -> object:
    """Return a value as a list: a single one stands for a list of one."""
    return value if isinstance(value, list) else [value]


def distinct(values: list[Any]) -> list[Any]:
    """Return a list unchanged if no value in it is repeated.

    Raises:
        ValueError: one is; the message has the first few.
    """
    counts = Counter(value for value in values if isinstance(value, Hashable))
    others = [value for value in values if not isinstance(value, Hashable)]
    many = [value for value, count in counts.items() if count > 1]
    many += [value for value in others if others.count(value) > 1]
    repeated = sorted({str(value) for value in many})
    if repeated:
        shown = ", ".join(repeated[:6]) + (", ..." if len(repeated) > 6 else "")
        raise ValueError(f"should name everything once, but has twice: {shown}")
    return values


def one_of(value: str, allowed: list[str]) -> str:
    """Return a text unchanged if it is among those allowed.

    Raises:
        PydanticKnownError: it is not; the message is that of pydantic for a Literal.
    """
    if value in allowed:
        return value
    *others, last = [f"'{text}'" for text in allowed]
    raise PydanticKnownError("literal_error", {"expected": f"{', '.join(others)} or {last}"})


def _column_name(value: object) -> object:
    """Read a column name; YAML takes names such as 2020 for numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("should be a column's name: write it in quotes")
    return value


def _path(value: object, info: ValidationInfo) -> object:
    """Read a path relative to the folder that the validation context holds for the field."""
    if not isinstance(value, str):
        return value
    return meant_path((info.context or {}).get(info.field_name, Path()), value)


def _memory(value: object) -> object:
    """Read a number of bytes, with or without a unit."""
    if not isinstance(value, str):
        return value
    found = bytes_of(value)
    if found is None:
        raise ValueError("should be a size such as 8GiB, 500MB or a number of bytes")
    return found


def _scheduler(value: object, info: ValidationInfo) -> object:
    """Read what tells where a scheduler is: an address, `local`, or a path."""
    if not isinstance(value, str) or value == "local":
        return value
    if "://" not in value and not re.fullmatch(r"[\w.-]+:\d+", value):
        return _path(value, info)
    found = re.fullmatch(r"(?:tcp|tls|ws|wss)://(?:\[[0-9a-fA-F:.]+\]|[^\s/:]+):(\d{1,5})", value)
    if not found or not 0 < int(found[1]) < 2**16:
        raise ValueError(
            "should be an address such as tcp://host:8786, local, or the path of a scheduler file"
        )
    return value


class _OneOfThem:
    """Tell the JSON schema of a list that one of its values may stand for the list, and none comes twice."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schema of a value, or of the list."""
        values = handler(schema)
        return {"anyOf": [values["items"], {**values, "uniqueItems": True}]}


FINITE = _float_text()
POSSIBLY_INFINITE = _float_text("|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?")
# `units.SIZE`, without its flags; the text that is looked ahead for is a digit other than 0.
MEMORY_TEXT = r"^(?=[^1-9]*[1-9])\s*[0-9]{1,18}(?:\.[0-9]*)?\s*[kKmMgGtT]?[iI]?[bB]?\s*$"
# `_scheduler`: an address, or a path that does not look like one.
SCHEDULER_TEXT = (
    r"^(?:(?:tcp|tls|ws|wss)://(?:\[[0-9a-fA-F:.]+\]|[^\s/:]+):[0-9]{1,5}"
    r"|(?![\w.-]+:[0-9]+$)(?!.*://)[^\0]+)$"
)

Number = Annotated[float, BeforeValidator(number), AfterValidator(_not_nan)]
Finite = Annotated[Number, Field(allow_inf_nan=False), Written({"type": "string", "pattern": FINITE})]
Time = Annotated[Number, Field(ge=0), Written({"type": "string", "pattern": POSSIBLY_INFINITE})]
Column = Annotated[str, BeforeValidator(_column_name), Written({"type": "integer"})]
AnyNumberOf = Annotated[list[T], BeforeValidator(listed), AfterValidator(distinct), _OneOfThem()]
Several = Annotated[AnyNumberOf[T], Field(min_length=1)]
FilePath = Annotated[Path, BeforeValidator(_path), WithJsonSchema({"type": "string", "pattern": r"^[^\0]+$"})]
Scheduler = Annotated[
    str | Path, BeforeValidator(_scheduler), WithJsonSchema({"type": "string", "pattern": SCHEDULER_TEXT})
]
Memory = Annotated[
    int,
    BeforeValidator(_memory),
    Field(gt=0),
    Written({"type": "string", "pattern": MEMORY_TEXT}),
]
# One value for all layers, or a list with one for each.
PerLayer: TypeAlias = T | list[T]
