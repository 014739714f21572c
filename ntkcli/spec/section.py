"""Sections: the base of all sections of a spec, and faults between their keys."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import CoreSchema

S = TypeVar("S")

# The type of pydantic's errors for values that do not go together.
CONFLICT = "conflict"


class Written:
    """Tell the JSON schema of a type in which other forms its values may be written.

    Args:
        others: schemas of these.
    """

    def __init__(self, *others: dict[str, Any]) -> None:
        self._others = others

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schema of the type, or one of the others."""
        return {"anyOf": [handler(schema), *self._others]}


def _filled(value: object) -> object:
    """Read a section that is there and empty as one with all defaults."""
    return {} if value is None else value


# A section whose keys all have defaults, and that may be empty.
Filled = Annotated[S, BeforeValidator(_filled), Written({"type": "null"})]


def unit(name: str) -> Any:
    """Annotate a field with what its numbers count."""
    return Field(json_schema_extra={"unit": name})


class Section(BaseModel):
    """The base of all sections: no unknown keys, and no silent conversion from one type to another.

    The text below a field describes its key, in the JSON schema and in the tables of docs.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


def conflict(key: str, what: str) -> PydanticCustomError:
    """Return a fault between keys of a section, reported at one of them.

    Args:
        key: its path from the section, with dots; "" for the section itself.
        what: is wrong, and the remedy.
    """
    return PydanticCustomError(CONFLICT, "{what}", {"key": key, "what": what})
