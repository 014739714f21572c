"""How a CSV file is written: what separates its columns, how numbers look, and which texts are no value."""

import codecs
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from ntkcli.spec.section import Section, Written, conflict
from ntkcli.spec.types import AnyNumberOf


def _tab(value: object) -> object:
    """Read the name of a tab, which is hard to see in YAML."""
    return "\t" if value in ("tab", "\\t") else value


def _mark(value: str) -> str:
    """Return a character unchanged if it can stand between cells, or around them."""
    if len(value) != 1 or not value.isascii() or value.isalnum() or value in "+-\r\n\0":
        raise ValueError("should be one character, and no letter, digit or sign: write it in quotes")
    return value


def _grouping(value: str) -> str:
    """Return a character unchanged if it can stand between the digits of a number."""
    if len(value) != 1 or value.isalnum() or value in "+-\r\n\0":
        raise ValueError("should be one character, and no letter, digit or sign: write it in quotes")
    return value


def _encoding(value: str) -> str:
    """Return the name of an encoding unchanged if Python knows it as one of text."""
    try:
        known = "a,1\n".encode(value).decode(value) == "a,1\n"
    except (LookupError, ValueError):
        known = False
    if not known:
        raise ValueError("should be an encoding of text, such as utf-8, cp1252, latin-1 or utf-16")
    return value


def _text(value: object) -> object:
    """Read a text, which YAML may take for a number."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


# `_mark` after `_tab`, and `_grouping`.
MARK_TEXT = r"^(?:tab|\\t|[\x01-\t\x0b\x0c\x0e-*,./:-@\[-`{-\x7f])$"
GROUPING_TEXT = r"^(?:_|[^\w+\-\r\n\0])$"

Mark = Annotated[
    str,
    BeforeValidator(_tab),
    AfterValidator(_mark),
    WithJsonSchema({"type": "string", "pattern": MARK_TEXT}),
]
Grouping = Annotated[
    str, AfterValidator(_grouping), WithJsonSchema({"type": "string", "pattern": GROUPING_TEXT})
]
Text = Annotated[str, BeforeValidator(_text), Written({"type": "number"})]


class CsvFormat(Section):
    """How a CSV file is written."""

    separator: Mark = ","
    """Between columns: one character, or `tab`."""

    decimal: Literal[".", ","] = "."
    """The mark of decimals, `.` or `,`; with a comma, another separator."""

    thousands: Grouping | None = None
    """Between groups of three digits, such as `' '`."""

    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    """Any that Python knows: cp1252, latin-1, utf-16 and so on."""

    quote: Mark = '"'
    """Around cells that hold a separator."""

    comment: Mark | None = None
    """Lines that begin with it are left out, such as `'#'`."""

    na_values: AnyNumberOf[Text] = Field(default=[])
    """More texts without a value, beside those that always have none."""

    header: Literal["first", "none"] = "first"
    """`none`: columns are called 1, 2, 3 and so on."""

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        for first, second in (
            ("separator", "decimal"),
            ("separator", "quote"),
            ("separator", "comment"),
            ("quote", "comment"),
            ("quote", "decimal"),
            ("decimal", "thousands"),
        ):
            mark = getattr(self, second)
            if getattr(self, first) == mark:
                raise conflict(second, f"{first} and {second} are both {mark!r}: change one of them")
        return self

    @property
    def is_utf8(self) -> bool:
        """Whether the file is in UTF-8, as all readers take it."""
        return codecs.lookup(self.encoding).name in ("utf-8", "utf-8-sig", "ascii")
