"""How a CSV file is written: what separates its columns, how numbers look, and which texts are no value."""

import codecs
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ntkcli.spec.section import Section, conflict
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


Mark = Annotated[str, BeforeValidator(_tab), AfterValidator(_mark)]


class CsvFormat(Section):
    """The csv section of data; docs/spec.md describes its keys."""

    separator: Mark = ","
    decimal: Literal[".", ","] = "."
    thousands: Annotated[str, AfterValidator(_grouping)] | None = None
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"
    quote: Mark = '"'
    comment: Mark | None = None
    na_values: AnyNumberOf[Annotated[str, BeforeValidator(_text)]] = Field(default=[])
    header: Literal["first", "none"] = "first"

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
