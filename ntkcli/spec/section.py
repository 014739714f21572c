"""Sections: the base of all sections of a spec, and faults between their keys."""

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

# The type of pydantic's errors for values that do not go together.
CONFLICT = "conflict"


class Section(BaseModel):
    """The base of all sections: no unknown keys, and no silent conversion from one type to another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def conflict(key: str, what: str) -> PydanticCustomError:
    """Return a fault between keys of a section, reported at one of them.

    Args:
        key: its path from the section, with dots; "" for the section itself.
        what: is wrong, and the remedy.
    """
    return PydanticCustomError(CONFLICT, "{what}", {"key": key, "what": what})
