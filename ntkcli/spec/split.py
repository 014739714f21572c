"""data.split: which rows of the training file are predicted, where there is no test file."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from ntkcli.spec.section import Section, Written, conflict, unit
from ntkcli.spec.types import Column, Finite, Several


class SplitSpec(Section):
    """A share of the training file."""

    test: Annotated[Finite, unit("share of the rows")] = Field(gt=0, lt=1)
    """How many of the rows to predict."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the random split."""

    time: Column | None = None
    """A column, by which the last rows are predicted and not random ones."""


def _text(value: object) -> object:
    """Read a value of a column as text; YAML takes some for numbers, and others for truth values."""
    if isinstance(value, float) and 0 < value < 1:
        raise ValueError("should be values of the column and no share: write a value like that in quotes")
    if isinstance(value, bool | int | float):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError("should be values of the column: write them in quotes")
    return value.strip()


# A text, or what YAML takes for something else.
Value = Annotated[
    str,
    Field(pattern=r"\S"),
    BeforeValidator(_text),
    Written({"type": "boolean"}, {"type": "number", "not": {"exclusiveMinimum": 0, "exclusiveMaximum": 1}}),
]


class ColumnSplit(Section):
    """A split that a column of the training file gives."""

    column: Column
    """The column that tells which rows to predict."""

    test: Several[Value] | None = None
    """Its value, or values, of the rows to predict, all others being trained with; without it,
    the column says `test` and `train`.
    """

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_drawn(cls, values: object) -> object:
        for key in ("time", "seed"):
            if isinstance(values, Mapping) and key in values:
                raise conflict(key, "the column says which rows are predicted: keep one of the two")
        return values


def _kind(value: object) -> Literal["by column", "by share"]:
    is_given = isinstance(value, ColumnSplit) or (isinstance(value, Mapping) and "column" in value)
    # Names that are no keys, so that a place in a document is not mistaken.
    return "by column" if is_given else "by share"


Split = Annotated[
    Annotated[SplitSpec, Tag("by share")] | Annotated[ColumnSplit, Tag("by column")], Discriminator(_kind)
]
