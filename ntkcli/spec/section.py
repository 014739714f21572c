"""What the sections of a spec share."""

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

# The type of pydantic's errors for values that do not go together.
CONFLICT = "conflict"


class Section(BaseModel):
    """What all sections share: no unknown key, no silent conversion from one type to another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def conflict(key: str, what: str) -> PydanticCustomError:
    """A fault between keys of a section, told at one of them.

    key: its path from the section, with dots; "" for the section itself.
    """
    return PydanticCustomError(CONFLICT, "{what}", {"key": key, "what": what})
